"""A running installation with many trials for B8: each part of a trial is there to be restricted once.

Everything is done through the public APIs, by the people of the demonstration. A part has an open level; where
a DLT shall close it, one participant has had one already and another is on treatment. In every part one more
child holds a place and lacks nothing but the signed eligibility: the child that asks to be registered.
"""

import json
from collections.abc import AsyncIterator, Mapping
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
from shared.contracts import described
from shared.ids import new_id
from shared.migrations import upgrade_on

FOR_DLT, FOR_HALT = "for-dlt", "for-halt"
_PLACES = 6


@dataclass(frozen=True)
class Part:
    """One part, ready: `next_dlt` is the participant whose DLT would be the second; None where a halt comes."""

    office: Office
    name: str
    asks: Screened
    slot_id: str
    next_dlt: Registered | None

    @property
    def code(self) -> str:
        return self.office.code


@dataclass
class Network:
    """The trials at their services, and the people around them."""

    url: str
    home: Home
    stage: Stage
    parts: list[Part] = field(default_factory=list)
    _tokens: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def token(self, person: str, *grants: str) -> str:
        if (person, grants) not in self._tokens:
            self._tokens[person, grants] = self.home.token(person, *grants, hours=2)
        return self._tokens[person, grants]

    @property
    def treated(self) -> list[tuple[Part, Registered]]:
        """Everybody on treatment, with the part."""
        return [(part, part.next_dlt) for part in self.parts if part.next_dlt is not None]


@asynccontextmanager
async def opened_trials(around: Surroundings, kind: str, *, parts: int) -> AsyncIterator[Network]:
    """Trials of two parts each; one part waits for a DLT, the other for a halt.

    Args:
        around: where the stores are made, and the broker when the stores are on PostgreSQL.
        kind: of the three stores; SQLite has the direct transport, PostgreSQL has Kafka.
        parts: how many in all.
    """
    async with installation(around, kind) as (url, home, stage):
        network = Network(url, home, stage)
        await _prepare(network, parts // 2)
        yield network


@asynccontextmanager
async def installation(
    around: Surroundings, kind: str, *, environ: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[str, Home, Stage]]:
    """The three services in a process of their own, with nothing in them: address, keys, and the stage."""
    async with AsyncExitStack() as stack:
        home = Home(around.folder / new_id())
        home.folder.mkdir()
        home.ensure_key()
        arguments = ["--folder", str(home.folder)]
        if kind != SQLITE:
            arguments += await _servers(around, kind, stack)
        url = await stack.enter_async_context(program("benchmarks.serving", *arguments, environ=environ))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60))
        yield url, home, Stage(client, home)


async def _servers(around: Surroundings, kind: str, stack: AsyncExitStack) -> list[str]:
    assert around.kafka is not None
    urls = {
        name: await stack.enter_async_context(
            around.store_url(kind, name, partial(_migrate, one.folder / "store" / "migrations"))
        )
        for name, one in PROGRAMS.items()
    }
    await around.empty_topics(
        [topic for name, one in PROGRAMS.items() for topic in described(one.define, name).topics]
    )
    servers = around.kafka.connection().bootstrap_servers
    return ["--stores", json.dumps(urls), "--kafka", servers]


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


async def _prepare(network: Network, trials: int) -> None:
    stage, timeline = network.stage, Timeline()
    codes = [f"BENCH{n:02d}" for n in range(trials)]
    offices = [Office(stage, timeline, code) for code in codes]
    hospitals = [Hospitals(stage, timeline, code) for code in codes]
    await stage.move_to(FIRST_DAY)
    for office in offices:
        await office.set_up(_protocol(office.code))
    await stage.move_to(FIRST_DAY + timedelta(days=1))
    registered: list[list[Registered]] = []
    for office, units in zip(offices, hospitals, strict=True):
        for part in (FOR_DLT, FOR_HALT):
            await office.decide(part, "open_level", 1, f"opens level 1 of {part}", places=_PLACES)
        registered.append([await _registered(units, site) for site in SITES[:2]])
    await stage.quiet()
    await stage.move_to(FIRST_DAY + timedelta(days=2, hours=1))
    for office, units, (first, second) in zip(offices, hospitals, registered, strict=True):
        await units.give_first_dose(first)
        await units.give_first_dose(second)
        for part, next_dlt in ((FOR_DLT, second), (FOR_HALT, None)):
            network.parts.append(Part(office, part, *await _with_place(units, part, SITES[2]), next_dlt))
    await stage.quiet()
    for units, (first, _) in zip(hospitals, registered, strict=True):
        await units.report_toxicity(first)
    await stage.quiet()


def _protocol(code: str) -> dict[str, Any]:
    """The demonstration's protocol with two parts of one level each, under the same design."""
    document = read_protocol()
    document["trial"] |= {"code": code}
    model = document["parts"][0]
    level = model["levels"][:1]
    document["parts"] = [
        model | {"part": part, "stratum": part, "levels": level} for part in (FOR_DLT, FOR_HALT)
    ]
    return document


async def _registered(hospitals: Hospitals, site: str) -> Registered:
    screened, slot_id = await _with_place(hospitals, FOR_DLT, site)
    await hospitals.sign_eligibility(screened)
    return await hospitals.register(screened, slot_id)


async def _with_place(hospitals: Hospitals, part: str, site: str) -> tuple[Screened, str]:
    child = Child(
        number=0,
        site=site,
        age_years=20,  # consents alone, which saves every child an assent
        birth_month=3,
        waits_days=0,
        fate=Fate.DLT,
        doses=1,
        event_day=1,
        toxicity=NEUTROPENIA,
    )
    screened = await hospitals.screen(child, Cohort(part, 1, (Fate.DLT,)))
    slot_id = await hospitals.ask_for_place(screened)
    assert slot_id is not None
    return screened, slot_id
