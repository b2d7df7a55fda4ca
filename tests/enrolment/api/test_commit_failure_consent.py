"""As `test_commit_failure`, for consent of participants, corrections and molecular findings."""

from typing import Any

from fastapi import FastAPI

from services.enrolment.api import participant_consents, screening_records
from shared.testing.access import routes_of
from tests.enrolment.api.consent_requests import consent_requests, made_for_consent
from tests.enrolment.api.test_commit_failure import FailingCommit
from tests.enrolment.consents import consent_block


async def test_no_route_about_consent_answers_success_when_the_commit_fails(world: Any) -> None:
    trial = world
    uses = [{"use": "this-study", "text": "x"}]
    soon = {"task_days_before": 365}  # whoever is fifteen is asked
    await trial.set_up(consent=consent_block(adult_consent=soon, sample_uses=uses))
    participant = (await trial.enrol(age=15))["participant_id"]
    made = await made_for_consent(trial, participant, age=15)
    right = consent_requests(made, str((await trial.now()).date()))
    app = FastAPI()
    for module in (participant_consents, screening_records):
        app.include_router(module.router)
    assert {path for method, path in routes_of(app) if method == "POST"} == set(right)
    before = await trial.types(), await trial.running.audit_rows()
    performer = trial.running.service.performer
    store = FailingCommit(performer._database)
    performer._database = store

    for path, (called, body) in right.items():
        answer = await trial.investigator().post(called, body)

        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), path
    assert store.commands == len(right)
    assert (await trial.types(), await trial.running.audit_rows()) == before
