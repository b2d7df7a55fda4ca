"""From a reported participant number to a participant, or to a report that the trial waits for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused

LONGEST_KEY = 64


class Matched(StrEnum):
    """`UNMATCHED` holds the trial; `CLEARED` was found by two people to concern nobody in it."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    CLEARED = "cleared"


def reported_key(text: str) -> str:
    """A reported number or code as it is compared: capitals, no blanks; empty when it cannot be one."""
    key = "".join(text.split()).upper()
    return key if len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceRequest:
    """One person's statement that the report concerns nobody in the trial; a second one is awaited."""

    by: PersonId
    at: datetime
    reason: str


def require_matchable(state: Matched) -> None:
    """Refuse to match what is matched; a cleared report may turn out to be somebody's after all.

    Raises:
        Refused: `report_not_unmatched`.
    """
    if state is Matched.MATCHED:
        raise Refused("report_not_unmatched", "The report has its participant.")


def decide_clearance(
    state: Matched, request: ClearanceRequest | None, *, by: PersonId, reason: str, now: datetime
) -> ClearanceRequest | None:
    """Next step of a clearance by two people.

    Returns:
        The first person's request to keep, or None: this is the second person and the report is cleared.

    Raises:
        Refused: `report_not_unmatched`, `report_already_cleared`, `reason_required`,
            `second_person_required` when the same person asks again.
    """
    require_matchable(state)
    if state is Matched.CLEARED:
        raise Refused("report_already_cleared", "Two people have cleared it.")
    if not reason.strip():
        raise Refused("reason_required", "A clearance needs a reason.")
    if request is None:
        return ClearanceRequest(by=by, at=now, reason=reason.strip())
    if request.by == by:
        raise Refused("second_person_required", "The person who asked for the clearance cannot complete it.")
    return None
