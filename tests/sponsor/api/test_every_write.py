"""Every writing route: one audit row per change, and no success without a commit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from shared.audit_verify import verify
from shared.database import Database, Dialect, Sql, StoreUnavailable, Tx, Work
from shared.perform import Performer
from shared.signed_folders import folder_sha256
from shared.testing.running import Running, proof
from tests.sponsor.api.committee_routes import committee_writes
from tests.sponsor.api.test_access import folder, own_routes
from tests.sponsor.office import Json, Office, registered_office

Send = Callable[[], Awaitable[httpx.Response]]


class CommitFails:
    """A store that does everything a command asks of it and then cannot commit."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.on_announced = lambda: None

    @property
    def dialect(self) -> Dialect:
        return self._real.dialect

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def write(self, work: Work[Any]) -> Any:
        async def doomed(tx: Tx) -> None:
            await work(tx)
            raise StoreUnavailable("the commit failed")

        return await self._real.write(doomed)

    async def read(self, work: Work[Any]) -> Any:
        return await self._real.read(work)


@dataclass(frozen=True)
class Write:
    """One request that would succeed; `audit_only` counts its changes that no event announces."""

    path: str
    send: Send
    audit_only: int


class Story:
    """Every writing route of the service once, each possible after those before it."""

    def __init__(self, office: Office, protocol: Json) -> None:
        self.office = office
        self.protocol = protocol
        self.last: Json = {}
        self.kept: dict[str, Json] = {}

    def post(self, who: Any, path: str, body: Any = None) -> Send:
        async def send() -> httpx.Response:
            answer: httpx.Response = await who.post(path, body)
            return answer

        return send

    def writes(self) -> list[tuple[str, Callable[[], Send], int]]:
        o, kept = self.office, self.kept
        trial = f"/trials/{o.trial_id}"
        halting = {"trial_id": o.trial_id, "reason_code": "x"} | {
            "scope": {"recruitment": True, "dosing": True}
        }
        return [
            (
                "/trials",
                lambda: self.post(o.running.person("m", "trial_manager:*:*"), "/trials", self._other()),
                1,
            ),
            (
                "/trials/{trial_id}/protocol-versions",
                lambda: self.post(o.manager, f"{trial}/protocol-versions", self._later()),
                1,
            ),
            (
                "/protocol-versions/{version_id}/approvals",
                lambda: self.post(
                    o.quality,
                    f"/protocol-versions/{o.version_id}/approvals",
                    {"reference": "CR-1", "approved_on": "2026-02-27"},
                ),
                0,
            ),
            (
                "/delegations",
                lambda: self.post(o.manager, "/delegations", self._line("investigator", "site_investigator")),
                0,
            ),
            ("chair", lambda: self.post(o.manager, "/delegations", self._line("chair", "src_chair")), 0),
            (
                "monitor",
                lambda: self.post(o.manager, "/delegations", self._line("monitor", "medical_monitor")),
                0,
            ),
            ("nurse", lambda: self.post(o.manager, "/delegations", self._line("nurse", "safety_officer")), 0),
            (
                "/delegations/{delegation_id}/endings",
                lambda: self.post(
                    o.manager, f"/delegations/{kept['nurse']['delegation_id']}/endings", {"reason_code": "x"}
                ),
                0,
            ),
            ("/trials/{trial_id}/sites", lambda: self.post(o.manager, f"{trial}/sites", self._site()), 1),
            (
                "/sites/{site_id}/green-lights",
                lambda: self.post(o.manager, f"/sites/{self._site_id()}/green-lights", self._light()),
                0,
            ),
            (
                "/sites/{site_id}/suspensions",
                lambda: self.post(o.manager, f"/sites/{self._site_id()}/suspensions", {"reason_code": "x"}),
                0,
            ),
            (
                "/sites/{site_id}/green-light-revocations",
                lambda: self.post(
                    o.manager, f"/sites/{self._site_id()}/green-light-revocations", {"reason_code": "x"}
                ),
                0,
            ),
            (
                "regrant proposed",
                lambda: self.post(o.manager, f"/sites/{self._site_id()}/green-lights", self._light()),
                1,
            ),
            (
                "further approval",
                lambda: self.post(
                    o.quality,
                    f"/protocol-versions/{o.version_id}/approvals",
                    {"reference": "G-1", "approved_on": "2026-02-27", "kind_of_approval": "gmo_consent"},
                ),
                1,
            ),
            (
                "/trials/{trial_id}/emergency-unblinding-tests",
                lambda: self.post(
                    o.manager,
                    f"{trial}/emergency-unblinding-tests",
                    {"evidence_id": "doc-1", "tested_on": "2026-02-01"},
                ),
                1,
            ),
            ("/trials/{trial_id}/imports", lambda: self.post(o.manager, f"{trial}/imports", self._rows()), 1),
            ("/take-overs", self._take_over, 1),
            ("/trials/{trial_id}/openings", lambda: self.post(o.manager, f"{trial}/openings", {}), 0),
            (
                "/trials/{trial_id}/snapshots",
                lambda: self.post(o.chair, f"{trial}/snapshots", {"part": "escalation"}),
                1,
            ),
            ("/decisions", lambda: self.post(o.chair, "/decisions", self._opening()), 1),
            ("/decisions/{decision_id}/signatures", lambda: self._sign(o.chair, "src_chair"), 1),
            ("second signature", lambda: self._sign(o.monitor, "medical_monitor"), 0),
            ("snapshot 2", lambda: self.post(o.chair, f"{trial}/snapshots", {"part": "escalation"}), 1),
            ("decision 2", lambda: self.post(o.chair, "/decisions", self._opening("snapshot 2")), 1),
            (
                "/decisions/{decision_id}/withdrawals",
                lambda: self.post(
                    o.chair, f"/decisions/{kept['decision 2']['decision_id']}/withdrawals", {"reason": "x"}
                ),
                1,
            ),
            *committee_writes(self),
            ("/halts", lambda: self.post(o.monitor, "/halts", halting), 0),
            (
                "/halts/{halt_id}/receipts",
                lambda: self.post(
                    o.person("pharmacist", "pharmacist", "012"),
                    f"/halts/{self._halt_id()}/receipts",
                    {"site_number": "012"},
                ),
                1,
            ),
            (
                "/halts/{halt_id}/plans",
                lambda: self.post(o.monitor, f"/halts/{self._halt_id()}/plans", {"plan": "x"}),
                1,
            ),
            (
                "/halts/{halt_id}/lift-requests",
                lambda: self.post(
                    o.monitor, f"/halts/{self._halt_id()}/lift-requests", {"reason": "x", "evidence_id": "d"}
                ),
                1,
            ),
            (
                "/halts/{halt_id}/lift-approvals",
                lambda: self.post(o.chair, f"/halts/{self._halt_id()}/lift-approvals"),
                0,
            ),
            (
                "/trials/{trial_id}/pauses",
                lambda: self.post(o.manager, f"{trial}/pauses", {"reason_code": "x"}),
                0,
            ),
            (
                "/trials/{trial_id}/closings",
                lambda: self.post(o.manager, f"{trial}/closings", {"reason_code": "x"}),
                0,
            ),
        ]

    def _other(self) -> Json:
        return self.protocol | {"trial": self.protocol["trial"] | {"code": "EP02"}}

    def _later(self) -> Json:
        definition = self.protocol["dlt"]["dlt_definition"] | {"protocol_version": "1.1"}
        dlt = self.protocol["dlt"] | {"dlt_definition": definition}
        return self.protocol | {"protocol_version": "1.1", "dlt": dlt}

    def _line(self, person: str, role: str) -> Json:
        return {
            "trial_id": self.office.trial_id,
            "person": person,
            "role": role,
            "from_at": "2026-01-01T00:00:00Z",
        }

    def _site(self) -> Json:
        return {
            "site_number": "012",
            "organisation": "Hospital",
            "country": "GB",
            "zone": "Europe/London",
            "principal_investigator": "pi",
        }

    def _rows(self) -> Json:
        header = "site_number,organisation,country,zone,principal_investigator"
        return {"kind": "sites", "csv": f"{header}\n015,Hospital,GB,Europe/London,pi\n"}

    def _take_over(self) -> Send:
        """The first of two signatures; it keeps nothing but itself."""
        manager = self.office.manager
        files = folder(manager.name)
        bound = {"purpose": "sign-take-over", "bound_to": folder_sha256(files)}
        body = {"files": files, "proof": proof("sponsor", manager.name, **bound)}
        return self.post(manager, "/take-overs", body)

    def _site_id(self) -> str:
        return str(self.kept["/trials/{trial_id}/sites"]["site_id"])

    def _light(self) -> Json:
        return {"protocol_version": "1.0", "items": self.office.checklist()}

    def _opening(self, snapshot: str = "/trials/{trial_id}/snapshots") -> Json:
        return {
            "snapshot_id": self.kept[snapshot]["snapshot_id"],
            "kind": "open_level",
            "level": 1,
            "places": 3,
            "text": "x",
        }

    def _sign(self, person: Any, role: str) -> Send:
        decision = self.kept["/decisions"]
        bound = {"purpose": decision["purpose"], "bound_to": decision["sign_over"]}
        body = {"role": role, "proof": proof("sponsor", person.name, **bound)}
        return self.post(person, f"/decisions/{decision['decision_id']}/signatures", body)

    def _halt_id(self) -> str:
        return str(self.kept["/halts"]["halt_id"])


