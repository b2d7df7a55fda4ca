"""Hospitals at work: reports, screenings and requests for places, repeated until answered, and remembered."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from deploy.trialops.demo.hospital import Registered
from tests.crash.served import Command, Reply
from tests.crash.story import PART, Trial, nausea

SITES = ("001", "002", "003", "004", "005")
WORKERS = 6
RIGHTLY_REFUSED = {"reservation_limit_reached"}
"""What chance may bring about: one site asks for more places than the trial lets it hold at a time."""


@dataclass
class Desk:
    """One person's desk: does one thing after the other, and what was not answered again with its key."""

    trial: Trial
    rng: Random
    children: Sequence[Registered]
    answered: dict[str, tuple[Command, Reply]] = field(default_factory=dict)
    open: list[Command] = field(default_factory=list)
    unanswered: int = 0
    stopped: bool = False

    async def work(self) -> None:
        """Send command after command until one is not answered, which stays open, or until `stopped`."""
        while not self.stopped:
            command = self.open[0] if self.open else self._next()
            reply = await self.trial.clients.send(command)
            if reply is None or reply.status >= 500:
                self.open = [command, *self.open[1:]]
                self.unanswered += 1
                return
            self.open = self.open[1:]
            self.answered[command.key] = (command, reply)
            self._follow(command, reply)

    async def finish(self) -> None:
        """Repeat what is open until it is answered."""
        while self.open:
            command = self.open.pop(0)
            reply = await self.trial.clients.send(command)
            assert reply is not None, "not answered although nothing was killed"
            self.answered[command.key] = (command, reply)

    def _next(self) -> Command:
        if self.rng.random() < 0.6:
            return nausea(self.trial, self.rng.choice(self.children))
        site = self.rng.choice(SITES)
        body = {
            "trial": self.trial.code,
            "part": PART,
            "site_number": site,
            "born": {"year": 2019, "month": 5},
        }
        return self._nurse(site, "/screenings", body)

    def _follow(self, command: Command, reply: Reply) -> None:
        """Who has a screening number asks for a place."""
        if command.path == "/screenings" and reply.status == 201:
            started = json.loads(reply.content)
            body = {"trial": self.trial.code, "part": PART, "screening_id": started["screening_id"]}
            self.open.append(self._nurse(started["site_number"], "/reservation-requests", body))

    def _nurse(self, site: str, path: str, body: Mapping[str, object]) -> Command:
        return Command(
            person=f"nurse-{site}",
            grant=f"site_nurse:{self.trial.code}:{site}",
            service="enrolment",
            path=path,
            body=body,
        )


class Load:
    """Several desks at once, and all that they were told."""

    def __init__(self, trial: Trial, rng: Random, children: Sequence[Registered]) -> None:
        self.desks = [Desk(trial, Random(rng.random()), children) for _ in range(WORKERS)]

    def start(self) -> "asyncio.Future[list[None]]":
        """Let everybody work until nobody is answered any more, or until `stop`."""
        return asyncio.gather(*(desk.work() for desk in self.desks))

    def stop(self) -> None:
        """Let everybody end after the command that is under way."""
        for desk in self.desks:
            desk.stopped = True

    @property
    def unanswered(self) -> int:
        return sum(desk.unanswered for desk in self.desks)

    async def finish(self) -> None:
        for desk in self.desks:
            await desk.finish()

    @property
    def answered(self) -> list[tuple[Command, Reply]]:
        return [pair for desk in self.desks for pair in desk.answered.values()]

    @property
    def acknowledged(self) -> list[tuple[Command, Reply]]:
        """What was answered with success; only this is kept under its key."""
        return [(one, reply) for one, reply in self.answered if reply.status < 300]

    @property
    def open(self) -> list[Command]:
        return [command for desk in self.desks for command in desk.open]

    def done(self, path: str) -> list[tuple[Command, Reply]]:
        """What was answered with success on one path."""
        return [(one, reply) for one, reply in self.acknowledged if one.path == path]

    def refusals(self) -> set[str]:
        """Codes of what was refused."""
        return {json.loads(reply.content)["code"] for _, reply in self.answered if reply.status >= 300}
