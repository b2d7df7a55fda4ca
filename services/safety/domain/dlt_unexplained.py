"""Leaving for toxicity or by death, when no adverse event says why: held as a possible DLT until one does."""

from collections.abc import Iterable
from dataclasses import replace

from services.safety.domain.ctcae import GRADE_OF_DEATH
from services.safety.domain.dlt import DltFinding, Left, LeftFor, Provisional, Verdict
from services.safety.domain.dlt_facts import DltEvent

EVENT_MISSING = "event_missing"


def hold_unexplained(
    finding: DltFinding, left: Left | None, events: Iterable[DltEvent], *, window_days: int
) -> DltFinding:
    """The finding, or pending and provisionally a DLT while the event behind the leaving is not reported.

    Without this, a treatment end for toxicity that arrives before its adverse event would be "not evaluable"
    for a while, and the participant would be replaced.

    Args:
        finding: the verdict on the events known.
        left: when and why the participant left, as far as it has come to pass.
        events: every adverse event of the participant.
        window_days: length of the window.
    """
    if left is None or not 1 <= left.day <= min(window_days, finding.as_of_day):
        return finding
    if finding.verdict is Verdict.DLT or _explained(left, events):
        return finding
    return replace(
        finding,
        verdict=Verdict.PENDING,
        provisional=Provisional.DLT,
        reasons=tuple(sorted({*finding.reasons, EVENT_MISSING})),
    )


def _explained(left: Left, events: Iterable[DltEvent]) -> bool:
    grades = [entry for event in events for entry in event.grades]
    if left.reason is LeftFor.DEATH:
        return any(entry.grade == GRADE_OF_DEATH for entry in grades)
    if left.reason is LeftFor.TOXICITY:
        return any(entry.day is None or entry.day >= 1 for entry in grades)
    return True
