"""B12: how soon a reader of the slot board sees what happened, without any refresh or manual step.

Per trial: a signed decision opens the level, a participant who cannot be judged is replaced, a second DLT closes
the level, a window closes by itself, a halt freezes what is left. Time runs from the answer that accepted the cause
(for the window: the moved clock of the safety service) to the first answer of the board that shows it; somebody
asks for the board again as soon as it has been answered.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from benchmarks import load
from benchmarks.surroundings import Surroundings
from benchmarks.trial import installation
from deploy.trialops.demo.hospital import PLANNED_DOSES, Hospitals, Registered
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.plan import SITES, Child
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.demo.published import NEUTROPENIA, Cohort, Fate
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.demo.timeline import Timeline
from shared.clock import format_instant

PART, WINDOW_DAYS, LONGEST_SECONDS = "stratum-1", 28, 30.0
PAST_MIDNIGHT = timedelta(hours=20)
CAUSES = ("signed decision", "replacement", "second DLT", "closing window", "halt")
Took = dict[str, list[float]]
Level = Mapping[str, Any]


class NeverSeen(Exception):
    """The board did not show the change in time."""


class Follower:
    """One trial, and somebody who looks at its board."""

    def __init__(self, url: str, stage: Stage, code: str) -> None:
        self.stage = stage
        timeline = Timeline()
        self.office, self.hospitals = Office(stage, timeline, code), Hospitals(stage, timeline, code)
        self._url = url
        self._connection = load.Connection(url)
        manager = self.office.manager
        self._request = load.get(f"/enrolment/api/v1/slot-board?trial={code}", manager.headers())
        self.children: list[Registered] = []

    async def level(self) -> tuple[Level, Mapping[str, Any]]:
        board: dict[str, Any] = load.read(await self._connection.ask(self._request))
        return next(one for one in board["levels"] if (one["part"], one["level"]) == (PART, 1)), board

    async def seen(self, cause: Awaitable[Any], shows: Callable[[Level, Mapping[str, Any]], bool]) -> float:
        """Milliseconds from the accepted cause to the first board that shows it.

        Raises:
            NeverSeen: it was there beforehand, or not within half a minute.
        """
        self._connection.close()  # the server has ended one that was not used for a while
        self._connection = load.Connection(self._url)
        if shows(*await self.level()):
            raise NeverSeen("the board showed it beforehand")
        await cause
        accepted = perf_counter()
        while not shows(*await self.level()):
            if perf_counter() - accepted > LONGEST_SECONDS:
                raise NeverSeen(f"not on the board after {LONGEST_SECONDS:g} s")
        return (perf_counter() - accepted) * 1000

    def close(self) -> None:
        self._connection.close()

    # -- the five causes ------------------------------------------------------------------------------

    async def open_the_level(self) -> float:
        proposal = await self.office.propose(PART, "open_level", 1, "opens level 1", places=6)
        await self.office.sign(self.office.chair, "src_chair", proposal)
        last = self.office.sign(self.office.monitor, "medical_monitor", proposal)
        return await self.seen(last, lambda level, _: level["places"].get("open") == 6)

    async def replace_a_child(self) -> float:
        path = f"/participants/{self.children[2].participant_id}/treatment-ends"
        body = {"ended_at": format_instant(self.stage.now), "reason": "progression"}
        ends = self._investigator(self.children[2]).post("enrolment", path, body)
        return await self.seen(ends, lambda level, _: _origins(level).count("replacement") == 1)

    async def report_the_second_dlt(self) -> float:
        reported = self.hospitals.report_toxicity(self.children[1])
        return await self.seen(reported, lambda level, _: level["state"] == "closed")

    async def close_a_window(self, at: datetime) -> float:
        self._connection.close()
        pending = (await self.level())[0]["pending"]
        move = {"move_to": format_instant(at)}
        for service in ("enrolment", "sponsor"):
            await self.stage.operator.post(service, "/demonstration-clock", move)
        moved = self.stage.operator.post("safety", "/demonstration-clock", move)
        return await self.seen(moved, lambda level, _: level["pending"] < pending)

    async def halt(self) -> float:
        body = {
            "trial_id": self.office.trial_id,
            "scope": {"recruitment": True, "dosing": True},
            "reason_code": "safety_signal",
        }
        imposed = self.office.monitor.post("sponsor", "/halts", body)
        return await self.seen(imposed, lambda _, board: bool(board["halts"]))

    def _investigator(self, one: Registered) -> Person:
        site = one.child.site
        return self.stage.person(f"investigator-{site}", f"site_investigator:{self.office.code}:{site}")

    # -- before ---------------------------------------------------------------------------------------

    async def enrol(self, n: int) -> None:
        child = Child(
            number=n,
            site=SITES[n],
            age_years=20,
            birth_month=3,
            waits_days=0,
            fate=Fate.DLT,
            doses=1,
            event_day=1,
            toxicity=NEUTROPENIA,
        )
        screened = await self.hospitals.screen(child, Cohort(PART, 1, (Fate.DLT,)))
        slot_id = await self.hospitals.ask_for_place(screened)
        assert slot_id is not None
        await self.hospitals.sign_eligibility(screened)
        self.children.append(await self.hospitals.register(screened, slot_id))


def _origins(level: Level) -> list[str]:
    return [slot["origin"] for slot in level["slots"]]


async def follow(around: Surroundings, kind: str, *, trials: int) -> Took:
    """Milliseconds of each cause, once per trial."""
    took: Took = {cause: [] for cause in CAUSES}
    async with _followers(around, kind, trials) as (stage, followers):
        for one in followers:
            took["signed decision"].append(await one.open_the_level())
        await stage.quiet()
        for one in followers:
            for n in range(4):
                await one.enrol(n)
        await _first_doses(stage, followers)
        for one in followers:
            took["replacement"].append(await one.replace_a_child())
            await one.hospitals.report_toxicity(one.children[0])
            await stage.quiet()
            took["second DLT"].append(await one.report_the_second_dlt())
        await stage.quiet()
        last = stage.now
        for day, one in enumerate(followers):
            await stage.move_to(last + timedelta(days=WINDOW_DAYS - 1 - trials + day))
            await one.hospitals.record_doses(one.children[3], 2, PLANNED_DOSES)  # silence closes no window
            took["closing window"].append(await one.close_a_window(stage.now + PAST_MIDNIGHT))
        for one in followers:
            took["halt"].append(await one.halt())
    return took


async def _first_doses(stage: Stage, followers: list[Follower]) -> None:
    """Everybody on one day, but the fourth child of each trial a day after that of the trial before."""
    await stage.move_to(stage.now + timedelta(days=1))
    for one in followers:
        for child in one.children[:3]:
            await one.hospitals.give_first_dose(child)
    for one in followers:
        one.children[3] = replace(one.children[3], first_dose_at=stage.now)
        await one.hospitals.give_first_dose(one.children[3])
        await stage.move_to(stage.now + timedelta(days=1))


@asynccontextmanager
async def _followers(
    around: Surroundings, kind: str, trials: int
) -> AsyncIterator[tuple[Stage, list[Follower]]]:
    async with installation(around, kind) as (url, _, stage):
        await stage.move_to(FIRST_DAY)
        followers = [Follower(url, stage, f"BOARD{n:02d}") for n in range(trials)]
        for one in followers:
            document = read_protocol()
            document["trial"] |= {"code": one.office.code}
            document["dlt"]["not_evaluable"].append("left_before_window_end_without_dlt")
            await one.office.set_up(document)
        try:
            yield stage, followers
        finally:
            for one in followers:
                one.close()
