"""As `test_commit_failure`, for referrals, possible duplicates, numbers and transfers."""

from typing import Any

from fastapi import FastAPI

from services.enrolment.api import identity, referrals, transfers
from shared.testing.access import routes_of
from tests.enrolment.api.people_requests import made_for_people, people_requests
from tests.enrolment.api.test_commit_failure import FailingCommit


async def test_no_route_about_people_answers_success_when_the_commit_fails(trial: Any) -> None:
    participants = [(await trial.enrol())["participant_id"] for _ in range(2)]
    screening = (await trial.screen())["screening_id"]
    made = await made_for_people(trial, screening, (participants[0], participants[1]))
    right = people_requests(trial, made)
    app = FastAPI()
    for module in (referrals, identity, transfers):
        app.include_router(module.router)
    assert {path for method, path in routes_of(app) if method == "POST"} == set(right)
    before = await trial.types(), await trial.running.audit_rows()
    performer = trial.running.service.performer
    store = FailingCommit(performer._database)
    performer._database = store

    for path, (person, called, body) in right.items():
        answer = await person.post(called, body)

        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), path
    assert store.commands == len(right)
    assert (await trial.types(), await trial.running.audit_rows()) == before
