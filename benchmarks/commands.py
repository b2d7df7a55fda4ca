"""B5: a command over HTTP, from the token to the 201 after the commit, against one bare INSERT.

The service is the real one in its real process, `python -m services.<name> api`, so that relay and consumers
stay out of the figure, as in the network installation. Two commands are measured: a consent (`consents.py`),
and an adverse-event report (`reports.py`), which judges its participant's whole DLT window beside it.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
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
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import (
    DelegationGrantedV1,
    ProtocolVersionApprovedV3,
    SiteGreenLitV1,
)
from shared.database import Database
from shared.envelope import Record
from shared.ids import new_id
from shared.migrations import upgrade_on
from shared.process import Program
from shared.settings import Environment
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Running, running_service, settings_for_tests

TRIAL, TRIAL_ID = "PBTC042", "01993f6e-0000-7000-8000-000000000042"
SITE = "001"
INVESTIGATOR = f"investigator-{SITE}"
VERSION = "replay-1"


@dataclass(frozen=True)
class Asked:
    """A command as it is asked for: where, and with which body the n-th time."""

    path: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Servers:
    """The two servers of a comparison, both running, and requests for them."""

    ours: str
    anchor: str
    token: str
    ask: Callable[[int], Asked]

    def request(self, n: int) -> bytes:
        """The n-th command."""
        asked = self.ask(n)
        return load.post(asked.path, asked.body, self.headers())

    def bare(self, n: int) -> bytes:
        """The same bytes to the bare server."""
        return load.post("/reports", self.ask(n).body, self.headers())

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": new_id()}


@dataclass(frozen=True)
class Comparison:
    """A service with what it is told before, and the command asked of it.

    `before` asks what must be there before the clock starts, given the service's address and headers. `floor`
    is the ratio to reach; None for a command that does another one's work beside its own.
    """

    what: str
    floor: float | None
    service: Program
    tell: Callable[[Running], Awaitable[None]]
    before: Callable[[str, Callable[[], dict[str, str]]], Awaitable[Callable[[int], Asked]]]


@asynccontextmanager
async def servers(around: Surroundings, kind: str, comparison: Comparison) -> AsyncIterator[Servers]:
    """The service's API and the bare server over stores of the same kind."""
    home, service = Home(around.folder), comparison.service
    home.ensure_key()
    migrate = partial(_migrate, Path(service.folder) / "store" / "migrations")
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(around.store_url(kind, service.name, migrate))
        async with opened(store) as database:
            await _tell(database, comparison)
        environ = {
            "TRIALOPS_ENVIRONMENT": "development",
            f"TRIALOPS_{service.name.upper()}_DATABASE_URL": store,
            "TRIALOPS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",  # an API speaks to no broker
            "TRIALOPS_TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "TRIALOPS_TOKEN_PUBLIC_KEYS_FILE": str(home.folder / "token-keys.public.json"),
        }
        ours = await stack.enter_async_context(program(f"services.{service.name}", "api", environ=environ))
        bare_store = await stack.enter_async_context(around.store_url(kind, "bare", bare.make_table))
        anchor = await stack.enter_async_context(program("benchmarks.bare", "--store", bare_store))
        token = home.token(INVESTIGATOR, f"site_investigator:{TRIAL}:{SITE}", hours=4)
        headers = Servers(ours, anchor, token, _nothing).headers
        yield Servers(ours, anchor, token, await comparison.before(ours, headers))


def _nothing(_n: int) -> Asked:
    raise AssertionError("nothing is asked yet")


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)


async def _tell(database: Database, comparison: Comparison) -> None:
    settings = settings_for_tests(comparison.service.name, Environment.DEVELOPMENT)
    async with running_service(
        comparison.service.define(settings), database, environment=Environment.DEVELOPMENT
    ) as running:
        await comparison.tell(running)


def of_the_trial(sponsor: FakeProducer, now: datetime) -> list[Record]:
    """What the sponsor tells of the trial: its protocol, a hospital, and the investigator there."""
    protocol = ProtocolFile.model_validate_json(json.dumps(read_protocol()))
    approved = ProtocolVersionApprovedV3(
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
