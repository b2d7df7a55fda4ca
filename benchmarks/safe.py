"""B8: how long after an accepted halt or DLT a registration can still be let through.

A child that lacks nothing but the signed eligibility asks to be registered every 5 ms. The answer names every
guard that fails, evaluated in one transaction under the trial's gate, so the first answer that also names the
restriction is the first moment from which nobody is registered, and no place is used up by looking. Time to
safe is from the moment at which the sponsor's (halt) or the safety service's (DLT) 201 is here, to the answer
of the last request that was not told of the restriction; 0 when there was none.

Meanwhile 200 events a second are accepted, as real commands at the two services that enrolment listens to:
delegations at the sponsor's, and one mild adverse event in ten at safety's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from time import perf_counter

from benchmarks import load
from benchmarks.trial import Network, Part
from deploy.trialops.demo.hospital import Registered
from shared.clock import format_instant
from shared.ids import new_id

EVERY_SECONDS = 0.005
BEFORE, AFTER = 8, 20
"""Requests before the restriction is asked for, and answers that must name it before looking ends."""
LONGEST_SECONDS = 30.0
BACKGROUND_PER_SECOND = 200
DESKS, CONNECTIONS = 4, 16
"""Registrations and other commands under way at most: who cannot keep up gets fewer, instead of a queue."""
_HALTED = (b'"trial_halted"',)
_CLOSED = (b'"dose_level_closed"', b'"cohort_hold"')


class NeverSafe(Exception):
    """The restriction did not arrive in time, or was there before it was asked for."""


class Desk:
    """One child's registration, asked for every 5 ms."""

    def __init__(self, network: Network, part: Part, restricted: tuple[bytes, ...]) -> None:
        self._pool = load.Pool(network.url)
        self._token = network.token(
            f"investigator-{part.asks.child.site}", f"site_investigator:{part.code}:{part.asks.child.site}"
        )
        self._body = {"screening_id": part.asks.screening_id, "slot_id": part.slot_id}
        self._restricted = restricted
        self.let_through: list[float] = []
        self.stopped: list[float] = []

    async def ask_until_stopped(self) -> None:
        """Ask at set times until enough answers in a row named the restriction.

        Raises:
            NeverSafe: it did not come.
        """
        began, n, asked = perf_counter(), 0, set[asyncio.Task[None]]()
        try:
            while len(self.stopped) < AFTER:
                if perf_counter() - began > LONGEST_SECONDS:
                    counts = f"{len(self.let_through)} answers without and {len(self.stopped)} with it"
                    raise NeverSafe(f"the restriction took over {LONGEST_SECONDS:g} s: {counts}")
                n += 1
                if sum(not task.done() for task in asked) < DESKS:
                    asked.add(asyncio.create_task(self._ask()))
                await asyncio.sleep(max(0.0, began + n * EVERY_SECONDS - perf_counter()))
            await asyncio.gather(*asked)
        finally:
            for task in asked:
                task.cancel()
            self._pool.close()

    async def _ask(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": new_id()}
        answer = await self._pool.ask(load.post("/enrolment/api/v1/registrations", self._body, headers))
        if answer.status != 409 or b'"eligibility_incomplete"' not in answer.body:
            raise load.Unexpected(f"{answer.status}: {answer.body[:500]!r}")
        named = any(code in answer.body for code in self._restricted)
        (self.stopped if named else self.let_through).append(perf_counter())


async def time_to_safe(network: Network, part: Part) -> float:
    """Milliseconds from the accepted restriction to the last answer that did not know of it."""
    desk = Desk(network, part, _HALTED if part.next_dlt is None else _CLOSED)
    restrict = (
        _halt(network, part)
        if part.next_dlt is None
        else _report(network, part, part.next_dlt, "Neutrophil count decreased", 4)
    )
    connection = load.Connection(network.url)
    asking = asyncio.create_task(desk.ask_until_stopped())
    try:
        while len(desk.let_through) < BEFORE:
            if desk.stopped or asking.done():
                raise NeverSafe(f"{part.name} was restricted beforehand")
            await asyncio.sleep(EVERY_SECONDS)
        answer = await connection.ask(restrict)
        accepted = perf_counter()
        if answer.status != 201:
            raise load.Unexpected(f"{answer.status}: {answer.body[:500]!r}")
        await asking
    finally:
        asking.cancel()
        connection.close()
    return max(0.0, (max(desk.let_through) - accepted) * 1000)


def _halt(network: Network, part: Part) -> bytes:
    scope = {"part": part.name, "recruitment": True, "dosing": False}
    body = {"trial_id": part.office.trial_id, "scope": scope, "reason_code": "safety_signal"}
    token = network.token("monitor", f"medical_monitor:{part.code}:*")
    return load.post("/sponsor/api/v1/halts", body, _headers(token))


def _report(network: Network, part: Part, one: Registered, term: str, grade: int) -> bytes:
    site, now = one.child.site, network.stage.now
    body = {
        "trial": part.code,
        "participant_number": one.number,
        "site_number": site,
        "verbatim": f"grade {grade} {term.lower()}",
        "term": term,
        "ctcae": "5.0",
        "grades": [{"grade": grade, "on": now.date().isoformat()}],
        "onset": now.date().isoformat(),
        "aware_at": format_instant(now),
        "seriousness": [],
        "causality": "probable",
        "outcome": "not_recovered",
    }
    token = network.token(f"investigator-{site}", f"site_investigator:{part.code}:{site}")
    return load.post("/safety/api/v1/adverse-events", body, _headers(token))


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": new_id()}


# -- what goes on meanwhile ----------------------------------------------------------------------------------


class Background:
    """Commands at set times; `per_second` is how many were accepted."""

    def __init__(self, network: Network) -> None:
        self._pool = load.Pool(network.url)
        self._accepted = 0
        self._began = perf_counter()
        self._requests = cycle(_everyday(network))
        self.waiting = set[asyncio.Task[None]]()

    @property
    def per_second(self) -> float:
        return self._accepted / (perf_counter() - self._began)

    async def run(self) -> None:
        n = 0
        while True:
            n += 1
            if len(self.waiting) < CONNECTIONS:
                task = asyncio.create_task(self._ask(next(self._requests)()))
                self.waiting.add(task)
                task.add_done_callback(self.waiting.discard)
            await asyncio.sleep(max(0.0, self._began + n / BACKGROUND_PER_SECOND - perf_counter()))

    async def _ask(self, request: bytes) -> None:
        answer = await self._pool.ask(request)
        self._accepted += answer.status == 201

    def close(self) -> None:
        for task in self.waiting:
            task.cancel()
        self._pool.close()


@asynccontextmanager
async def background(network: Network) -> AsyncIterator[Background]:
    everyday = Background(network)
    running = asyncio.create_task(everyday.run())
    try:
        yield everyday
    finally:
        running.cancel()
        everyday.close()
        await asyncio.gather(running, *everyday.waiting, return_exceptions=True)


def _everyday(network: Network) -> list[Callable[[], bytes]]:
    treated, part = cycle(network.treated), network.parts[0]
    manager = network.token("manager", f"trial_manager:{part.code}:*")

    def delegation() -> bytes:
        body = {
            "trial_id": part.office.trial_id,
            "person": f"nurse-{new_id()}",
            "role": "site_nurse",
            "site_number": "001",
            "from_at": format_instant(network.stage.now),
        }
        return load.post("/sponsor/api/v1/delegations", body, _headers(manager))

    def mild_event() -> bytes:
        return _report(network, *next(treated), "Nausea", 1)

    return [delegation] * 9 + [mild_event]  # more would give each participant hundreds of adverse events
