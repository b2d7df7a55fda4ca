"""Routes about delivery, the same in every service: who may call them, what they refuse, how their lists page."""

from typing import Any

import pytest
from fastapi import FastAPI

from shared.audit_api import PAGE
from shared.database import Sql
from shared.delivery_api import router as delivery_router
from shared.demonstration_api import router as demonstration_router
from shared.ids import new_id
from shared.testing.access import routes_of

NOT_OPERATORS = ["trial_manager:*:*", "inspector:*:*", "operations:EP01:*", "operations:*:012"]


def routes() -> list[tuple[str, str]]:
    app = FastAPI()
    app.include_router(delivery_router)
    app.include_router(demonstration_router)
    return sorted(routes_of(app))


@pytest.mark.parametrize(("method", "path"), routes())
async def test_only_operators_of_everything_get_in(trial: Any, method: str, path: str) -> None:
    path = path.format(parked_id=1)
    for grant in NOT_OPERATORS:
        person = trial.running.person("somebody", grant)
        answer = await (person.get(path, topic="x") if method == "GET" else person.post(path))

        assert answer.status_code in (403, 404), grant
        assert answer.json()["code"] in ("forbidden", "not_found"), grant


@pytest.mark.parametrize("consumer", ["nosuch", "enrolment", ""])
async def test_a_replay_to_nobody_who_hears_this_service_is_refused(trial: Any, consumer: str) -> None:
    answer = await trial.running.operator.post("/delivery/replays", {"consumer": consumer})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [(one["path"], one["rule"]) for one in answer.json()["errors"]] == [
        ("consumer", "consumer_unknown")
    ]
    assert await trial.rows("SELECT id FROM replay_request") == []


@pytest.mark.parametrize("consumer", ["safety", "sponsor", None])
async def test_a_replay_is_asked_for_by_who_hears_this_service_or_by_all(
    trial: Any, consumer: str | None
) -> None:
    await trial.running.service.relay.lead_once()

    answer = await trial.running.operator.post("/delivery/replays", {"consumer": consumer})

    assert (answer.status_code, answer.json()) == (202, {"after_pub_seq": 0})
    assert await trial.rows("SELECT consumer FROM replay_request") == [(consumer,)]


@pytest.mark.parametrize(
    ("path", "query", "cursor"),
    [
        ("/delivery/outbox", {}, "last"),
        ("/delivery/outbox", {}, "-1"),
        ("/delivery/outbox", {}, "9" * 19),
        ("/delivery/outbox", {}, "0190b6a8-0000-7000-8000-000000000000"),
        ("/delivery/parked", {}, "1.5"),
        ("/delivery/inbox", {"topic": "sponsor.events.v1"}, "7"),
        ("/delivery/audit/witnessed", {}, "sponsor"),
        ("/delivery/audit/witnessed", {}, "sponsor:x"),
    ],
)
async def test_a_mangled_cursor_is_refused(trial: Any, path: str, query: dict[str, str], cursor: str) -> None:
    answer = await trial.running.operator.get(path, cursor=cursor, **query)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("path", "query", "cursor"),
    [
        ("/delivery/outbox", {}, "9" * 18),
        ("/delivery/parked", {}, "9" * 18),
        ("/delivery/inbox", {"topic": "sponsor.events.v1"}, "ffffffff-ffff-7fff-bfff-ffffffffffff"),
        ("/delivery/audit/witnessed", {}, "zeta:" + "9" * 18),
        ("/participants", {"trial": "EP01"}, "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    ],
)
async def test_after_the_last_entry_a_list_is_empty(
    trial: Any, path: str, query: dict[str, str], cursor: str
) -> None:
    await trial.enrol()
    person = trial.manager if path == "/participants" else trial.running.operator

    answer = await person.get(path, cursor=cursor, **query)

    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})


async def test_a_cursor_of_another_list_begins_after_its_place_in_the_order_of_creation(trial: Any) -> None:
    before = await trial.enrol()
    foreign = new_id()
    after = await trial.enrol()

    page = (await trial.manager.get("/participants", trial="EP01", cursor=foreign)).json()

    assert before["participant_id"] < foreign
    assert [one["id"] for one in page["items"]] == [after["participant_id"]]


async def test_witnessed_heads_come_in_pages(trial: Any) -> None:
    def witness(producer: str, number: int) -> Any:
        return lambda tx: tx.fetch(_WITNESS, producer, number)

    for number in range(1, PAGE):
        await trial.running.service.database.write(witness("safety", number))
    for number in (1, 2):
        await trial.running.service.database.write(witness("sponsor", number))

    first = (await trial.running.operator.get("/delivery/audit/witnessed")).json()
    rest = (await trial.running.operator.get("/delivery/audit/witnessed", cursor=first["next_cursor"])).json()

    assert (len(first["items"]), first["next_cursor"]) == (PAGE, "sponsor:1")
    assert [(one["producer"], one["pub_seq"]) for one in rest["items"]] == [("sponsor", 2)]
    assert rest["next_cursor"] is None


_WITNESS = Sql(
    "INSERT INTO peer_audit_head (producer, pub_seq, head, audit_rows, audit_last_id)"
    " VALUES ($1, $2::bigint, 'aa', 1, 1)"
)
