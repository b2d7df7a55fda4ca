"""A trial office in a test: the real service over a migrated store, its people, and the two other services."""

import json
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from services.enrolment.events.published import (
    DoseLevelClosedV1,
    DoseLevelOpenedV1,
    FirstDoseRecordedV1,
    ParticipantAllocatedV1,
    ParticipantRegisteredV1,
    RegistrationVoidedV1,
    TreatmentEndedV1,
)
from services.safety.events.published import DltVerdictRecordedV1, DltWindowClosedV1
from services.sponsor.app import definition
from services.sponsor.domain.green_light import DEFAULT_CHECKLIST
from services.sponsor.events.examples import EXAMPLE_PROTOCOL
from shared.database import Database
from shared.envelope import Record
from shared.ids import new_id
from shared.migrations import upgrade_on
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Person, Running, proof, running_service, settings_for_tests
from shared.testing.stores import any_store

REPOSITORY = Path(__file__).parents[2]
MIGRATIONS = REPOSITORY / "services" / "sponsor" / "store" / "migrations"
REPLAYED = REPOSITORY / "deploy" / "trialops" / "demo" / "pbtc042.protocol.json"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
Json = dict[str, Any]


def migrate(connection: Connection) -> None:
    upgrade_on(connection, MIGRATIONS)


@pytest.fixture
async def store(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A started store of the sponsor service, made by its migrations."""
    async with any_store(store_kind, tmp_path, store_server, "sponsor", migrate) as database:
        yield database


@pytest.fixture
async def running(store: Database) -> AsyncIterator[Running]:
    async with running_service(definition(settings_for_tests("sponsor")), store) as running:
        yield running


@pytest.fixture
def protocol() -> Json:
    """A complete protocol file: an escalation with levels 50 and 75, and an expansion at 75."""
    return deepcopy(EXAMPLE_PROTOCOL)


@pytest.fixture
def replayed_protocol() -> Json:
    """The protocol file of the published trial that is replayed."""
    stated: Json = json.loads(REPLAYED.read_text(encoding="utf-8"))
    return stated


def created(answer: httpx.Response) -> Json:
    """The body of an answer that must be 201."""
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    return body


def shown(answer: httpx.Response) -> Json:
    """The body of an answer that must be 200."""
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def refused(answer: httpx.Response, status: int, code: str) -> Json:
    """The problem document of a refusal that must have this status and code."""
    body: Json = answer.json()
    assert (answer.status_code, body.get("code")) == (status, code), answer.text
    return body


@dataclass
class Network:
    """What enrolment and safety say about one trial, delivered to the sponsor's inboxes."""

    running: Running
    trial_id: str
    enrolment: FakeProducer = field(default_factory=lambda: FakeProducer("enrolment"))
    safety: FakeProducer = field(default_factory=lambda: FakeProducer("safety"))
    sequence: int = 0

    async def hear(self, *records: Record) -> None:
        """Deliver records of either service, then a watermark of each."""
        for producer in (self.enrolment, self.safety):
            own = [record for record in records if record.topic == producer.topic]
            await producer.deliver(self.running.service.inboxes[producer.service], *own)

    def registered(
        self, participant_id: str, part: str, level: int, *, decision_id: str = "", stratum: str = "I"
    ) -> Record:
        self.sequence += 1
        body = ParticipantRegisteredV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            participant_number=f"EP01-012-{self.sequence:04}",
            screening_id=new_id(),
            screening_number=f"S-012-{self.sequence:04}",
            site_number="012",
            zone="Europe/London",
            protocol_version="1.0",
            part=part,
            stratum=stratum,
            level=level,
            slot_id=new_id(),
            decision_id=decision_id,
            registered_at=AT,
            before_halt_seen=False,
        )
        return self._enrolment(body, participant_id)

    def allocated(self, participant_id: str, part: str, level: int) -> Record:
        body = ParticipantAllocatedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            part=part,
            level=level,
            dose="50",
            unit="mg/m2",
            decision_id="",
            rule_cell="(0, 0, 0)",
        )
        return self._enrolment(body, participant_id)

    def dosed(self, participant_id: str, part: str, level: int) -> Record:
        body = FirstDoseRecordedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            part=part,
            level_received=level,
            given_at=AT + timedelta(days=1),
        )
        return self._enrolment(body, participant_id)

    def voided(self, participant_id: str) -> Record:
        body = RegistrationVoidedV1(
            trial_id=self.trial_id, participant_id=participant_id, reason_code="error", voided_at=AT
        )
        return self._enrolment(body, participant_id)

    def ended(self, participant_id: str, *, before_first_dose: bool = False) -> Record:
        body = TreatmentEndedV1(
            trial_id=self.trial_id,
            participant_id=participant_id,
            ended_at=AT,
            reason="participant_choice",
            before_first_dose=before_first_dose,
        )
        return self._enrolment(body, participant_id)

    def level_opened(self, part: str, level: int, decision_id: str) -> Record:
        body = DoseLevelOpenedV1(
            trial_id=self.trial_id,
            level_id=self._level_id(part, level),
            part=part,
            level=level,
            decision_id=decision_id,
            places=6,
            opened_at=AT,
        )
        return self._enrolment(body, self._level_id(part, level))

    def level_closed(self, part: str, level: int) -> Record:
        body = DoseLevelClosedV1(
            trial_id=self.trial_id,
            level_id=self._level_id(part, level),
            part=part,
            level=level,
            cause="cohort_rule",
            rule_cell="(4, 2, 0)",
            decision_id=None,
            closed_at=AT,
        )
        return self._enrolment(body, self._level_id(part, level))

    def verdict(
        self, participant_id: str, verdict: str, part: str, level: int, *, provisional: str = "none"
    ) -> Record:
        window_id = f"window-of-{participant_id}"
        body = DltVerdictRecordedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "window_id": window_id,
                "participant_id": participant_id,
                "version": 1,
                "verdict": verdict,
                "provisional": provisional,
                "part": part,
                "level_allocated": level,
                "level_received": level,
                "criteria": [],
                "reasons": [],
                "definition": "ep01-dlt 1",
                "dictionary": "5.0+0",
                "convention": "day_difference",
                "cause": "timer",
                "report_id": None,
                "recorded_at": AT,
            }
        )
        return self.safety.event(body, aggregate_id=window_id, scope=self.trial_id)

    def window_closed(self, participant_id: str) -> Record:
        window_id = f"window-of-{participant_id}"
        body = DltWindowClosedV1(
            trial_id=self.trial_id, window_id=window_id, participant_id=participant_id, closed_at=AT
        )
        return self.safety.event(body, aggregate_id=window_id, scope=self.trial_id)

    def _enrolment(self, body: Any, aggregate_id: str) -> Record:
        return self.enrolment.event(body, aggregate_id=aggregate_id, scope=self.trial_id)

    def _level_id(self, part: str, level: int) -> str:
        return f"level-{part}-{level}"


