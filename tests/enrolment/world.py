"""The enrolment service among its people: screening, consent, registration, doses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.enrolment.app import definition
from shared.clock import format_instant, parse_instant
from shared.database import Database, Sql
from shared.testing.running import Person, running_service, settings_for_tests
from tests.enrolment.heard import Heard
from tests.enrolment.protocol import PART

SITES = ("012", "034", "056")
HOUR = timedelta(hours=1)


@dataclass
class World(Heard):
    """The running service, both producers, and everything a story about one trial needs."""

    ages: dict[str, int] = field(default_factory=dict)

    # -- people ---------------------------------------------------------------------------------------

    def investigator(self, site: str = "012") -> Person:
        return self.running.person(f"investigator-{site}", f"site_investigator:{self.code}:{site}")

    def nurse(self, site: str = "012") -> Person:
        return self.running.person(f"nurse-{site}", f"site_nurse:{self.code}:{site}")

    @property
    def manager(self) -> Person:
        return self.running.person("manager", f"trial_manager:{self.code}:*")

    @property
    def monitor(self) -> Person:
        return self.running.person("monitor", f"medical_monitor:{self.code}:*")

    # -- the story ------------------------------------------------------------------------------------

    async def set_up(
        self, *, sites: Sequence[str] = SITES, places: int = 6, decide: bool = True, **replaced: Any
    ) -> None:
        """An open trial with delegated people at its sites and, unless told otherwise, an open first level."""
        events = [self.approved(**replaced), self.opened()]
        for site in sites:
            events.append(self.green_lit(site))
            events.append(self.delegated(f"investigator-{site}", "site_investigator", site))
            events.append(self.delegated(f"nurse-{site}", "site_nurse", site))
        if decide:
            events.append(self.decision("decision-1", places=places))
        await self.sponsor_says(*events)
        await self.safety_says()

    async def now(self) -> datetime:
        clock = (await self.running.operator.get("/demonstration-clock")).json()
        return parse_instant(clock["now"])

    async def pass_time(self, by: timedelta) -> datetime:
        """Let domain time pass and do what is then due."""
        to = await self.now() + by
        await self.running.move_clock(format_instant(to))
        return to

    async def screen(self, site: str = "012", *, age: int = 13, part: str = PART) -> dict[str, Any]:
        """A child of this age, screened, with nothing signed yet."""
        today = (await self.now()).date()
        month = today.month - 1 or 12
        year = today.year - age - (0 if today.month > 1 else 1)
        answer = await self.investigator(site).post(
            "/screenings",
            {"trial": self.code, "part": part, "site_number": site, "born": {"year": year, "month": month}},
        )
        assert answer.status_code == 201, answer.text
        screening: dict[str, Any] = answer.json()
        self.ages[screening["screening_id"]] = age
        return screening

    async def ready(
        self,
        site: str = "012",
        *,
        age: int = 13,
        part: str = PART,
        version: str = "1.0",
        assent: str = "given",
    ) -> str:
        """A screening with everything that registration asks for, save a slot."""
        screening_id: str = (await self.screen(site, age=age, part=part))["screening_id"]
        await self.consent(screening_id, site, version=version)
        if age < 16:
            await self.assent(screening_id, site, assent, version=version)
        await self.eligible(screening_id, site, version=version)
        return screening_id

    async def consent(
        self,
        screening_id: str,
        site: str = "012",
        *,
        version: str = "1.0",
        document: str = "parents",
        purpose: str = "parental_consent",
        capacity: str = "parental_responsibility",
        expect: int = 201,
    ) -> httpx.Response:
        body = {
            "purpose": purpose,
            "document": document,
            "version": version,
            "capacity": capacity,
            "signed_at": format_instant(await self.now() - HOUR),
        }
        return await self.ok(self.investigator(site), f"/screenings/{screening_id}/consents", body, expect)

    async def assent(
        self, screening_id: str, site: str = "012", answer: str = "given", *, version: str = "1.0"
    ) -> None:
        body = {
            "answer": answer,
            "document": "teenagers",
            "version": version,
            "signed_at": format_instant(await self.now() - HOUR),
        }
        await self.ok(self.investigator(site), f"/screenings/{screening_id}/assents", body)

    async def eligible(self, screening_id: str, site: str = "012", *, version: str = "1.0") -> None:
        body = {
            "version": version,
            "answers": {"diagnosis": True, "organ-function": True},
            "judgement": {"in_interests": True},
            "signed_at": format_instant(await self.now() - HOUR),
        }
        await self.ok(self.investigator(site), f"/screenings/{screening_id}/eligibility", body)

    async def ok(self, person: Person, path: str, body: Any = None, expect: int = 201) -> httpx.Response:
        answer = await person.post(path, body)
        assert answer.status_code == expect, f"{path}: {answer.status_code} {answer.text}"
        return answer

    async def request(self, screening_id: str, site: str = "012", part: str = PART) -> httpx.Response:
        body = {"trial": self.code, "part": part, "screening_id": screening_id}
        return await self.investigator(site).post("/reservation-requests", body)

    async def reserve(self, screening_id: str, site: str = "012", part: str = PART) -> str:
        answer = await self.request(screening_id, site, part)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["slot_id"])

    async def register(
        self, screening_id: str, slot_id: str, site: str = "012", *, age: int | None = None, **more: Any
    ) -> httpx.Response:
        body: dict[str, Any] = {"screening_id": screening_id, "slot_id": slot_id, **more}
        stated = self.ages.get(screening_id) if age is None else age
        if stated is not None and "age_statement" not in more:
            body["age_statement"] = {"years": stated, "on": str((await self.now()).date())}
        return await self.investigator(site).post("/registrations", body)

    async def enrol(self, site: str = "012", *, part: str = PART, age: int = 13) -> dict[str, Any]:
        """A registered child, from screening to number."""
        screening_id = await self.ready(site, age=age, part=part)
        answer = await self.register(screening_id, await self.reserve(screening_id, site, part), site)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    async def dose(
        self, participant_id: str, site: str = "012", *, at: datetime | None = None
    ) -> dict[str, Any]:
        given = {"at": format_instant(at or await self.now()), "given": True}
        answer = await self.ok(
            self.investigator(site), f"/participants/{participant_id}/doses", {"administrations": [given]}
        )
        recorded: dict[str, Any] = answer.json()
        return recorded

    async def authorise(self, participant_id: str, site: str = "012") -> httpx.Response:
        body = {"planned_at": format_instant(await self.now())}
        return await self.investigator(site).post(f"/participants/{participant_id}/dose-authorisations", body)

    # -- looking --------------------------------------------------------------------------------------

    async def board(self, person: Person | None = None) -> dict[str, Any]:
        answer = await (person or self.manager).get("/slot-board", trial=self.code)
        assert answer.status_code == 200, answer.text
        board: dict[str, Any] = answer.json()
        return board

    async def level(self, level: int = 1, part: str = PART) -> dict[str, Any]:
        board = await self.board()
        return next(one for one in board["levels"] if (one["part"], one["level"]) == (part, level))

    async def types(self) -> list[str]:
        return [
            event["type"].removeprefix("enrolment.").removesuffix(".v1")
            for event in await self.running.published()
        ]

    async def rows(self, statement: str) -> list[Any]:
        return list(await self.running.service.database.read(lambda tx: tx.fetch(Sql(statement))))

    async def board_matches_events(self) -> None:
        """The stored board is exactly what this service's own events tell."""
        answer = await self.running.operator.get("/slot-board/verification", trial=self.code)
        assert answer.status_code == 200, answer.text
        assert answer.json()["differences"] == []


@asynccontextmanager
async def enrolment_world(store: Database) -> AsyncIterator[World]:
    async with running_service(definition(settings_for_tests("enrolment")), store) as running:
        yield World(running)
