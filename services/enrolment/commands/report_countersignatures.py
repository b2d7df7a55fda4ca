"""Say that a countersignature is missing after its 24 hours, once per authorisation."""

from services.enrolment.events.dose_correction_events import CountersignatureOverdueV1
from services.enrolment.store.exceptional_authorisations import keep_told, overdue_exceptional
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


async def report_countersignatures(tx: Tx, act: Act) -> int:
    """Report the one that is overdue longest; return how many that were."""
    found = await overdue_exceptional(tx, act.now)
    if found is None:
        return 0
    await keep_told(tx, found.authorisation_id, act.now)
    body = CountersignatureOverdueV1.model_validate(
        {
            "trial_id": found.trial_id,
            "participant_id": found.participant_id,
            "authorisation_id": found.authorisation_id,
            "missing": list(found.missing),
            "countersign_due_at": found.countersign_due_at,
        }
    )
    await put(tx, act, NewEvent(aggregate_id=found.authorisation_id, scope=found.trial_id, body=body))
    return 1
