"""The enrolment service running over a store, with a trial that the sponsor and safety tell it about by event."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.enrolment.app import definition
from services.safety.events.published import (
    AdverseEventAmendedV1,
    AdverseEventReportedV1,
    DltVerdictRecordedV1,
)
from services.sponsor.domain.cohort_rule import NextLevel, rule_from_table, rule_payload
from services.sponsor.domain.escalation.table import table_from_rows
from services.sponsor.domain.ids import PartLevel
from services.sponsor.events import published as sponsor_events
from services.sponsor.events.protocol_file import ProtocolFile
from shared.clock import format_instant, parse_instant, server_now
from shared.database import Database, Sql
from shared.envelope import Record
from shared.inbox import Inbox
from shared.migrations import upgrade_on
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Person, Running, running_service, settings_for_tests
from shared.testing.stores import any_store

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "services" / "enrolment" / "store" / "migrations"
SHIPPED_TABLE = ROOT / "services" / "sponsor" / "designs" / "rolling-six.2008.1.json"

TRIAL = "01993f6e-0000-7000-8000-0000000000e1"
OTHER_TRIAL = "01993f6e-0000-7000-8000-0000000000e2"
CODE = "EP01"
SITES = ("012", "034", "056")
PART = "escalation"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def protocol(version: str = "1.0", code: str = CODE, **replaced: Any) -> dict[str, Any]:
    """A protocol file with an escalation part of three levels and an expansion part of one."""
    forms = [
        ("parents", "parental_consent", 0, 16),
        ("adults", "own_consent", 16, 121),
        ("teenagers", "assent", 11, 16),
    ]
    document: dict[str, Any] = {
        "schema_version": 1,
        "trial": {
            "code": code,
            "title": "Example",
            "legal_sponsor": "Example",
            "kind": "dose_finding",
            "phase": "I",
            "ctimp": True,
        },
        "protocol_version": version,
        "zone": "Europe/London",
        "ctcae": "5.0+0",
        "reporting_regimes": ["uk-2026"],
        "parts": [
            {
                "part": PART,
                "stratum": "I",
                "kind": "escalation",
                "levels": [
                    {"level": n, "label": f"level {n}", "dose": str(10 * n), "unit": "mg/m2"}
                    for n in (1, 2, 3)
                ],
                "design": {"id": "rolling_six", "version": "2008.1"},
                "age": {"from_years": 1, "below_years": 18},
            },
            {
                "part": "expansion",
                "stratum": "II",
                "kind": "expansion",
                "levels": [{"level": 1, "label": "expansion", "dose": "20", "unit": "mg/m2"}],
                "monitoring": {
                    "source": "protocol section 9",
                    "close_if_dlts_at_least": {"2": 2, "6": 3},
                    "max_evaluable": 12,
                },
                "age": {"from_years": 1, "below_years": 18},
            },
        ],
        "dlt": {
            "dlt_definition": {"id": "ep01", "version": 1, "protocol_version": version, "ctcae": "5.0+0"},
            "window": {
                "starts": "first_dose",
                "day_one": "local_date_of_first_dose",
                "days": 28,
                "closes": "end_of_local_day",
            },
            "minimum_exposure": {"doses_percent": 75},
            "duration_convention": "day_difference",
            "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
            "criteria": [{"id": "grade-3", "any_term": True, "grade_at_least": 3}],
            "not_evaluable": ["left_before_window_end_without_dlt"],
        },
        "treatment": {"product": "example", "doses_planned_in_window": 4, "dose_basis": "flat"},
        "eligibility": {
            "version": version,
            "validity_days": 14,
            "criteria": [{"id": "diagnosis", "text": "x"}, {"id": "organ-function", "text": "y"}],
        },
        "consent": {
            "age_of_consent": {"GB": 16},
            "assent_from_years": 6,
            "documents": [
                {
                    "document": document,
                    "version": version,
                    "purpose": purpose,
                    "from_years": from_years,
                    "below_years": below_years,
                }
                for document, purpose, from_years, below_years in forms
            ],
        },
        "slots": {"policy": "fifo_by_notification", "reserve_window_hours": 72},
        "decision": {
            "required_roles": ["src_chair", "medical_monitor"],
            "minimum_signers": 2,
            "circulation_receipts": False,
        },
    }
    return document | replaced


def rolling_six(part: str = PART, level: int = 1) -> dict[str, Any]:
    """The cohort rule of the shipped design at a level, as a signed decision carries it."""
    shipped = json.loads(SHIPPED_TABLE.read_text())
    table = table_from_rows(shipped["id"], shipped["version"], [tuple(row) for row in shipped["cells"]])
    rule = rule_from_table(table, PartLevel(part=part, level=level), NextLevel.OPENABLE)
    return dict(json.loads(json.dumps(rule_payload(rule))))


def boundary(**replaced: Any) -> dict[str, Any]:
    return {
        "kind": "boundary",
        "source": {"text": "protocol section 9"},
        "counts": [{"part": "expansion", "level": 1}],
        "max_evaluable": 12,
        "close_if_dlts_at_least": [[2, 2], [6, 3]],
    } | replaced


@dataclass
class World:
    """The running service, both producers, and everything a story about one trial needs."""

    running: Running
    trial_id: str = TRIAL
    code: str = CODE
    sponsor: FakeProducer = field(default_factory=lambda: FakeProducer("sponsor"))
    safety: FakeProducer = field(default_factory=lambda: FakeProducer("safety"))
    started: datetime = field(default_factory=server_now)
    serial: int = 0
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

    # -- the other services ---------------------------------------------------------------------------

    def inbox(self, producer: str) -> Inbox:
        return self.running.service.inboxes[producer]

    async def sponsor_says(self, *events: tuple[Any, str]) -> None:
        """Deliver the sponsor's events, given as (body, aggregate), with watermarks that make it fresh."""
        records = [
            self.sponsor.event(body, aggregate_id=aggregate, scope=self.trial_id)
            for body, aggregate in events
        ]
        await self.sponsor.deliver(self.inbox("sponsor"), *records)

    async def safety_says(self, *events: tuple[Any, str]) -> None:
        records = [
            self.safety.event(body, aggregate_id=aggregate, scope=self.trial_id) for body, aggregate in events
        ]
        await self.safety.deliver(self.inbox("safety"), *records)

    async def freshen(self) -> None:
        """Both producers say once more that there is nothing else."""
        await self.sponsor_says()
        await self.safety_says()

    def approved(
        self,
        version: str = "1.0",
        *,
        effective_at: datetime | None = None,
        sunset: datetime | None = None,
        **replaced: Any,
    ) -> tuple[Any, str]:
        body = sponsor_events.ProtocolVersionApprovedV1(
            trial_id=self.trial_id,
            trial_code=self.code,
            protocol_version=version,
            protocol_sha256="0" * 64,
            protocol=ProtocolFile.model_validate(protocol(version, self.code, **replaced)),
            approval_reference="ref",
            approved_on=date(2026, 1, 1),
            effective_at=effective_at or self.started - 100 * DAY,
            previous_sunset_at=sunset,
        )
        return body, f"version-{self.trial_id}-{version}"

    def opened(self) -> tuple[Any, str]:
        return (
            sponsor_events.TrialOpenedV1(
                trial_id=self.trial_id, trial_code=self.code, opened_at=self.started
            ),
            self.trial_id,
        )

    def green_lit(self, site: str, version: str = "1.0", cap: int | None = None) -> tuple[Any, str]:
        body = sponsor_events.SiteGreenLitV1(
            trial_id=self.trial_id,
            site_id=f"site-{site}",
            site_number=site,
            organisation="A hospital",
            country="GB",
            zone="Europe/London",
            protocol_version=version,
            granted_at=self.started,
            recruitment_cap=cap,
        )
        return body, f"{self.trial_id}-site-{site}"

    def site_revoked(self, site: str) -> tuple[Any, str]:
        body = sponsor_events.SiteRevokedV1(
            trial_id=self.trial_id,
            site_id=f"site-{site}",
            site_number=site,
            revoked_at=self.started,
            reason_code="audit",
        )
        return body, f"{self.trial_id}-site-{site}"

    def delegated(self, person: str, role: str, site: str | None) -> tuple[Any, str]:
        body = sponsor_events.DelegationGrantedV1(
            trial_id=self.trial_id,
            delegation_id=f"duty-{self.trial_id}-{person}",
            person=person,
            role=role,
            site_number=site,
            from_at=self.started - DAY,
            until_at=None,
        )
        return body, f"duty-{self.trial_id}-{person}"

    def delegation_ended(self, person: str) -> tuple[Any, str]:
        delegation = f"duty-{self.trial_id}-{person}"
        body = sponsor_events.DelegationEndedV1(
            trial_id=self.trial_id, delegation_id=delegation, ended_at=self.started
        )
        return body, delegation

    def decision(
        self,
        name: str,
        kind: str = "open_level",
        *,
        part: str = PART,
        level: int = 1,
        places: int = 6,
        rule: dict[str, Any] | None = None,
        signers: Sequence[str] = ("chair", "monitor"),
    ) -> tuple[Any, str]:
        carries = kind in ("open_level", "expand", "reopen_level")
        body = sponsor_events.DoseDecisionSignedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "decision_id": name,
                "kind": kind,
                "part": part,
                "level": level,
                "places": places if carries else 0,
                "cohort_rule": (rule or rolling_six(part, level)) if carries else None,
                "rule_sha256": None,
                "snapshot_sha256": "0" * 64,
                "text_sha256": "0" * 64,
                "signed_by": [
                    {"person": one, "role": one, "signed_at": "2026-01-01T00:00:00Z"} for one in signers
                ],
                "in_force_at": self.started + timedelta(seconds=self._next()),
                "overrides_recommendation": False,
            }
        )
        return body, name

    def superseded(self, name: str, *, level: int = 1, part: str = PART) -> tuple[Any, str]:
        body = sponsor_events.DoseDecisionSupersededV1(
            trial_id=self.trial_id,
            decision_id=name,
            part=part,
            level=level,
            reason="late data",
            superseded_at=self.started,
        )
        return body, name

    def held(self, level: int = 1) -> tuple[Any, str]:
        body = sponsor_events.CohortHeldV1(
            trial_id=self.trial_id, part=PART, level=level, reason="wait", held_at=self.started
        )
        return body, f"hold-{level}"

    def released(self, level: int = 1) -> tuple[Any, str]:
        body = sponsor_events.CohortReleasedV1(
            trial_id=self.trial_id, part=PART, level=level, released_at=self.started
        )
        return body, f"hold-{level}"

    def halt(self, name: str = "halt-1", **scope: Any) -> tuple[Any, str]:
        whole = {"part": None, "level": None, "site_number": None, "recruitment": True, "dosing": True}
        body = sponsor_events.HaltImposedV1(
            trial_id=self.trial_id,
            halt_id=name,
            scope=sponsor_events.HaltScopeV1(**(whole | scope)),
            reason_code="death",
            imposed_at=server_now() + 3650 * DAY,
        )
        return body, name

    def lifted(self, name: str = "halt-1") -> tuple[Any, str]:
        return sponsor_events.HaltLiftedV1(trial_id=self.trial_id, halt_id=name, lifted_at=self.started), name

    def verdict(
        self,
        participant_id: str,
        verdict: str = "dlt",
        *,
        provisional: str = "none",
        level: int = 1,
        part: str = PART,
    ) -> tuple[Any, str]:
        body = DltVerdictRecordedV1.model_validate(
            {
                "trial_id": self.trial_id,
                "window_id": f"window-{participant_id}",
                "participant_id": participant_id,
                "version": self._next(),
                "verdict": verdict,
                "provisional": provisional,
                "part": part,
                "level_allocated": level,
                "level_received": level,
                "criteria": [],
                "reasons": [],
                "definition": "ep01/1",
                "dictionary": "5.0+0",
                "convention": "day_difference",
                "cause": "report",
                "report_id": None,
                "recorded_at": self.started,
            }
        )
        return body, f"window-{participant_id}"

    def report(
        self,
        name: str = "report-1",
        matched: str = "unmatched",
        *,
        holds: bool = True,
        amended: bool = False,
    ) -> tuple[Any, str]:
        facts: dict[str, Any] = {
            "trial_id": self.trial_id,
            "report_id": name,
            "version": self._next(),
            "matched": matched,
            "holds_trial": holds and matched == "unmatched",
            "participant_id": None,
            "site_number": None,
            "term": None,
            "dictionary": "5.0+0",
            "grade": None,
            "serious": False,
            "seriousness": [],
            "suspected": True,
            "onset_on": None,
            "outcome": None,
            "aware_at": self.started,
            "queries": [],
        }
        if amended:
            return AdverseEventAmendedV1(**facts, changed=["matched"]), name
        return AdverseEventReportedV1(**facts), name

    def _next(self) -> int:
        self.serial += 1
        return self.serial

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


def codes(answer: httpx.Response) -> list[str]:
    """Codes of every failing guard that a refusal names."""
    return [guard["code"] for guard in answer.json()["guards"]]


@pytest.fixture
def codes_of() -> Any:
    return codes


@pytest.fixture
async def database(store_kind: Any, store_server: Any, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated store of this service."""

    def build(connection: Any) -> None:
        upgrade_on(connection, MIGRATIONS)

    async with any_store(store_kind, tmp_path / "enrolment", store_server, "enrolment", build) as store:
        yield store


@asynccontextmanager
async def enrolment_world(store: Database) -> AsyncIterator[World]:
    async with running_service(definition(settings_for_tests("enrolment")), store) as running:
        yield World(running)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """The service, with nothing heard yet."""
    async with enrolment_world(database) as made:
        yield made


@pytest.fixture
async def trial(world: World) -> World:
    """The service with an open trial, three sites and six places at level 1."""
    await world.set_up()
    return world


@pytest.fixture
def make_world() -> Any:
    """For tests that open their own stores."""
    return enrolment_world


def records_of(producer: FakeProducer, world: World, *events: tuple[Any, str]) -> list[Record]:
    return [producer.event(body, aggregate_id=aggregate, scope=world.trial_id) for body, aggregate in events]
