"""A running installation with one trial of many parts for B8: each part is there to be restricted once.

Everything is done through the public APIs, by the people of the demonstration. A part has an open level; where
a DLT shall close it, one participant has had one already and another is on treatment. In every part one more
child holds a place and lacks nothing but the signed eligibility: the child that asks to be registered.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.programs import program
from benchmarks.surroundings import SQLITE, Surroundings
from deploy.trialops.demo.hospital import Hospitals, Registered, Screened
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.plan import SITES, Child
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.demo.published import NEUTROPENIA, Cohort, Fate
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import Home
from deploy.trialops.installation import PROGRAMS
from shared.ids import new_id
from shared.migrations import upgrade_on

CODE = "PBTC042"
_PLACES = 6


@dataclass(frozen=True)
class Part:
    """One part, ready: `next_dlt` is the participant whose DLT would be the second; None where a halt comes."""

    name: str
    asks: Screened
    slot_id: str
    next_dlt: Registered | None


@dataclass
class Trial:
    """The trial at its services, and the people around it."""

    url: str
    home: Home
    stage: Stage
    office: Office
    hospitals: Hospitals
    parts: list[Part] = field(default_factory=list)

    def token(self, person: str, *grants: str) -> str:
        return self.home.token(person, *grants, hours=2)

    @property
    def treated(self) -> list[Registered]:
        return [part.next_dlt for part in self.parts if part.next_dlt is not None]


@asynccontextmanager
async def opened_trial(around: Surroundings, kind: str, *, parts: int) -> AsyncIterator[Trial]:
    """A trial with so many parts; every other one waits for a DLT, the rest for a halt.

    Args:
        around: where the stores are made, and the broker when the stores are on PostgreSQL.
        kind: of the three stores; SQLite has the direct transport, PostgreSQL has Kafka.
        parts: how many.
    """
    async with AsyncExitStack() as stack:
        home = Home(around.folder / new_id())
        home.folder.mkdir()
        home.ensure_key()
        arguments = ["--folder", str(home.folder)]
        if kind != SQLITE:
            arguments += await _servers(around, kind, stack)
        url = await stack.enter_async_context(program("benchmarks.serving", *arguments))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60))
        stage, timeline = Stage(client, home), Timeline()
        trial = Trial(url, home, stage, Office(stage, timeline, CODE), Hospitals(stage, timeline, CODE))
        await _prepare(trial, [f"part-{n}" for n in range(parts)])
        yield trial


async def _servers(around: Surroundings, kind: str, stack: AsyncExitStack) -> list[str]:
    assert around.kafka is not None
    urls = {
        name: await stack.enter_async_context(
            around.store_url(kind, name, partial(_migrate, one.folder / "store" / "migrations"))
        )
        for name, one in PROGRAMS.items()
    }
    await around.empty_topics([f"{name}.events.v1" for name in PROGRAMS])
    servers = around.kafka.connection().bootstrap_servers
    return ["--stores", json.dumps(urls), "--kafka", servers]


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


async def _prepare(trial: Trial, names: list[str]) -> None:
    await trial.stage.move_to(FIRST_DAY)
    await trial.office.set_up(_protocol(names))
    await trial.stage.move_to(FIRST_DAY + timedelta(days=1))
    for name in names:
        await trial.office.decide(name, "open_level", 1, f"opens level 1 of {name}", places=_PLACES)
    waiting: list[tuple[str, list[Registered]]] = []
    for n, name in enumerate(names):
        sites = [SITES[(n + k) % len(SITES)] for k in range(2)] if n % 2 == 0 else []
        waiting.append((name, [await _registered(trial, name, site, n) for site in sites]))
    await trial.stage.quiet()
    await trial.stage.move_to(FIRST_DAY + timedelta(days=2, hours=1))
    for n, (name, registered) in enumerate(waiting):
        for one in registered:
            await trial.hospitals.give_first_dose(one)
        asks, slot_id = await _with_place(trial, name, SITES[n % len(SITES)], n)
        trial.parts.append(Part(name, asks, slot_id, registered[1] if registered else None))
    await trial.stage.quiet()
    for _, registered in waiting:
        if registered:
            await trial.hospitals.report_toxicity(registered[0])
    await trial.stage.quiet()


def _protocol(names: list[str]) -> dict[str, Any]:
    """The demonstration's protocol with these parts, one level each, under the same design."""
    document = read_protocol()
    model = document["parts"][0]
    level = model["levels"][:1]
    document["parts"] = [model | {"part": name, "stratum": name, "levels": level} for name in names]
    document["slots"] |= {"max_open_reservations_per_site": None}
    return document


async def _registered(trial: Trial, part: str, site: str, number: int) -> Registered:
    screened, slot_id = await _with_place(trial, part, site, number)
    await trial.hospitals.sign_eligibility(screened)
    return await trial.hospitals.register(screened, slot_id)


async def _with_place(trial: Trial, part: str, site: str, number: int) -> tuple[Screened, str]:
    child = Child(
        number=number,
        site=site,
        age_years=20,  # consents alone, which saves every child an assent
        birth_month=3,
        waits_days=0,
        fate=Fate.DLT,
        doses=1,
        event_day=1,
        toxicity=NEUTROPENIA,
    )
    screened = await trial.hospitals.screen(child, Cohort(part, 1, (Fate.DLT,)))
    slot_id = await trial.hospitals.ask_for_place(screened)
    assert slot_id is not None
    return screened, slot_id
