"""Telling of a report: the coded facts of its newest version, nothing that anybody wrote in words."""

import re
from collections.abc import Sequence

from services.safety.domain.adverse_event import Outcome
from services.safety.domain.assessment import Assessment
from services.safety.domain.assessment_content import stated_in
from services.safety.domain.matching import Matched
from services.safety.domain.report_record import Kept
from services.safety.events.published import AdverseEventAmendedV1, AdverseEventReportedV1, AdverseEventV1
from services.safety.store.adverse_events import new_report
from services.safety.store.assessments import new_assessments
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put
from shared.writes import Write

_SITE_NUMBER = re.compile(r"[0-9]{3}")


async def keep_and_announce(tx: Tx, act: Act, kept: Kept, dictionary: str) -> None:
    """Store a first version and put its event."""
    facts = _facts(kept, dictionary)
    stored = new_report(tx, kept.record, kept.decision, dictionary)
    views = stated_views(tx, act, kept, ())
    await put(tx, act, _event(kept, AdverseEventReportedV1.model_validate(facts)), *stored, *views)


def stated_views(tx: Tx, act: Act, kept: Kept, held: Sequence[Assessment]) -> list[Write]:
    """Assessments that the newest version states and no record holds, to be stored."""
    event = kept.record.event
    stated = stated_in(
        event.content,
        held,
        by=event.recorded_by,
        event_version=event.version,
        reason=event.reason,
        now=act.now,
    )
    return new_assessments(tx, event.id, stated, [act.new_id() for _ in stated])


async def announce_amendment(
    tx: Tx, act: Act, kept: Kept, dictionary: str, *, changed: tuple[str, ...]
) -> None:
    """Put the event of a later version: new information, a correction, a match or a clearance."""
    facts = _facts(kept, dictionary) | {"changed": list(changed)}
    await put(tx, act, _event(kept, AdverseEventAmendedV1.model_validate(facts)))


def _event(kept: Kept, body: AdverseEventV1) -> NewEvent:
    return NewEvent(aggregate_id=kept.record.event.id, scope=kept.record.scope, body=body)


def _facts(kept: Kept, dictionary: str) -> dict[str, object]:
    record, decision = kept.record, kept.decision
    content = record.event.content
    grades = [entry.coded for entry in content.grades if entry.coded]
    site = record.site_number if _SITE_NUMBER.fullmatch(record.site_number) else None
    return {
        "trial_id": record.trial_id,
        "report_id": record.event.id,
        "version": record.event.version,
        "matched": record.matched.value,
        "holds_trial": decision.holds_trial and record.matched is Matched.UNMATCHED,
        "participant_id": record.participant_id,
        "site_number": site,
        "term": content.term.name if content.term else None,
        "dictionary": dictionary,
        "grade": max(grades, default=None),
        "serious": decision.seriousness.serious,
        "seriousness": sorted(criterion.value for criterion in decision.seriousness.criteria),
        "suspected": decision.causality.suspected,
        "onset_on": content.onset.coded,
        "outcome": None if content.outcome is Outcome.NOT_STATED else content.outcome.value,
        "aware_at": content.aware.at,
        "queries": list(dict.fromkeys(query.code.value for query in decision.queries)),
        "soc": content.term.soc if content.term else None,
        "causality": content.causality.value.value if content.causality else None,
        "sponsor_causality": content.sponsor_causality.value.value if content.sponsor_causality else None,
    }