@dataclass
class Office:
    """A trial and the people around it, driven through the API alone."""

    running: Running
    trial_id: str
    code: str
    version_id: str
    version: str
    network: Network
    site_id: str = ""

    def person(self, name: str, role: str, site: str = "*") -> Person:
        return self.running.person(name, f"{role}:{self.code}:{site}")

    @property
    def manager(self) -> Person:
        return self.person("manager", "trial_manager")

    @property
    def quality(self) -> Person:
        return self.person("quality", "sponsor_qa")

    @property
    def chair(self) -> Person:
        return self.person("chair", "src_chair")

    @property
    def monitor(self) -> Person:
        return self.person("monitor", "medical_monitor")

    @property
    def statistician(self) -> Person:
        return self.person("statistician", "trial_statistician")

    async def approve(self) -> Json:
        body = {"reference": "CR-1", "approved_on": "2026-02-27"}
        return created(await self.quality.post(f"/protocol-versions/{self.version_id}/approvals", body))

    async def delegate(self, person: str, role: str, site_number: str | None = None) -> Json:
        body = {
            "trial_id": self.trial_id,
            "person": person,
            "role": role,
            "site_number": site_number,
            "from_at": "2026-01-01T00:00:00Z",
        }
        return created(await self.manager.post("/delegations", body))

    async def delegate_committee(self) -> None:
        for person, role in (
            ("investigator", "site_investigator"),
            ("chair", "src_chair"),
            ("monitor", "medical_monitor"),
            ("statistician", "trial_statistician"),
        ):
            await self.delegate(person, role)

    async def add_site(self, number: str = "012") -> Json:
        body = {
            "site_number": number,
            "organisation": "Example Children's Hospital",
            "country": "GB",
            "zone": "Europe/London",
            "principal_investigator": f"pi-{number}",
        }
        site = created(await self.manager.post(f"/trials/{self.trial_id}/sites", body))
        self.site_id = site["site_id"]
        return site

    def checklist(self) -> list[Json]:
        return [
            {
                "item": item.id,
                "evidence_id": f"doc-{item.id}",
                "signer": "somebody",
                "signed_on": "2026-02-01",
            }
            for item in DEFAULT_CHECKLIST
        ]

    async def green_light(self) -> Json:
        body = {"protocol_version": self.version, "items": self.checklist()}
        return created(await self.manager.post(f"/sites/{self.site_id}/green-lights", body))

    async def open(self) -> Json:
        return created(await self.manager.post(f"/trials/{self.trial_id}/openings", {}))

    async def overview(self) -> Json:
        return shown(await self.manager.get(f"/trials/{self.trial_id}"))

    async def part(self, name: str) -> Json:
        parts = (await self.overview())["parts"]
        found: Json = next(part for part in parts if part["part"] == name)
        return found

    async def freeze(self, part: str) -> Json:
        return created(await self.statistician.post(f"/trials/{self.trial_id}/snapshots", {"part": part}))

    async def propose(self, part: str, kind: str, level: int, places: int = 0, **more: Any) -> httpx.Response:
        """Freeze a snapshot and propose on it."""
        snapshot = await self.freeze(part)
        body = {
            "snapshot_id": snapshot["snapshot_id"],
            "kind": kind,
            "level": level,
            "places": places,
            "text": "As the committee discussed.",
        }
        return await self.statistician.post("/decisions", body | more)

    async def sign(self, decision: Json, person: Person, role: str, **claims: str) -> httpx.Response:
        stated = {"purpose": decision["purpose"], "bound_to": decision["sign_over"]} | claims
        body = {"role": role, "proof": proof("sponsor", person.name, **stated)}
        return await person.post(f"/decisions/{decision['decision_id']}/signatures", body)

    async def decide(self, part: str, kind: str, level: int, places: int = 0, **more: Any) -> Json:
        """A decision proposed and signed by chair and medical monitor."""
        decision = created(await self.propose(part, kind, level, places, **more))
        created(await self.sign(decision, self.chair, "src_chair"))
        return created(await self.sign(decision, self.monitor, "medical_monitor"))

    async def enrol(self, part: str, level: int, n: int, *, decision: Json | None = None) -> list[str]:
        """Children registered and given a first dose."""
        people = [new_id() for _ in range(n)]
        decision_id = decision["decision_id"] if decision else ""
        heard = self.network
        for person in people:
            await heard.hear(
                heard.registered(person, part, level, decision_id=decision_id),
                heard.dosed(person, part, level),
            )
        return people

    async def judge(self, people: list[str], verdict: str, part: str, level: int, **more: Any) -> None:
        heard = self.network
        await heard.hear(*(heard.verdict(person, verdict, part, level, **more) for person in people))


async def registered_office(running: Running, protocol: Json) -> Office:
    """A trial registered by its manager, nothing else done."""
    code = protocol["trial"]["code"]
    manager = running.person("manager", f"trial_manager:{code}:*")
    trial = created(await manager.post("/trials", protocol))
    network = Network(running, trial["trial_id"])
    return Office(
        running=running,
        trial_id=trial["trial_id"],
        code=code,
        version_id=trial["protocol_version_id"],
        version=trial["protocol_version"],
        network=network,
    )


async def recruiting_office(running: Running, protocol: Json) -> Office:
    """A trial that is open, with one green-lit site, a committee, and both other services heard."""
    office = await registered_office(running, protocol)
    await office.approve()
    await office.delegate_committee()
    await office.add_site()
    await office.green_light()
    await office.open()
    await office.network.hear()
    return office


@pytest.fixture
async def new_office(running: Running, protocol: Json) -> Office:
    return await registered_office(running, protocol)


@pytest.fixture
async def office(running: Running, protocol: Json) -> Office:
    return await recruiting_office(running, protocol)
