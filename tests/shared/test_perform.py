"""From request to committed command and back: idempotency, refusals, and no success without a commit."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from shared.act import Act
from shared.auth import Principal
from shared.database import (
    CommitRefused,
    Database,
    GuardTooOld,
    Sql,
    StoreConflict,
    StoreFull,
    StoreUnavailable,
    Tx,
    Work,
)
from shared.domain_clock import RealDomainClock
from shared.ids import is_id, new_id
from shared.perform import STORE_TRANSLATIONS, Answer, Performer, use_proof_once
from shared.problems import Problem, install_problem_handlers
from shared.testing.stores import wait_until
from shared.testing.toy import move_counter, totals

Do = Callable[[Tx, Act], Awaitable[Answer]]


class Failing:
    """A store whose commit fails after the command ran."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_announced = database.on_announced
        self.fault: Exception | None = None
        self.answer_lost = False

    @property
    def dialect(self) -> Any:
        return self._database.dialect

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Work[Any]) -> Any:
        async def and_fail(tx: Tx) -> Any:
            value = await work(tx)
            if self.fault is not None and not self.answer_lost:
                raise self.fault
            return value

        value = await self._database.write(and_fail)
        if self.answer_lost:
            raise StoreUnavailable("the answer was lost")
        return value

    async def read(self, work: Work[Any]) -> Any:
        return await self._database.read(work)


class Counters:
    """A service with one route; what the route does is the test's choice."""

    def __init__(self, database: Database) -> None:
        self.store = Failing(database)
        self.database = database
        self.runs = 0
        self.principal = "nurse"
        self.do: Do = self.move
        self.key_optional = False
        performer = Performer(
            service="alpha", database=self.store, domain_clock=RealDomainClock(), new_id=new_id
        )

        async def route(request: Request) -> Response:
            return await performer.command(
                request,
                _principal(self.principal),
                await request.body(),
                self._counted,
                key_optional=self.key_optional,
            )

        app = FastAPI()
        install_problem_handlers(app, service="alpha", translations=STORE_TRANSLATIONS)
        app.add_api_route("/counters", route, methods=["POST"])
        app.add_api_route("/others", route, methods=["POST"])
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://t")

    async def _counted(self, tx: Tx, act: Act) -> Answer:
        self.runs += 1
        return await self.do(tx, act)

    async def move(self, tx: Tx, act: Act) -> Answer:
        await move_counter(tx, act, "c", 1)
        return Answer(body={"id": act.new_id(), "by": act.actor})

    async def post(
        self, key: str | None = "k1", body: bytes = b"{}", path: str = "/counters"
    ) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        return await self.client.post(path, content=body, headers=headers)

    async def total(self) -> int:
        return (await self.database.read(totals)).get("c", (0, ""))[0]


def _principal(subject: str) -> Principal:
    now = datetime.now(UTC)
    return Principal(subject=subject, token_id="t", grants=frozenset(), issued_at=now, expires_at=now)


@pytest.fixture
def counters(producer_store: Database) -> Counters:
    return Counters(producer_store)


async def test_a_command_answers_after_its_commit(counters: Counters) -> None:
    answer = await counters.post()

    assert answer.status_code == 201
    assert answer.json()["by"] == "nurse"
    assert answer.headers["idempotency-key"] == "k1"
    assert await counters.total() == 1


async def test_the_same_key_and_body_give_the_same_bytes_and_one_effect(counters: Counters) -> None:
    first = await counters.post()
    again = [await counters.post() for _ in range(3)]

    assert {answer.content for answer in again} == {first.content}
    assert {answer.status_code for answer in again} == {201}
    assert {answer.headers.get("idempotent-replay") for answer in again} == {"true"}
    assert "idempotent-replay" not in first.headers
    assert (counters.runs, await counters.total()) == (1, 1)


async def test_the_same_key_with_another_body_is_refused(counters: Counters) -> None:
    await counters.post(body=b'{"a": 1}')

    answer = await counters.post(body=b'{"a": 2}')

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert await counters.total() == 1


async def test_keys_belong_to_a_person_and_a_route(counters: Counters) -> None:
    await counters.post()
    await counters.post(path="/others")
    counters.principal = "pharmacist"
    await counters.post()

    assert await counters.total() == 3


@pytest.mark.parametrize("key", [None, "", "   "])
async def test_a_key_is_required(counters: Counters, key: str | None) -> None:
    answer = await counters.post(key)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert counters.runs == 0


@pytest.mark.parametrize("key", ["x" * 201, "a\tb", "caf\u00e9".encode("latin-1").decode("latin-1")])
async def test_a_key_is_short_printable_ascii(counters: Counters, key: str) -> None:
    answer = await counters.client.post(
        "/counters", content=b"{}", headers=[(b"idempotency-key", key.encode("latin-1"))]
    )

    assert answer.status_code == 400
    assert counters.runs == 0


async def test_intake_makes_a_key_when_there_is_none_and_returns_it(counters: Counters) -> None:
    counters.key_optional = True

    first = await counters.post(None)
    again = await counters.post(first.headers["idempotency-key"])

    assert is_id(first.headers["idempotency-key"])
    assert again.content == first.content
    assert await counters.total() == 1


