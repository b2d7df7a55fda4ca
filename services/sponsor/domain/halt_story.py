"""Why a trial was halted, and for how long: told from what was written down when it happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

BEFORE = timedelta(hours=24)
"""How far back the story looks for what led to a halt."""
AROUND = (
    "sponsor.recommendation.raised.v1",
    "sponsor.cohort.held.v1",
    "sponsor.cohort.released.v1",
    "sponsor.dose-decision.signed.v1",
    "sponsor.dose-decision.superseded.v1",
    "sponsor.committee-pack.outdated.v1",
    "sponsor.site.suspended.v1",
    "sponsor.site.revoked.v1",
    "sponsor.trial.paused.v1",
    "sponsor.trial.opened.v1",
)
IMPOSED, LIFTED = "sponsor.halt.imposed.v1", "sponsor.halt.lifted.v1"
PLAN, REQUEST, RECEIPT = "halt.plan-stated", "halt.lift-requested", "halt.received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One line of the log about the halt: who did what in which role, with everything that was written down."""

    action: str
    actor: str
    role: str
    at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """Something said of the trial from a day before the halt until its end."""

    type: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltStory:
    """A halt from beginning to end; `lifted`, `plan` and `request` are None while nobody has written them.

    Attributes:
        lasted: from imposed to lifted; None while in force.
        receipts: of sites, each the first of its site.
    """

    halt_id: str
    imposed: Written
    plan: Written | None
    requests: tuple[Written, ...]
    lifted: Written | None
    receipts: tuple[Written, ...]
    lasted: timedelta | None
    nearby: tuple[Nearby, ...]


def tell(halt_id: str, lines: Sequence[Written], nearby: Sequence[Nearby]) -> HaltStory | None:
    """The story of a halt; None when the log knows none of this id.

    Args:
        halt_id: of the halt.
        lines: of the log about it, oldest first; the latest plan counts.
        nearby: what else was said of its trial, oldest first.
    """
    imposed = _first(lines, IMPOSED)
    if imposed is None:
        return None
    lifted = _first(lines, LIFTED)
    return HaltStory(
        halt_id=halt_id,
        imposed=imposed,
        plan=next((one for one in reversed(lines) if one.action == PLAN), None),
        requests=tuple(one for one in lines if one.action == REQUEST),
        lifted=lifted,
        receipts=tuple(one for one in lines if one.action == RECEIPT),
        lasted=None if lifted is None else lifted.at - imposed.at,
        nearby=tuple(nearby),
    )


def _first(lines: Sequence[Written], action: str) -> Written | None:
    return next((one for one in lines if one.action == action), None)


def duration_in_words(lasted: timedelta) -> str:
    """Whole days, hours and minutes, such as `6 hours` or `1 day 2 hours 5 minutes`."""
    minutes = int(lasted.total_seconds()) // 60
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    said = [f"{n} {name}{'' if n == 1 else 's'}" for n, name in parts if n]
    return " ".join(said) or "less than a minute"
