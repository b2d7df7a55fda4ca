"""The path of a stopping rule: participants in order, events among them, and where the path crosses its boundary."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.safety.domain.stopping_rule import first_crossing
from services.safety.domain.stopping_rule_definition import PathOrder, StoppingRule


class Outcome(StrEnum):
    """What a participant is to a rule; `PENDING` is left out of the counts and listed."""

    EVENT = "event"
    NO_EVENT = "no_event"
    PENDING = "pending"
    NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantOutcome:
    """One participant under one rule.

    Attributes:
        participant_id: pseudonym.
        outcome: as known now.
        provisional: pending, and an event if what is unconfirmed is confirmed.
        evaluable_at: when event or window's end made the participant count; None while pending.
        registered_at: when the participant was registered.
    """

    participant_id: str
    outcome: Outcome
    provisional: bool
    evaluable_at: datetime | None
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """The first point at which the path reaches its boundary; `path` are the participants up to there, in order."""

    n: int
    events: int
    stops_at: int
    path: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFinding:
    """Counts now, and the crossing if there is one.

    Attributes:
        n: evaluable participants.
        events: events among them.
        crossing: None while the boundary has not been reached.
        pending: participants who do not count yet, provisional events among them.
        provisional: those who would count as events if confirmed.
        would_cross_at: n at which the path would cross if every provisional event were one; None if nowhere.
    """

    n: int
    events: int
    crossing: Crossing | None
    pending: tuple[str, ...]
    provisional: tuple[str, ...]
    would_cross_at: int | None


def evaluate_path(
    rule: StoppingRule, outcomes: Iterable[ParticipantOutcome], *, beyond_events: int = -1
) -> PathFinding:
    """Counts of a rule over its participants, every prefix of them compared with the boundary.

    The answer follows from the outcomes alone: their order and repetitions do not matter. Ordering by
    `evaluable_at` meets an event before the windows of those registered earlier end, and so stops a little early.

    Args:
        rule: boundary and order.
        outcomes: of the participants whom the rule covers.
        beyond_events: events up to which crossings are known already; only a later one is looked for.
    """
    everybody = {one.participant_id: one for one in outcomes}.values()
    counted = [one for one in everybody if one.outcome in (Outcome.EVENT, Outcome.NO_EVENT)]
    pending = [one for one in everybody if one.outcome is Outcome.PENDING]
    provisional = [one for one in pending if one.provisional]
    path = _path(rule, counted)
    if_confirmed = _path(rule, [*counted, *provisional])
    return PathFinding(
        n=len(path),
        events=sum(event for _, event in path),
        crossing=_crossing(rule, path, beyond_events),
        pending=tuple(sorted(one.participant_id for one in pending)),
        provisional=tuple(sorted(one.participant_id for one in provisional)),
        would_cross_at=first_crossing(rule.boundary, _counts(if_confirmed)),
    )


def _path(rule: StoppingRule, counted: Iterable[ParticipantOutcome]) -> list[tuple[str, bool]]:
    """Participants in the rule's order; at one instant events come first, so that a tie never hides a crossing."""

    def key(one: ParticipantOutcome) -> tuple[datetime, bool, str]:
        by_registration = rule.order is PathOrder.REGISTRATION
        at = one.registered_at if by_registration else one.evaluable_at or one.registered_at
        return at, one.outcome is Outcome.NO_EVENT, one.participant_id

    return [(one.participant_id, one.outcome is not Outcome.NO_EVENT) for one in sorted(counted, key=key)]


def _counts(path: list[tuple[str, bool]]) -> list[tuple[int, int]]:
    counts: list[tuple[int, int]] = []
    for n, (_, event) in enumerate(path, start=1):
        counts.append((n, (counts[-1][1] if counts else 0) + event))
    return counts


def _crossing(rule: StoppingRule, path: list[tuple[str, bool]], beyond_events: int) -> Crossing | None:
    counts = [(n, events) for n, events in _counts(path) if events > beyond_events]
    n = first_crossing(rule.boundary, counts)
    if n is None:
        return None
    limit = rule.boundary[n - 1]
    assert limit is not None
    return Crossing(n=n, events=dict(counts)[n], stops_at=limit, path=tuple(path[:n]))
