"""The stage: the three services' HTTP APIs, people who speak to them, the clock, and waiting for quiet.

Nothing here reaches behind the APIs. *Quiet* means: nothing unsent, everything published by each service taken
by the other two, and everything due by domain time done.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from deploy.trialops.calls import Refused, Unreachable
from deploy.trialops.home import SERVICES, Home
from shared.clock import format_instant, monotonic, parse_instant
from shared.ids import new_id

QUIET_SECONDS = 30.0
LOOK_EVERY = 0.008


class StoryFailed(Exception):
    """The story could not go on as published; the message says where and why."""


class Person:
    """Somebody with a token; names are invented and mean nobody."""

    def __init__(self, client: httpx.AsyncClient, home: Home, name: str, *grants: str) -> None:
        self._client = client
        self._home = home
        self.name = name
        self._token = home.token(name, *grants, hours=2)

    async def get(self, service: str, path: str, **query: Any) -> Any:
        return await self._answer("GET", service, path, params=query)

    async def post(self, service: str, path: str, body: Any = None) -> Any:
        headers = {"idempotency-key": new_id()}
        if body is None:
            return await self._answer("POST", service, path, headers=headers)
        return await self._answer("POST", service, path, headers=headers, json=body)

    def proof(self, *, purpose: str, bound_to: str) -> str:
        return self._home.proof(self.name, audience="sponsor", purpose=purpose, bound_to=bound_to)

    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}

    async def _answer(self, method: str, service: str, path: str, **arguments: Any) -> Any:
        headers = self.headers() | arguments.pop("headers", {})
        try:
            answer = await self._client.request(
                method, f"/{service}/api/v1{path}", headers=headers, **arguments
            )
        except httpx.TransportError as error:
            raise Unreachable(f"{self._client.base_url} does not answer ({type(error).__name__})") from error
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.json() if answer.content else {})
        return answer.json()


class Stage:
    """Everything the story needs of an installation in demonstration."""

    def __init__(self, client: httpx.AsyncClient, home: Home) -> None:
        self._client = client
        self._home = home
        self.operator = self.person("demo-operator", "operations:*:*")
        self._set_to = parse_instant("2000-01-01T00:00:00Z")
        self._set_at = monotonic()

    @property
    def now(self) -> datetime:
        """Domain time at the services, give or take the milliseconds between them: it runs on by itself."""
        return self._set_to + timedelta(seconds=monotonic() - self._set_at)

    def person(self, name: str, *grants: str) -> Person:
        return Person(self._client, self._home, name, *grants)

    async def check_demonstration(self) -> None:
        """Refuse to play on an installation that is not in demonstration.

        Raises:
            StoryFailed: its clock cannot be moved; nothing was written.
        """
        try:
            for service in SERVICES:
                await self.operator.get(service, "/demonstration-clock")
        except Refused as refusal:
            if refusal.status != 404:
                raise
            raise StoryFailed("this installation is not in demonstration; nothing was written") from None

    async def clock(self) -> datetime:
        """The latest domain time of the three services."""
        clocks = [await self.operator.get(service, "/demonstration-clock") for service in SERVICES]
        return max(parse_instant(clock["now"]) for clock in clocks)

    async def move_to(self, instant: datetime) -> None:
        """Let it be `instant` at every service, and wait until what is then due has been done."""
        if instant <= self.now + timedelta(seconds=1):
            return
        # Enrolment first: what the others then do is never ahead of its clock.
        for service in ("enrolment", "safety", "sponsor"):
            await self.operator.post(service, "/demonstration-clock", {"move_to": format_instant(instant)})
        self._set_to, self._set_at = instant, monotonic()
        await self.quiet(timers_until=instant)

    async def quiet(self, *, timers_until: datetime | None = None) -> None:
        """Wait until everything said has been heard, and every timer has run.

        Raises:
            StoryFailed: it did not become quiet; says what was still moving.
        """

        async def is_quiet() -> str:
            states = {}
            for name in SERVICES:
                states[name] = await self.operator.get(name, "/delivery/state")
                if busy := busy_with(name, states[name], timers_until):
                    return busy  # asking the others now would cost more than it tells
            return unheard(states)

        await eventually(is_quiet)


def busy_with(name: str, state: dict[str, Any], timers_until: datetime | None) -> str:
    """What one service still has to do, in words; empty when nothing."""
    unsent = state["unsent"] + (state["unblinded"] or {"unsent": 0})["unsent"]
    if unsent:
        return f"{name} has {unsent} unsent events"
    if state["parked"]:
        return f"{name} has {state['parked']} parked events"
    ran = state["timers_ran_until"]
    if timers_until is not None and (ran is None or parse_instant(ran) < timers_until):
        return f"{name} has not done everything due"
    return ""


def unheard(states: dict[str, Any]) -> str:
    """What one service said and another has not taken yet, in words; empty when nothing."""
    for name, state in states.items():
        for topic, partitions in state["taken"].items():
            published = states[topic.partition(".")[0]]["published"]
            for partition, taken in partitions.items():
                if taken["n"] != published.get(partition, 0):
                    return f"{name} has not taken everything of {topic}"
                if taken["state"] != "ok":
                    return f"{name} holds {topic} partition {partition} for {taken['state']}"
    return ""


async def eventually(what_is_missing: Callable[[], Awaitable[str]], seconds: float = QUIET_SECONDS) -> None:
    """Look again and again until nothing is missing.

    Raises:
        StoryFailed: time is up; names what was missing at the last look.
    """
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, LOOK_EVERY
    while missing := await what_is_missing():
        if loop.time() > deadline:
            raise StoryFailed(f"not quiet after {seconds:g} s: {missing}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)
