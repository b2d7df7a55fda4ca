"""People for B9 to B12: screened, consented, found eligible, and holding a place where one is free."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.enrolling import VERSION, Network, investigator, part, site_number, trial_code
from benchmarks.programs import program
from benchmarks.surroundings import Surroundings
from deploy.trialops.home import DEVELOPMENT_ISSUER, Home
from services.enrolment.app import program as enrolment
from shared.clock import format_instant, server_now
from shared.ids import new_id
from shared.migrations import upgrade_on

ADULT = {"year": 1996, "month": 3}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who lacks only the registration; no slot where none was free."""

    trial: int
    part: int
    site: int
    screening_id: str
    slot_id: str | None


@dataclass
class Enrolling:
    """The running service and the people who speak to it."""

    url: str
    store: str
    home: Home
    _tokens: dict[tuple[int, int], str] = field(default_factory=dict)

    def headers(self, trial: int, site: int) -> dict[str, str]:
        """Of the investigator at a site of a trial, with a key of its own."""
        who = (trial, site)
        if who not in self._tokens:
            grant = f"site_investigator:{trial_code(trial)}:{site_number(site)}"
            self._tokens[who] = self.home.token(investigator(site), grant, hours=4)
        return {"Authorization": f"Bearer {self._tokens[who]}", "Idempotency-Key": new_id()}

    def request(self, trial: int, site: int, path: str, body: Any) -> bytes:
        return load.post(f"/enrolment/api/v1{path}", body, self.headers(trial, site))

    def registration(self, one: Waiting) -> bytes:
        body = {"screening_id": one.screening_id, "slot_id": one.slot_id}
        return self.request(one.trial, one.site, "/registrations", body)

    def place_request(self, one: Waiting) -> bytes:
        body = {"trial": trial_code(one.trial), "part": part(one.part), "screening_id": one.screening_id}
        return self.request(one.trial, one.site, "/reservation-requests", body)

    async def ready(self, wanted: Sequence[tuple[int, int, int]], *, places: bool) -> list[Waiting]:
        """One person for each (trial, part, site), in that order, with a place when `places`."""
        found: list[Waiting | None] = [None] * len(wanted)
        numbers = iter(range(len(wanted)))

        async def prepare() -> None:
            connection = load.Connection(self.url)
            for number in numbers:
                found[number] = await self._ready(connection, *wanted[number], places)
            connection.close()

        await asyncio.gather(*(prepare() for _ in range(load.CONNECTIONS)))
        return [one for one in found if one is not None]

    async def _ready(
        self, connection: load.Connection, trial: int, number: int, site: int, places: bool
    ) -> Waiting:
        async def ask(path: str, body: Any) -> Any:
            answer = await connection.ask(self.request(trial, site, path, body))
            if answer.status not in (201, 202):
                raise load.Unexpected(f"{path} {answer.status}: {answer.body[:300]!r}")
            return load.read(answer)

        code, signed_at = trial_code(trial), format_instant(server_now() - timedelta(minutes=5))
        body = {"trial": code, "part": part(number), "site_number": site_number(site), "born": ADULT}
        screening: str = (await ask("/screenings", body))["screening_id"]
        consent = {"purpose": "own_consent", "document": "own-consent", "version": "1.0"}
        signed = {"capacity": "participant", "signed_at": signed_at}
        await ask(f"/screenings/{screening}/consents", consent | signed)
        eligible = {
            "version": VERSION,
            "answers": dict.fromkeys(("diagnosis", "measurable", "organ-function"), True),
            "judgement": {"in_interests": True},
            "signed_at": signed_at,
        }
        await ask(f"/screenings/{screening}/eligibility", eligible)
        one = Waiting(trial, number, site, screening, None)
        if not places:
            return one
        place = await connection.ask(self.place_request(one))
        return replace(one, slot_id=load.read(place)["slot_id"])


@asynccontextmanager
async def enrolling(around: Surroundings, kind: str, network: Network) -> AsyncIterator[Enrolling]:
    """The service over a fresh store of a kind, with these trials open."""
    home = Home(around.folder)
    home.ensure_key()
    migrate = partial(_migrate, Path(enrolment.folder) / "store" / "migrations")
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(around.store_url(kind, "enrolment", migrate))
        environ = {
            "TRIALOPS_ENVIRONMENT": "development",
            "TRIALOPS_ENROLMENT_DATABASE_URL": store,
            "TRIALOPS_TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "TRIALOPS_TOKEN_PUBLIC_KEYS_FILE": str(home.folder / "token-keys.public.json"),
        }
        arguments = ("--store", store, *network.arguments())
        url = await stack.enter_async_context(program("benchmarks.enrolling", *arguments, environ=environ))
        yield Enrolling(url, store, home)


def _migrate(folder: Path, connection: Any) -> None:
    upgrade_on(connection, folder)
