"""A trial office in a test: its trial, its people, and everything they do through the API."""

from dataclasses import dataclass
from typing import Any

import httpx

from services.sponsor.domain.green_light import DEFAULT_CHECKLIST
from shared.ids import new_id
from shared.testing.running import Person, Running, proof
from tests.sponsor.network import Network

Json = dict[str, Any]


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
