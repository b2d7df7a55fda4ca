"""The safety service running over a store, with a trial, a site and participants told to it by event."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.enrolment.events.published import (
    AdministrationV1,
    ConsentRecordedV1,
    DoseRecordedV1,
    FirstDoseRecordedV1,
    ParticipantAllocatedV1,
    ParticipantRegisteredV1,
    ParticipationChangedV1,
    RegistrationVoidedV1,
    TreatmentEndedV1,
)
from services.safety.app import definition
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import (
    DelegationEndedV1,
    DelegationGrantedV1,
    ProtocolVersionApprovedV1,
    SiteGreenLitV1,
)
from shared.clock import format_instant, server_now
from shared.database import Database, Sql
from shared.envelope import Record
from shared.inbox import Inbox
from shared.migrations import upgrade_on
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Person, Running, running_service, settings_for_tests
from shared.testing.stores import any_store

MIGRATIONS = Path(__file__).parents[2] / "services" / "safety" / "store" / "migrations"

TRIAL = "01993f6e-0000-7000-8000-00000000ep01"
NUMBER = "EP01-012-0017"


def protocol(**replaced: Any) -> dict[str, Any]:
    """A protocol file with the criteria that paediatric phase I protocols print."""
    document: dict[str, Any] = {
        "schema_version": 1,
        "trial": {
            "code": "EP01",
            "title": "Example",
            "legal_sponsor": "Example",
            "kind": "dose_finding",
            "phase": "I",
            "ctimp": True,
        },
        "protocol_version": "1.0",
        "zone": "Europe/London",
        "ctcae": "5.0+0",
        "reporting_regimes": ["uk-2026"],
        "parts": [
            {
                "part": "escalation",
                "stratum": "I",
                "kind": "escalation",
                "levels": [{"level": 1, "label": "1", "dose": "10", "unit": "mg"}],
                "design": {"id": "rolling_six", "version": "2008.1"},
                "age": {"from_years": 1, "below_years": 18},
            }
        ],
        "dlt": {
            "dlt_definition": {"id": "ep01", "version": 3, "protocol_version": "1.0", "ctcae": "5.0+0"},
            "window": {
                "starts": "first_dose",
                "day_one": "local_date_of_first_dose",
                "days": 28,
                "closes": "end_of_local_day",
            },
            "minimum_exposure": {"doses_percent": 75},
            "duration_convention": "day_difference",
            "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
            "criteria": [
                {
                    "id": "nonhaem-g3",
                    "any_term": True,
                    "soc_not": ["Blood and lymphatic system disorders"],
                    "grade_at_least": 3,
                    "except": ["alt-brief"],
                },
                {
                    "id": "anc-long",
                    "term": "Neutrophil count decreased",
                    "grade_at_least": 4,
                    "lasting_more_than_days": 5,
                },
                {"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_percent": 25},
            ],
            "not_evaluable": ["left_before_window_end_without_dlt", "exposure_below_minimum"],
        },
        "treatment": {"product": "example", "doses_planned_in_window": 4, "dose_basis": "flat"},
        "eligibility": {"version": "1", "validity_days": 14, "criteria": [{"id": "d", "text": "x"}]},
        "consent": {
            "age_of_consent": {"GB": 16},
            "assent_from_years": 7,
            "documents": [
                {
                    "document": "parents",
                    "version": "1.0",
                    "purpose": "parental_consent",
                    "from_years": 0,
                    "below_years": 16,
                }
            ],
        },
        "slots": {"policy": "fifo_by_notification", "reserve_window_hours": 72},
        "decision": {"required_roles": ["src_chair", "medical_monitor"], "minimum_signers": 2},
    }
    return document | replaced


@dataclass
class World:
    """What the other services have said so far, and the people who speak to safety."""

    running: Running
    sponsor: FakeProducer = field(default_factory=lambda: FakeProducer("sponsor"))
    enrolment: FakeProducer = field(default_factory=lambda: FakeProducer("enrolment"))
    history: list[Record] = field(default_factory=list)
    trial_id: str = TRIAL

    # -- people -----------------------------------------------------------------------------------

    @property
    def investigator(self) -> Person:
        return self.running.person("dr-site", "site_investigator:EP01:012")

    @property
    def nurse(self) -> Person:
        return self.running.person("nurse", "site_nurse:EP01:012")

    @property
    def officer(self) -> Person:
        return self.running.person("officer", "safety_officer:EP01:*")

    @property
    def monitor(self) -> Person:
        return self.running.person("monitor", "medical_monitor:EP01:*")

    @property
    def manager(self) -> Person:
        return self.running.person("manager", "trial_manager:EP01:*")

    # -- time -------------------------------------------------------------------------------------

    async def now(self) -> datetime:
        return await self.running.service.database.read(self.running.service.domain_clock.now)

    async def today(self) -> date:
        return (await self.now()).date()

    async def move(self, to: datetime) -> None:
        await self.running.move_clock(format_instant(to))

    # -- events -----------------------------------------------------------------------------------

    def inbox(self, producer: str) -> Inbox:
        return self.running.service.inboxes[producer]

    async def tell(self, producer: FakeProducer, *records: Record) -> None:
        self.history.extend(records)
        await producer.deliver(self.inbox(producer.service), *records)

    def say(self, body: Any, aggregate_id: str | None = None) -> Record:
        """The next event of a participant, or of another aggregate of enrolment."""
        return self.enrolment.event(
            body, aggregate_id=aggregate_id or body.participant_id, scope=self.trial_id
        )

    def approved(self, document: dict[str, Any] | None = None) -> Record:
        file = ProtocolFile.model_validate_json(json.dumps(document or protocol()))
        body = ProtocolVersionApprovedV1(
            trial_id=self.trial_id,
            trial_code=file.trial.code,
            protocol_version=file.protocol_version,
            protocol_sha256="0" * 64,
            protocol=file,
            approval_reference="ref",
            approved_on=date(2026, 1, 1),
            effective_at=datetime.fromisoformat("2026-01-02T00:00:00+00:00"),
            previous_sunset_at=None,
        )
        aggregate_id = f"protocol-{file.protocol_version}"
        return self.sponsor.event(body, aggregate_id=aggregate_id, scope=self.trial_id)

    def green_lit(self, site_number: str = "012", zone: str = "Europe/London") -> Record:
        body = SiteGreenLitV1(
            trial_id=self.trial_id,
            site_id=f"site-{site_number}",
            site_number=site_number,
            organisation="Hospital",
            country="GB",
            zone=zone,
            protocol_version="1.0",
            granted_at=server_now(),
            recruitment_cap=None,
        )
        return self.sponsor.event(body, aggregate_id=f"site-{site_number}", scope=self.trial_id)

    def delegated(self, person: str = "dr-site", role: str = "site_investigator") -> Record:
        body = DelegationGrantedV1(
            trial_id=self.trial_id,
            delegation_id=f"delegation-{person}",
            person=person,
            role=role,
            site_number="012",
            from_at=server_now() - timedelta(days=30),
            until_at=None,
        )
        return self.sponsor.event(body, aggregate_id=body.delegation_id, scope=self.trial_id)

    def delegation_ended(self, person: str = "dr-site") -> Record:
        body = DelegationEndedV1(
            trial_id=self.trial_id,
            delegation_id=f"delegation-{person}",
            ended_at=server_now() - timedelta(hours=1),
        )
        return self.sponsor.event(body, aggregate_id=body.delegation_id, scope=self.trial_id)

    async def open_trial(self, document: dict[str, Any] | None = None) -> None:
        await self.tell(self.sponsor, self.approved(document), self.green_lit(), self.delegated())

    def registered(
        self,
        participant_id: str = "participant-1",
        number: str = NUMBER,
        *,
        site: str = "012",
        zone: str = "Europe/London",
        version: str = "1.0",
    ) -> Record:
        return self.say(
            ParticipantRegisteredV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                participant_number=number,
                screening_id=f"screening-{participant_id}",
                screening_number="S-012-0017",
                site_number=site,
                zone=zone,
                protocol_version=version,
                part="escalation",
                stratum="I",
                level=1,
                slot_id="slot",
                decision_id="decision",
                registered_at=server_now() - timedelta(days=3),
                before_halt_seen=False,
            )
        )

    def allocated(self, participant_id: str = "participant-1", level: int = 1) -> Record:
        return self.say(
            ParticipantAllocatedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                part="escalation",
                level=level,
                dose="10",
                unit="mg",
                decision_id="decision",
                rule_cell="1/0/1",
            )
        )

    def consented(self, participant_id: str = "participant-1", *, at: datetime) -> Record:
        body = ConsentRecordedV1(
            trial_id=self.trial_id,
            screening_id=f"screening-{participant_id}",
            purpose="parental_consent",
            document="parents",
            version="1.0",
            outcome="given",
            signed_at=at,
            received_at=at,
        )
        return self.say(body, aggregate_id=body.screening_id)

    def first_dose(self, participant_id: str = "participant-1", *, at: datetime) -> Record:
        return self.say(
            FirstDoseRecordedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                part="escalation",
                level_received=1,
                given_at=at,
            )
        )

    def doses(
        self,
        given: Sequence[datetime] = (),
        missed: Sequence[tuple[datetime, str | None]] = (),
        *,
        participant_id: str = "participant-1",
        authorised: bool = True,
    ) -> Record:
        administrations = [AdministrationV1(at=at, given=True, missed_because=None) for at in given]
        administrations += [AdministrationV1(at=at, given=False, missed_because=why) for at, why in missed]
        return self.say(
            DoseRecordedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                administrations=administrations,
                authorised=authorised,
                late_entry=False,
                recorded_at=server_now(),
            )
        )

    def ended(self, reason: str, *, at: datetime, participant_id: str = "participant-1") -> Record:
        return self.say(
            TreatmentEndedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                ended_at=at,
                reason=reason,
                before_first_dose=False,
            )
        )

    def participation(self, elements: dict[str, Any], *, at: datetime) -> Record:
        return self.say(
            ParticipationChangedV1(
                trial_id=self.trial_id,
                participant_id="participant-1",
                elements=elements,
                by="participant_or_parent",
                changed_at=at,
            )
        )

    def voided(self, participant_id: str = "participant-1") -> Record:
        return self.say(
            RegistrationVoidedV1(
                trial_id=self.trial_id,
                participant_id=participant_id,
                reason_code="error",
                voided_at=server_now(),
            )
        )

    async def treat(self, participant_id: str = "participant-1", number: str = NUMBER) -> datetime:
        """Register a participant and give the first dose an hour ago; returns when."""
        at = await self.now() - timedelta(hours=1)
        await self.tell(
            self.enrolment,
            self.registered(participant_id, number),
            self.first_dose(participant_id, at=at),
            self.doses([at], participant_id=participant_id),
        )
        return at

    # -- reports ----------------------------------------------------------------------------------

    async def report(
        self, *, by: Person | None = None, key: str | None = "", **stated: Any
    ) -> httpx.Response:
        """Report an event of the first participant with today's onset; keyword arguments replace fields."""
        now = await self.now()
        body = {
            "trial": "EP01",
            "participant_number": NUMBER,
            "site_number": "012",
            "verbatim": "very tired",
            "term": "Fatigue",
            "grade": 2,
            "onset": now.date().isoformat(),
            "aware_at": format_instant(now),
            "seriousness": [],
            "causality": "unrelated",
        } | stated
        stripped = {name: value for name, value in body.items() if value is not OMIT}
        return await (by or self.investigator).post("/adverse-events", stripped, key=key)

    async def reported(self, *, by: Person | None = None, **stated: Any) -> dict[str, Any]:
        answer = await self.report(by=by, **stated)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def verdict(self, participant_id: str = "participant-1") -> dict[str, Any]:
        answer = await self.officer.get(f"/participants/{participant_id}/dlt-verdicts")
        assert answer.status_code == 200, answer.text
        verdict: dict[str, Any] = answer.json()["dlt_verdict"]
        return verdict

    async def alerts(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.running.person("all", "safety_officer:*:*").get("/alerts", **query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def on_duty(
        self,
        person: str,
        role: str = "duty_officer",
        *,
        trial: str = "EP01",
        hours: int = 24 * 60,
        **stated: Any,
    ) -> dict[str, Any]:
        """Put somebody on the rota from an hour ago on."""
        now = await self.now()
        body = {
            "trial": trial,
            "person": person,
            "address": f"{person}@hospital.example",
            "role": role,
            "from_at": format_instant(now - timedelta(hours=1)),
            "until_at": format_instant(now + timedelta(hours=hours)),
        } | stated
        answer = await self.running.person("planner", "trial_manager:*:*").post("/duty-periods", body)
        assert answer.status_code == 201, answer.text
        period: dict[str, Any] = answer.json()
        return period

    async def alert(self, alert_id: str) -> dict[str, Any]:
        answer = await self.officer.get(f"/alerts/{alert_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def alert_kinds(self) -> list[str]:
        return [alert["kind"] for alert in await self.alerts()]

    async def rows(self, sql: str) -> list[Any]:
        return [tuple(row) for row in await self.running.service.database.read(lambda tx: tx.fetch(Sql(sql)))]

    async def audited(self) -> list[str]:
        """The action of every audit row, in order."""
        return [row[0] for row in await self.rows("SELECT action FROM audit ORDER BY id")]


class _Omitted:
    """Marks a field that is to be left out of a report."""


OMIT = _Omitted()


@pytest.fixture
def omit() -> object:
    return OMIT


@pytest.fixture
def protocol_with() -> Any:
    return protocol


@pytest.fixture
async def safety_store(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A started store of the safety service, made by its migrations."""

    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    async with any_store(store_kind, tmp_path, store_server, "safety", build) as database:
        yield database


@pytest.fixture
async def running(safety_store: Database) -> AsyncIterator[Running]:
    async with running_service(definition(settings_for_tests("safety")), safety_store) as running:
        yield running


@pytest.fixture
async def quiet_world(running: Running) -> World:
    """A running service that has heard nothing."""
    return World(running)


@pytest.fixture
async def world(quiet_world: World) -> World:
    """A running service that knows the trial EP01 and its site 012."""
    await quiet_world.open_trial()
    return quiet_world
