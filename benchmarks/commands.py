"""B5: an adverse-event report over HTTP, from the token to the 201 after the commit, against one bare INSERT.

The service is the real one in its real process: `python -m services.safety api`, so that relay and consumers
stay out of the figure, as in the network installation. It knows a trial, a hospital and its participants, told
to it by event. Every report is stored whole, coded, judged against the trial's DLT definition, announced,
audited and kept under its idempotency key; the participant's window is judged anew.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import bare, load
from benchmarks.programs import program
from benchmarks.surroundings import Surroundings, opened
from deploy.trialops.demo.office import read_protocol
from deploy.trialops.home import DEVELOPMENT_ISSUER, Home
from services.enrolment.events.published import (
    AdministrationV1,
    DoseRecordedV1,
    FirstDoseRecordedV1,
    ParticipantRegisteredV1,
)
from services.safety.app import definition
from services.safety.app import program as safety
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import (
    DelegationGrantedV1,
    ProtocolVersionApprovedV1,
    SiteGreenLitV1,
)
from shared.clock import format_instant, server_now
from shared.database import Database
from shared.envelope import Record
from shared.ids import new_id
from shared.migrations import upgrade_on
from shared.settings import Environment
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import running_service, settings_for_tests

TRIAL_ID = "01993f6e-0000-7000-8000-000000000042"
SITE = "001"
INVESTIGATOR = f"investigator-{SITE}"
PARTICIPANTS = 2_000


@dataclass(frozen=True)
class Servers:
    """The two servers of a comparison, both running, and requests for them."""

    ours: str
    anchor: str
    token: str

    def report(self, n: int) -> bytes:
        """A grade 1 nausea of one of the participants, reported by their investigator."""
        now = server_now()
        body = {
            "trial": "PBTC042",
            "participant_number": _number(n % PARTICIPANTS),
            "site_number": SITE,
            "verbatim": "mild nausea, no treatment needed",
            "term": "Nausea",
            "ctcae": "5.0",
            "grades": [{"grade": 1, "on": now.date().isoformat()}],
            "onset": now.date().isoformat(),
            "aware_at": format_instant(now),
            "seriousness": [],
            "causality": "probable",
            "outcome": "not_recovered",
        }
        return load.post("/safety/api/v1/adverse-events", body, self._headers())

    def bare(self, n: int) -> bytes:
        """The same bytes to the bare server."""
        return self.report(n).replace(b"/safety/api/v1/adverse-events", b"/reports", 1)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": new_id()}


@asynccontextmanager
async def servers(around: Surroundings, kind: str) -> AsyncIterator[Servers]:
    """The safety service's API and the bare server over stores of the same kind."""
    home = Home(around.folder)
    home.ensure_key()
    migrate = partial(_migrate, Path(safety.folder) / "store" / "migrations")
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(around.store_url(kind, "safety", migrate))
        async with opened(store) as database:
            await tell_of_participants(database)
        environ = {
            "TRIALOPS_ENVIRONMENT": "development",
            "TRIALOPS_SAFETY_DATABASE_URL": store,
            "TRIALOPS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",  # an API speaks to no broker
            "TRIALOPS_TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "TRIALOPS_TOKEN_PUBLIC_KEYS_FILE": str(home.folder / "token-keys.public.json"),
        }
        ours = await stack.enter_async_context(program("services.safety", "api", environ=environ))
        bare_store = await stack.enter_async_context(around.store_url(kind, "bare", bare.make_table))
        anchor = await stack.enter_async_context(program("benchmarks.bare", "--store", bare_store))
        grant = f"site_investigator:PBTC042:{SITE}"
        yield Servers(ours, anchor, home.token(INVESTIGATOR, grant, hours=4))


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


# -- what the service was told before ------------------------------------------------------------------------


async def tell_of_participants(database: Database) -> None:
    """An approved protocol, a hospital, an investigator, and participants who have begun treatment."""
    settings = settings_for_tests("safety", Environment.DEVELOPMENT)
    sponsor, enrolment = FakeProducer("sponsor"), FakeProducer("enrolment")
    async with running_service(
        definition(settings), database, environment=Environment.DEVELOPMENT
    ) as running:
        inboxes = running.service.inboxes
        await sponsor.deliver(inboxes["sponsor"], *_of_the_trial(sponsor, server_now()))
        for first in range(0, PARTICIPANTS, 100):
            told = [
                record
                for n in range(first, first + 100)
                for record in _of_a_participant(enrolment, n, server_now() - timedelta(days=3))
            ]
            await enrolment.deliver(inboxes["enrolment"], *told)


def _of_the_trial(sponsor: FakeProducer, now: datetime) -> list[Record]:
    protocol = ProtocolFile.model_validate_json(json.dumps(read_protocol()))
    approved = ProtocolVersionApprovedV1(
        trial_id=TRIAL_ID,
        trial_code=protocol.trial.code,
        protocol_version=protocol.protocol_version,
        protocol_sha256="0" * 64,
        protocol=protocol,
        approval_reference="approval-1",
        approved_on=date(2026, 1, 1),
        effective_at=now - timedelta(days=30),
        previous_sunset_at=None,
    )
    site = SiteGreenLitV1(
        trial_id=TRIAL_ID,
        site_id="site-1",
        site_number=SITE,
        organisation="Hospital",
        country="US",
        zone="America/New_York",
        protocol_version=protocol.protocol_version,
        granted_at=now - timedelta(days=30),
        recruitment_cap=None,
    )
    delegation = DelegationGrantedV1(
        trial_id=TRIAL_ID,
        delegation_id="delegation-1",
        person=INVESTIGATOR,
        role="site_investigator",
        site_number=SITE,
        from_at=now - timedelta(days=30),
        until_at=None,
    )
    bodies = (("protocol-1", approved), ("site-1", site), ("delegation-1", delegation))
    return [sponsor.event(body, aggregate_id=of, scope=TRIAL_ID) for of, body in bodies]


def _of_a_participant(enrolment: FakeProducer, n: int, at: datetime) -> list[Record]:
    participant = f"participant-{n}"
    registered = ParticipantRegisteredV1(
        trial_id=TRIAL_ID,
        participant_id=participant,
        participant_number=_number(n),
        screening_id=f"screening-{n}",
        screening_number=f"S-{SITE}-{n:04d}",
        site_number=SITE,
        zone="America/New_York",
        protocol_version="replay-1",
        part="stratum-1",
        stratum="I",
        level=1,
        slot_id=f"slot-{n}",
        decision_id="decision-1",
        registered_at=at,
        before_halt_seen=False,
    )
    dosed = FirstDoseRecordedV1(
        trial_id=TRIAL_ID, participant_id=participant, part="stratum-1", level_received=1, given_at=at
    )
    given = [
        AdministrationV1(at=at + timedelta(days=day), given=True, missed_because=None) for day in (0, 1, 2)
    ]
    doses = DoseRecordedV1(
        trial_id=TRIAL_ID,
        participant_id=participant,
        administrations=given,
        authorised=True,
        late_entry=False,
        recorded_at=at,
    )
    bodies = (registered, dosed, doses)
    return [enrolment.event(body, aggregate_id=participant, scope=TRIAL_ID) for body in bodies]


def _number(n: int) -> str:
    return f"PBTC042-{SITE}-{n:04d}"