async def counts(running: Running) -> tuple[int, int, int]:
    """Events, audit rows of events, and audit rows of changes that no event announces."""
    rows = await running.service.database.read(lambda tx: tx.fetch(_COUNTS))
    return int(rows[0][0]), int(rows[0][1]), int(rows[0][2])


def performer_over(running: Running, database: Any) -> Performer:
    service = running.service
    return Performer(
        service=service.name, database=database, domain_clock=service.domain_clock, new_id=service.new_id
    )


async def test_every_write_is_audited_once_and_never_acknowledged_without_its_commit(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    await office.network.hear()
    story = Story(office, protocol)
    sound = running.service.performer
    covered = set()

    for name, make, audit_only in story.writes():
        before = await counts(running)
        running.service.performer = performer_over(running, CommitFails(running.service.database))
        doomed = await make()()
        assert doomed.status_code >= 500, f"{name}: {doomed.status_code} without a commit"
        assert await counts(running) == before, f"{name} kept something of a command that failed"

        running.service.performer = sound
        answer = await make()()
        assert answer.status_code == 201, f"{name}: {answer.text}"
        after = await counts(running)
        events = after[0] - before[0]
        assert after[1] - before[1] == events, f"{name}: {events} events"
        assert after[2] - before[2] == audit_only, f"{name}: audit rows without an event"
        assert events + audit_only > 0, f"{name} left no trace"
        story.kept[name] = answer.json()
        covered.add(name)

    writing = {path for method, path in own_routes(running) if method == "POST"}
    assert writing <= covered, f"not covered: {writing - covered}"


async def test_the_audit_chain_of_the_whole_story_verifies(office: Office) -> None:
    await office.decide("escalation", "open_level", 1, 6)
    await office.enrol("escalation", 1, 2)

    report = await office.running.service.database.read(lambda tx: verify(tx, "sponsor.events.v1"))

    assert report.ok
    assert report.rows == await office.running.audit_rows() > 10


_COUNTS = Sql(
    "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM audit WHERE event_id IS NOT NULL),"
    " (SELECT count(*) FROM audit WHERE event_id IS NULL)"
)
