"""A verdict that was judged in another system, before the trial was taken over.

It stands as it was judged: it rests on what people there saw, and a recomputation from the copied facts would not be
that judgement. What becomes known afterwards may make it stricter, never laxer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.dlt import Provisional, Verdict
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.window_judgement import Judgement

REASON = "taken_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenVerdict:
    """`evidence` says where the judgement is kept; `report_ids` are the events that came with the trial."""

    verdict: Verdict
    criteria: tuple[str, ...]
    evidence: str
    judged_by: PersonId
    judged_at: datetime
    report_ids: frozenset[AdverseEventId]


def as_taken_over(own: Judgement, taken: TakenVerdict, events: Iterable[AdverseEvent]) -> Judgement:
    """The verdict in force: the one taken over, unless something new makes it stricter.

    Args:
        own: what the rules here say of everything known.
        taken: the verdict as it was judged.
        events: newest versions of the participant's adverse events; one that came with the trial is new once
            it is amended.
    """
    new = any(event.id not in taken.report_ids or event.version > 1 for event in events)
    speaks_of_dlt = own.verdict is Verdict.DLT or own.provisional is not Provisional.NONE
    if new and speaks_of_dlt and taken.verdict is not Verdict.DLT:
        return own
    return replace(
        own,
        verdict=taken.verdict,
        provisional=Provisional.NONE,
        criteria=taken.criteria,
        reasons=(REASON,),
        alerts=(),
    )
