"""The enrolment service among its people: screening, consent, registration, doses."""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.enrolment.app import definition
from shared.clock import format_instant, parse_instant
from shared.database import Database, Sql
from shared.settings import FreshnessSettings
from shared.testing.running import Person, running_service, settings_for_tests
from tests.enrolment.heard import Heard
from tests.enrolment.protocol import boundary, part_of_kind

SITES = ("012", "034", "056")
HOUR = timedelta(hours=1)


def hash_of(child: str) -> str:
    """What the sites send for a child; the key is theirs."""
    return hmac.new(b"the sites' key", child.encode(), "sha256").hexdigest()


@dataclass
class World(Heard):
    """The running service, both producers, and everything a story about one trial needs."""

    ages: dict[str, int] = field(default_factory=dict)
    has_levels: bool = True
    """Whether the part of the story has dose levels, so that a place comes before a registration."""

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
        self,
        *,
        sites: Sequence[str] = SITES,
        places: int = 6,
        decide: bool = True,
        kind: str = "",
        **replaced: Any,
    ) -> None:
        """An open trial with delegated people at its sites and, unless told otherwise, an open first level.

        With `kind` it is a trial of that kind with one part, `self.part` (see `protocol_of_kind`); a part
        without levels needs no decision, and none is said.
        """
        if kind:
            self.kind, self.part = kind, part_of_kind(kind)
        approved, aggregate = self.approved(**replaced)
        part = next(it for it in approved.protocol.parts if it.part == self.part)
        self.has_levels, decide = bool(part.levels), decide and bool(part.levels)
        events = [(approved, aggregate), self.opened()]
        for site in sites:
            events.append(self.green_lit(site))
            events.append(self.delegated(f"investigator-{site}", "site_investigator", site))
            events.append(self.delegated(f"nurse-{site}", "site_nurse", site))
        if decide:
            expands = part.kind == "expansion"
            rule = boundary(counts=[{"part": self.part, "level": 1}]) if expands else None
            act = "expand" if expands else "open_level"
            events.append(self.decision("decision-1", act, part=self.part, places=places, rule=rule))
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

    async def screen(self, site: str = "012", *, age: int = 13, part: str | None = None) -> dict[str, Any]:
        """A child of this age, screened, with nothing signed yet."""
        today = (await self.now()).date()
        month = today.month - 1 or 12
        year = today.year - age - (0 if today.month > 1 else 1)
        body = {"trial": self.code, "part": part or self.part, "site_number": site}
        answer = await self.investigator(site).post(
            "/screenings", body | {"born": {"year": year, "month": month}}
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
        part: str | None = None,
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

    async def eligible(
        self, screening_id: str, site: str = "012", *, version: str = "1.0", judged: bool = True
    ) -> None:
        body = {
            "version": version,
            "answers": {"diagnosis": True, "organ-function": True},
            "judgement": {"in_interests": True} if judged else None,
            "signed_at": format_instant(await self.now() - HOUR),
        }
        await self.ok(self.investigator(site), f"/screenings/{screening_id}/eligibility", body)

    async def ok(self, person: Person, path: str, body: Any = None, expect: int = 201) -> httpx.Response:
        answer = await person.post(path, body)
        assert answer.status_code == expect, f"{path}: {answer.status_code} {answer.text}"
        return answer

    async def request(self, screening_id: str, site: str = "012", part: str | None = None) -> httpx.Response:
        body = {"trial": self.code, "part": part or self.part, "screening_id": screening_id}
        return await self.investigator(site).post("/reservation-requests", body)

    async def reserve(self, screening_id: str, site: str = "012", part: str | None = None) -> str:
        answer = await self.request(screening_id, site, part)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["slot_id"])

    async def register(
        self,
        screening_id: str,
        slot_id: str | None = None,
        site: str = "012",
        *,
        age: int | None = None,
        **more: Any,
    ) -> httpx.Response:
        place = {"slot_id": slot_id} if slot_id else {}
        body: dict[str, Any] = {"screening_id": screening_id, **place, **more}
        stated = self.ages.get(screening_id) if age is None else age
        if stated is not None and "age_statement" not in more:
            body["age_statement"] = {"years": stated, "on": str((await self.now()).date())}
        return await self.investigator(site).post("/registrations", body)

    async def enrol(self, site: str = "012", *, part: str | None = None, age: int = 13) -> dict[str, Any]:
        """A registered child, from screening to number; with a place where the part has levels."""
        screening_id = await self.ready(site, age=age, part=part)
        slot_id = await self.reserve(screening_id, site, part) if self.has_levels else None
        answer = await self.register(screening_id, slot_id, site)
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

    # -- who somebody may be --------------------------------------------------------------------------

    async def identify(
        self,
        screening_id: str,
        child: str,
        site: str = "012",
        *,
        kind: str = "nhs_number",
        key_version: str = "2026-1",
    ) -> httpx.Response:
        """Send the keyed hash of a child, named here by any word."""
        body = {"kind": kind, "key_version": key_version, "hash": hash_of(child)}
        return await self.investigator(site).post(f"/screenings/{screening_id}/identity-hashes", body)

    async def stopped(self, child: str, first: str = "012", second: str = "034") -> tuple[str, str]:
        """One child screened at two sites: the screening that goes on, and the one that was stopped."""
        going_on = (await self.screen(first))["screening_id"]
        assert (await self.identify(going_on, child, first)).status_code == 201
        stopped = (await self.screen(second))["screening_id"]
        assert (await self.identify(stopped, child, second)).status_code == 409
        return going_on, stopped

    async def suspicions(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.manager.get("/duplicate-suspicions", trial=self.code, **query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def resolve(self, resolution: str, expect: int = 201) -> httpx.Response:
        """The coordinator resolves the one possible duplicate that is open."""
        (suspicion,) = await self.suspicions(state="open")
        path = f"/duplicate-suspicions/{suspicion['suspicion_id']}/resolutions"
        return await self.ok(
            self.manager, path, {"resolution": resolution, "reason": "both sites asked"}, expect
        )

    async def transfer(self, participant_id: str, to: str = "034") -> None:
        """A participant moves to another site, whose investigator accepts."""
        body = {"to_site_number": to, "reason_code": "family_moved"}
        proposed = await self.ok(self.manager, f"/participants/{participant_id}/transfers", body)
        path = f"/transfers/{proposed.json()['transfer_id']}/acceptances"
        await self.ok(self.investigator(to), path)

    async def re_consent(self, participant_id: str, site: str, *, version: str = "1.0") -> None:
        """Consent of somebody who takes part, taken by the site that answers for them now."""
        body = {
            "purpose": "parental_consent",
            "document": "parents",
            "version": version,
            "capacity": "parental_responsibility",
            "signed_at": format_instant(await self.now()),
        }
        await self.ok(self.investigator(site), f"/participants/{participant_id}/consents", body)

    # -- afterwards -----------------------------------------------------------------------------------

    async def stand(self, participant_id: str) -> dict[str, Any]:
        """Where a participant stands."""
        standing: dict[str, Any] = (await self.shown(f"/participants/{participant_id}"))["standing"]
        return standing

    async def shown(self, path: str, person: Person | None = None, **query: str) -> dict[str, Any]:
        answer = await (person or self.manager).get(path, **query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def entries(self, participant_id: str) -> dict[tuple[str, int], str]:
        """The state of every follow-up entry, by visit and day."""
        found = (await self.shown(f"/participants/{participant_id}/follow-up"))["entries"]
        return {(entry["visit"], entry["day"]): entry["state"] for entry in found}

    async def worklist(self, person: Person | None = None, **query: str) -> list[dict[str, Any]]:
        page = await self.shown("/follow-up-worklist", person, trial=self.code, **query)
        items: list[dict[str, Any]] = page["items"]
        return items

    async def die(self, participant_id: str, site: str = "012", cause: str = "unknown") -> None:
        """A death today."""
        body = {"died_on": str((await self.now()).date()), "cause": cause}
        await self.ok(self.investigator(site), f"/participants/{participant_id}/deaths", body)

    async def stop(self, participant_id: str, *elements: str, site: str = "012") -> dict[str, Any]:
        """The participant stops these elements, or all when none is named."""
        what: dict[str, Any] = (
            {"elements": dict.fromkeys(elements, "stopped")} if elements else {"all": "stopped"}
        )
        body = what | {"by": "participant_or_parent"}
        answer = await self.ok(
            self.nurse(site), f"/participants/{participant_id}/participation-changes", body
        )
        stopped: dict[str, Any] = answer.json()
        return stopped

    # -- while the service was away -------------------------------------------------------------------

    async def issue(self, count: int = 3, site: str = "012") -> list[str]:
        """Downtime numbers of a site, as they are printed."""
        body = {"trial": self.code, "site_number": site, "count": count}
        block = (await self.ok(self.manager, "/downtime-blocks", body)).json()
        return [number["number"] for number in block["numbers"]]

    async def enter_late(
        self,
        screening_id: str,
        number: str,
        site: str = "012",
        *,
        at: datetime | None = None,
        called_at: datetime | None = None,
        **replaced: Any,
    ) -> httpx.Response:
        """Enter a registration for which the place was given by telephone, just now unless told otherwise."""
        claimed = at or await self.now()
        body: dict[str, Any] = {
            "screening_id": screening_id,
            "downtime_number": number,
            "claimed_registered_at": format_instant(claimed),
            "duty_person": "duty-a",
            "called_at": format_instant(called_at or claimed),
            "sponsor_confirmed_by": "office-b",
            "safety_confirmed_by": "officer-c",
        }
        body |= {"level": 1} if self.has_levels else {}
        if screening_id in self.ages:
            stated = {"years": self.ages[screening_id], "on": str((await self.now()).date())}
            body["age_statement"] = stated
        return await self.investigator(site).post("/downtime-registrations", body | replaced)

    async def flags(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.shown("/registration-flags", trial=self.code))["items"]
        return items

    # -- looking --------------------------------------------------------------------------------------

    async def board(self, person: Person | None = None) -> dict[str, Any]:
        answer = await (person or self.manager).get("/slot-board", trial=self.code)
        assert answer.status_code == 200, answer.text
        board: dict[str, Any] = answer.json()
        return board

    async def level(self, level: int = 1, part: str | None = None) -> dict[str, Any]:
        board = await self.board()
        return next(
            one for one in board["levels"] if (one["part"], one["level"]) == (part or self.part, level)
        )

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
async def enrolment_world(
    store: Database, freshness: FreshnessSettings | None = None
) -> AsyncIterator[World]:
    made = definition(settings_for_tests("enrolment"))
    async with running_service(made, store, freshness=freshness) as running:
        yield World(running)
