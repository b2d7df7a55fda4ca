"""As `test_commit_failure`, for the downtime procedure."""

from typing import Any

from fastapi import FastAPI

from services.enrolment.api import downtime
from shared.testing.access import routes_of
from tests.enrolment.api.downtime_requests import downtime_requests, made_for_downtime
from tests.enrolment.api.test_commit_failure import FailingCommit


async def test_no_route_of_the_downtime_procedure_answers_success_when_the_commit_fails(trial: Any) -> None:
    made = await made_for_downtime(trial)
    right = downtime_requests(trial, made)
    app = FastAPI()
    app.include_router(downtime.router)
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
    performer._database = store._inner
    assert (await trial.nurse("012").post("/downtime-registrations", made.late)).status_code == 201
