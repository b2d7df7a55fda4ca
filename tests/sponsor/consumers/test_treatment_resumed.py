"""A treatment end that was recorded in error is gone from the copies; a death moves the version alone."""

from typing import Any

from services.enrolment.events.afterwards_events import ParticipantDiedV1, TreatmentResumedV1
from shared.database import Sql
from tests.sponsor.network import AT
from tests.sponsor.office import Office


async def test_treatment_that_resumes_has_not_ended(office: Office) -> None:
    heard = office.network
    who: dict[str, Any] = {"trial_id": heard.trial_id, "participant_id": "p1"}
    died = ParticipantDiedV1(**who, died_on=AT.date(), cause="unknown", ended_treatment=True, recorded_at=AT)
    resumed = TreatmentResumedV1(**who, resumed_at=AT)
    records = [heard.registered("p1", "escalation", 1), heard._enrolment(died, "p1"), heard.ended("p1")]
    await office.running.service.inboxes["enrolment"].receive(records)
    before = await _copy(office)

    await office.running.service.inboxes["enrolment"].receive([heard._enrolment(resumed, "p1")])

    assert (before["treatment_end_reason"], before["version"]) == ("participant_choice", 3)
    assert await _copy(office) == {"treatment_ended_at": None, "treatment_end_reason": None, "version": 4}


async def _copy(office: Office) -> dict[str, Any]:
    names = ("treatment_ended_at", "treatment_end_reason", "version")
    statement = Sql(f"SELECT {', '.join(names)} FROM participant_copy")
    (row,) = await office.running.service.database.read(lambda tx: tx.fetch(statement))
    return dict(zip(names, row, strict=True))
