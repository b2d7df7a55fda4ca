"""A trial that comes from another system, and the people who take it over, at a running installation."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.trialops.calls import Calls
from deploy.trialops.demo.office import CHECKLIST, read_protocol
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.home import SERVICES
from deploy.trialops.take_over import check, sign
from shared.clock import parse_instant
from shared.signed_folders import PURPOSE
from tests.journeys.running_trial import (
    CODE,
    LOW,
    MIDDLE,
    WIDE,
    RunningTrial,
    drawn,
    protocol_for_take_over,
    write,
)
from tests.journeys.world import World

Files = Mapping[str, str]


class Handover:
    """A trial in set-up here, and the folder with which it comes."""

    def __init__(self, world: World, stage: Stage, trial: RunningTrial, folder: Path | None = None) -> None:
        self.world = world
        self.stage = stage
        self.trial = trial
        self.folder = folder
        self.trial_id = ""
        self.manager = stage.person("manager", f"trial_manager:{CODE}:*")
        self.quality = stage.person("quality", f"sponsor_qa:{CODE}:*")

    async def set_up(self, protocol: dict[str, Any] | None = None) -> None:
        """Registered and approved, and not yet open; the dose-finding trial unless another protocol is given."""
        protocol = protocol or protocol_for_take_over(read_protocol())
        registered = await self.manager.post("sponsor", "/trials", protocol)
        self.trial_id = registered["trial_id"]
        approval = {"reference": "approval-1", "approved_on": f"{self.stage.now:%Y-%m-%d}"}
        path = f"/protocol-versions/{registered['protocol_version_id']}/approvals"
        await self.quality.post("sponsor", path, approval)
        await self.stage.quiet()

    # -- the folder -------------------------------------------------------------------------------------

    @property
    def files(self) -> dict[str, str]:
        return dict(self.trial.folder)

    async def bad_rows(self, files: Files) -> list[tuple[str, int, str, str]]:
        """What the dry run finds: file, row, column and rule."""
        found = await asyncio.to_thread(self._check, files)
        return [(one["file"], one["row"], one["column"], one["rule"]) for one in found]

    def _check(self, files: Files) -> list[dict[str, Any]]:
        calls = self.calls("manager", "trial_manager")
        try:
            return check(calls, files)
        finally:
            calls.close()

    async def sign(self, person: str, role: str, files: Files | None = None) -> list[dict[str, Any]]:
        """One run of the command as this person; the state at each service."""
        states = await asyncio.to_thread(self._sign, person, role, files or self.files)
        await self.stage.quiet()
        return states

    def _sign(self, person: str, role: str, files: Files) -> list[dict[str, Any]]:
        home, calls = self.world.home, self.calls(person, role)

        def prove(service: str, sha256: str) -> str:
            return home.proof(person, audience=service, purpose=PURPOSE, bound_to=sha256)

        try:
            return sign(calls, files, prove, wait=60)
        finally:
            calls.close()

    def calls(self, person: str, role: str) -> Calls:
        return Calls(self.world.url, self.world.home.token(person, f"{role}:{CODE}:*"), seconds=120)

    async def taken_over(self) -> None:
        """Signed by both, lit, and open."""
        await self.sign("manager", "trial_manager")
        await self.sign("quality", "sponsor_qa")

    async def open(self) -> None:
        view = await self.manager.get("sponsor", f"/trials/{self.trial_id}")
        for site in view["sites"]:
            items = [
                {
                    "item": item,
                    "evidence_id": f"{site['site_number']}-{item}",
                    "signer": "quality",
                    "signed_on": f"{self.stage.now:%Y-%m-%d}",
                }
                for item in CHECKLIST
            ]
            light = {"protocol_version": "replay-1", "items": items}
            await self.quality.post("sponsor", f"/sites/{site['site_id']}/green-lights", light)
        await self.stage.quiet()
        await self.manager.post("sponsor", f"/trials/{self.trial_id}/openings", {})
        await self.stage.quiet()

    # -- what is known ----------------------------------------------------------------------------------

    async def everything(self) -> dict[str, Any]:
        """Every row of every table of every service that a command or an event may change."""
        rows: dict[str, Any] = {}
        for name in SERVICES:
            service = self.world.service(name)
            for table in service.definition.metadata.sorted_tables:
                if table.name in _NOT_ASKED:
                    continue
                statement = table.select()

                async def read(tx: Any, statement: Any = statement) -> list[str]:
                    return sorted(repr(tuple(row)) for row in (await tx.execute(statement)).all())

                rows[f"{name}.{table.name}"] = await service.database.read(read)
        return rows

    async def levels(self, service: str = "enrolment") -> dict[tuple[str, int], dict[str, Any]]:
        if service == "enrolment":
            listed = await self.manager.get("enrolment", "/dose-levels", trial=CODE)
            return {(one["part"], one["level"]): one for one in listed["levels"]}
        view = await self.manager.get("sponsor", f"/trials/{self.trial_id}")
        return {(part["part"], level["level"]): level for part in view["parts"] for level in part["levels"]}

    async def board_level(self, place: tuple[str, int]) -> dict[str, Any]:
        board = await self.manager.get("enrolment", "/slot-board", trial=CODE)
        found: dict[str, Any] = next(one for one in board["levels"] if (one["part"], one["level"]) == place)
        return found

    async def verdicts(self) -> dict[str, dict[str, Any]]:
        listed = await self.manager.get("safety", "/dlt-verdicts", trial=CODE, limit=200)
        return {one["participant_number"]: one for one in listed["items"]}

    def investigator(self, site: str) -> Person:
        return self.stage.person(f"investigator-{site}", f"site_investigator:{CODE}:{site}")


_NOT_ASKED = {"delivery_position", "producer_position", "relay_leader", "relay_state", "work_leader"}
"""What runs by itself while nobody asks anything."""


async def handed(world: World, tmp_path: Path) -> Handover:
    stage = world.stage()
    await stage.move_to(FIRST_DAY)
    trial = drawn(FIRST_DAY)
    handover = Handover(world, stage, trial, write(tmp_path / "folder", trial.folder))
    await handover.set_up()
    return handover


async def assert_counts(handover: Handover, trial: RunningTrial) -> None:
    enrolment, sponsor = await handover.levels(), await handover.levels("sponsor")
    for place in (LOW, MIDDLE, WIDE):
        expected = {
            "enrolled": len(trial.standing(place)),
            "evaluable": trial.of(place, "no_dlt") + trial.of(place, "dlt"),
            "dlt": trial.of(place, "dlt"),
            "pending": trial.of(place, "pending"),
            "not_evaluable": trial.of(place, "not_evaluable"),
        }
        assert {name: enrolment[place][name] for name in expected} == expected, place
        assert {name: sponsor[place][name] for name in expected} == expected, place
    states = {place: enrolment[place]["state"] for place in (LOW, MIDDLE, WIDE)}
    assert states == {LOW: "closed", MIDDLE: "open", WIDE: "open"}


async def assert_windows(handover: Handover, trial: RunningTrial) -> None:
    verdicts = await handover.verdicts()
    standing = {child.number: child for child in trial.children if child.fate != "voided"}
    assert {number: one["verdict"] for number, one in verdicts.items()} == {
        number: child.fate for number, child in standing.items()
    }
    for number, child in standing.items():
        assert parse_instant(verdicts[number]["closes_at"]) == child.closes_at, number
        assert (verdicts[number]["closed_at"] is None) == (child.fate == "pending")