# -- refusals ---------------------------------------------------------------------------------------------


async def test_a_raised_refusal_leaves_nothing_and_is_not_kept(counters: Counters) -> None:
    async def refuse(tx: Tx, act: Act) -> Answer:
        await move_counter(tx, act, "c", 1)
        raise Problem("too_many_requests")

    counters.do = refuse
    assert (await counters.post()).status_code == 429
    assert await counters.total() == 0

    counters.do = counters.move
    assert (await counters.post()).status_code == 201


async def test_a_returned_refusal_is_committed_and_not_kept_under_the_key(counters: Counters) -> None:
    async def refuse(tx: Tx, act: Act) -> Answer:
        await move_counter(tx, act, "c", 1)  # its trace stays
        return Answer(body={"code": "trial_state_unknown"}, status=503, headers={"retry-after": "5"})

    counters.do = refuse
    refused = await counters.post()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert await counters.total() == 1

    counters.do = counters.move
    assert (await counters.post()).status_code == 201
    assert await counters.total() == 2


# -- the same request twice at once -----------------------------------------------------------------------


async def test_the_same_request_many_times_at_once_has_one_effect_and_one_answer(counters: Counters) -> None:
    answers = await asyncio.gather(*(counters.post() for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await counters.total() == 1


@pytest.mark.parametrize("returned", [False, True])
async def test_a_request_that_loses_against_itself_gets_the_winners_answer_and_no_refusal(
    counters: Counters, returned: bool
) -> None:
    """The second sees what the first did, and would call its own client a double registration."""
    taken = Sql("INSERT INTO counter (id, total) VALUES ('slot', 1) ON CONFLICT (id) DO NOTHING RETURNING id")

    async def register(tx: Tx, act: Act) -> Answer:
        if not await tx.fetch(taken):
            if returned:
                return Answer(body={"code": "taken"}, status=409)
            raise Problem("proof_replayed")
        if tx.dialect == "postgresql":
            await wait_until(lambda: counters.runs >= 4, what="the others at the same row")
        return Answer(body={"slot": act.new_id()})

    counters.do = register
    answers = await asyncio.gather(*(counters.post() for _ in range(4)))

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert (await counters.post("other-key")).status_code == 409


# -- no success without a commit --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (StoreUnavailable("gone"), 503, "store_unavailable"),
        (StoreConflict("deadlock"), 503, "store_unavailable"),
        (GuardTooOld("late"), 503, "store_unavailable"),
        (StoreFull("full"), 507, "store_full"),
        (CommitRefused("swallowed"), 500, "internal_error"),
        (RuntimeError("anything"), 500, "internal_error"),
    ],
)
async def test_a_commit_that_fails_is_never_a_success(
    counters: Counters, fault: Exception, status: int, code: str
) -> None:
    counters.store.fault = fault

    answer = await counters.post()

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (answer.headers.get("retry-after") == "5") == (status == 503)
    assert await counters.total() == 0
    counters.store.fault = None
    assert (await counters.post()).status_code == 201
    assert await counters.total() == 1


async def test_a_retry_after_a_lost_answer_gets_what_was_committed(counters: Counters) -> None:
    counters.store.answer_lost = True
    assert (await counters.post()).status_code == 503
    assert await counters.total() == 1

    counters.store.answer_lost = False
    answer = await counters.post()

    assert (answer.status_code, answer.headers["idempotent-replay"]) == (201, "true")
    assert (counters.runs, await counters.total()) == (1, 1)


async def test_a_command_that_swallows_a_failed_statement_is_no_success(counters: Counters) -> None:
    async def careless(tx: Tx, act: Act) -> Answer:
        await move_counter(tx, act, "c", 1)
        try:
            await tx.fetch(Sql("INSERT INTO counter (id, total) VALUES ('c', 1)"))
        except Exception:
            return Answer(body={"looks": "fine"})
        raise AssertionError("unreachable")

    counters.do = careless
    answer = await counters.post()

    if counters.database.dialect == "postgresql":  # the statement has undone everything before it
        assert answer.status_code == 500
        assert await counters.total() == 0
    else:
        assert answer.status_code == 201
        assert await counters.total() == 1


async def test_a_proof_is_spent_once(counters: Counters) -> None:
    async def sign(tx: Tx, act: Act) -> Answer:
        await use_proof_once(tx, "proof-1")
        return Answer(body={})

    counters.do = sign
    first = await counters.post("k1")
    second = await counters.post("k2")

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "proof_replayed")


async def test_a_proof_of_a_command_that_was_undone_is_not_spent(counters: Counters) -> None:
    async def sign_and_fail(tx: Tx, act: Act) -> Answer:
        await use_proof_once(tx, "proof-1")
        raise Problem("forbidden")

    async def sign(tx: Tx, act: Act) -> Answer:
        await use_proof_once(tx, "proof-1")
        return Answer(body={})

    counters.do = sign_and_fail
    await counters.post("k1")
    counters.do = sign

    assert (await counters.post("k2")).status_code == 201
