"""A running installation as the journeys see it, and the example trial with the people around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import httpx

from deploy.trialops.demo.books import pages
from deploy.trialops.demo.hospital import Hospitals, Registered, Screened
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.plan import Child
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.demo.published import NEUTROPENIA, Cohort, Fate
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import SERVICES, Home
from deploy.trialops.installation import Installation
from shared.clock import parse_instant, server_now
from shared.ledger import table_rows
from shared.service import Service
from shared.testing.kafka_server import KafkaServer

CODE = "PBTC042"
TOPICS = (*(f"{service}.events.v1" for service in SERVICES), "enrolment.unblinded.v1")
ESCALATION = Cohort("stratum-1", 1, (Fate.DLT,))
EXPANSION = Cohort("stratum-1-expansion", 1, (Fate.DLT,))


@dataclass
class World:
    """A running installation behind a port of this machine; `broker` where its transport is Kafka."""

    installation: Installation
    url: str
    client: httpx.AsyncClient
    home: Home
    broker: KafkaServer | None

    def stage(self) -> Stage:
        return Stage(self.client, self.home)

    def stage_of(self, client: httpx.AsyncClient) -> Stage:
        return Stage(client, self.home)

    def new_client(self) -> httpx.AsyncClient:
        """Somebody else's connections."""
        return httpx.AsyncClient(base_url=self.url, timeout=60)

    def service(self, name: str) -> Service:
        return self.installation.services[name]

    async def opened_trial(self, *, places: int = 6, protocol: dict[str, Any] | None = None) -> "Trial":
        """The replayed trial, open at five hospitals, with these places at 50 mg/m2 of stratum I."""
        return await self._trial(protocol or read_protocol(), ESCALATION, "open_level", places)

    async def wide_trial(self, *, places: int) -> "Trial":
        """The same with room for a crowd: an expansion part whose level the first DLT closes."""
        protocol = read_protocol()
        part = next(one for one in protocol["parts"] if one["part"] == EXPANSION.part)
        part["monitoring"] = {
            "source": "close at the first DLT",
            "close_if_dlts_at_least": {"1": 1},
            "max_evaluable": 2 * places,
            "counts": [],
        }
        protocol["slots"]["max_open_reservations_per_site"] = places
        return await self._trial(protocol, EXPANSION, "expand", places)

    async def _trial(self, protocol: dict[str, Any], cohort: Cohort, kind: str, places: int) -> "Trial":
        stage, timeline = self.stage(), Timeline()
        trial = Trial(
            stage,
            Office(stage, timeline, CODE),
            Hospitals(stage, timeline, CODE),
            cohort=cohort,
            places=places,
        )
        await stage.move_to(FIRST_DAY)
        await trial.office.set_up(protocol)
        await stage.move_to(FIRST_DAY + timedelta(days=1))
        await trial.office.decide(cohort.part, kind, cohort.level, "opens the level", places=places)
        return trial

    async def published(self, service: str) -> list[dict[str, Any]]:
        """Everything a service has published, in order, as its ledger lists it."""
        return await pages(self.stage(), service, "/delivery/outbox")

    async def copies(self, service: str) -> Mapping[str, list[str]]:
        """Every row of a service's copies of the others' facts."""
        definition = self.service(service).definition
        return await self.service(service).database.read(
            lambda tx: table_rows(tx, definition.metadata, definition.projections.tables)
        )


@dataclass
class Trial:
    """A trial with one level open, and everybody who works on it."""

    stage: Stage
    office: Office
    hospitals: Hospitals
    cohort: Cohort
    places: int
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def officer(self) -> Person:
        return self.stage.person("officer", f"safety_officer:{CODE}:*")

    def investigator(self, site: str, stage: Stage | None = None) -> Person:
        return (stage or self.stage).person(f"investigator-{site}", f"site_investigator:{CODE}:{site}")

    # -- children -----------------------------------------------------------------------------------

    async def screened(self, site: str = "001", *, age_years: int = 10) -> Screened:
        """A child with consent, who has no place yet."""
        child = Child(
            number=next(self._numbers),
            site=site,
            age_years=age_years,
            birth_month=3,
            waits_days=1,
            fate=Fate.DLT,
            doses=17,
            event_day=18,
            toxicity=NEUTROPENIA,
        )
        return await self.hospitals.screen(child, self.cohort)

    async def ready(self, site: str = "001", *, age_years: int = 10) -> tuple[Screened, str]:
        """A child with a place, whose eligibility is signed; and the place."""
        screened = await self.screened(site, age_years=age_years)
        slot_id = await self.hospitals.ask_for_place(screened)
        assert slot_id is not None
        await self.hospitals.sign_eligibility(screened)
        return screened, slot_id

    async def dosed(self, site: str = "001") -> Registered:
        """A child at the open level who had the first dose."""
        screened, slot_id = await self.ready(site)
        one = await self.hospitals.register(screened, slot_id)
        await self.stage.quiet()
        await self.stage.move_to(one.first_dose_at)
        await self.hospitals.give_first_dose(one)
        await self.stage.quiet()
        return one

    # -- restrictions -------------------------------------------------------------------------------

    async def halt(self) -> str:
        """Stop recruitment everywhere; the answer means that the sponsor has accepted it."""
        scope = {"recruitment": True, "dosing": False}
        body = {"trial_id": self.office.trial_id, "scope": scope, "reason_code": "safety_signal"}
        halt = await self.office.monitor.post("sponsor", "/halts", body)
        return str(halt["halt_id"])

    async def lift(self, halt_id: str) -> None:
        """End the halt, which takes a plan and two people."""
        path = f"/halts/{halt_id}"
        await self.office.monitor.post("sponsor", f"{path}/plans", {"plan": "treatment goes on"})
        reason = {"reason": "the signal was refuted", "evidence_id": "minutes-1"}
        await self.office.monitor.post("sponsor", f"{path}/lift-requests", reason)
        await self.office.chair.post("sponsor", f"{path}/lift-approvals")

    # -- what is known ------------------------------------------------------------------------------

    async def level_is_closed(self) -> bool:
        return bool((await self._levels())[self.cohort.part, self.cohort.level]["state"] == "closed")

    async def registered(self) -> int:
        """How many are registered at the open level, as enrolment counts them."""
        return int((await self._levels())[self.cohort.part, self.cohort.level]["enrolled"])

    async def _levels(self) -> dict[tuple[str, int], Any]:
        listed = await self.office.manager.get("enrolment", "/dose-levels", trial=CODE)
        return {(one["part"], one["level"]): one for one in listed["levels"]}

    async def alerts(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Alerts of the trial in the duty officer's inbox."""
        inbox = await self.officer.get("safety", "/alerts", trial=CODE, limit=200)
        return [one for one in inbox["items"] if kind in (None, one["kind"])]

    async def age_of_news(self, producer: str) -> float:
        """Seconds since the closed time that enrolment has of this producer, the oldest of its partitions."""
        marks = (await self.stage.operator.get("enrolment", "/delivery/watermarks"))["items"]
        topic = f"{producer}.events.v1"
        oldest = min(parse_instant(one["closed_at"]) for one in marks if one["topic"] == topic)
        return (server_now() - oldest).total_seconds()
