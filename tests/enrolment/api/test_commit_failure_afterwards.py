"""As `test_commit_failure`, for what follows a registration."""

from typing import Any

from fastapi import FastAPI

from services.enrolment.api import afterwards, course, follow_up, samples
from shared.testing.access import routes_of
from tests.enrolment import protocol_blocks
from tests.enrolment.api.afterwards_requests import afterwards_requests, made_afterwards
from tests.enrolment.api.test_commit_failure import FailingCommit
from tests.enrolment.protocol import protocol


async def test_no_route_afterwards_answers_success_when_the_commit_fails(world: Any) -> None:
    consent = protocol()["consent"] | {"sample_uses": [{"use": "this-study", "text": "Use in this study"}]}
    await world.set_up(follow_up=protocol_blocks.follow_up("registration", 15), consent=consent)
    participants = [(await world.enrol())["participant_id"] for _ in range(3)]
    made = await made_afterwards(world, (participants[0], participants[1], participants[2]))
    uses = {"uses": {"this-study": True}, "decided_at": made.at}
    await world.ok(world.investigator(), f"/participants/{made.living}/sample-use-changes", uses)
    right = afterwards_requests(made)
    app = FastAPI()
    for module in (course, samples, follow_up, afterwards):
        app.include_router(module.router)
    assert {path for method, path in routes_of(app) if method == "POST"} == set(right)
    before = await world.types(), await world.running.audit_rows()
    performer = world.running.service.performer
    store = FailingCommit(performer._database)
    performer._database = store

    for path, (called, body) in right.items():
        answer = await world.investigator().post(called, body)

        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable"), path
    assert store.commands == len(right)
    assert (await world.types(), await world.running.audit_rows()) == before
