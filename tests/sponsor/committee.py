"""A committee in a test: its charter, its meetings, and everything its members do through the API."""

from dataclasses import dataclass
from typing import Any

import httpx

from shared.testing.running import Person, proof
from tests.sponsor.office import Json, Office, created, shown

SEATS = {
    "chair": ("chair", "src_chair"),
    "monitor": ("medical_monitor", "medical_monitor"),
    "statistician": ("statistician", "trial_statistician"),
    "investigator": ("investigator", "site_investigator"),
    "member": ("member", "src_member"),
}
"""Person, seat and role."""
REQUIRED = [["chair", "deputy_chair"], ["medical_monitor"], ["statistician"], ["investigator"]]
PART = "escalation"


@dataclass
class Committee:
    """The committee of an office's trial."""

    office: Office

    def person(self, name: str) -> Person:
        return self.office.person(name, SEATS[name][1])

    def charter_body(self, minimum_voters: int = 4, **changed: Any) -> Json:
        members = [
            {"person": name, "seat": seat, "from_at": "2026-01-01T00:00:00Z"}
            for name, (seat, _) in SEATS.items()
        ]
        quorum = {"minimum_voters": minimum_voters, "required": REQUIRED}
        return {"members": members, "quorum": quorum, "text": "Meets before every level."} | changed

    async def propose(self, **changed: Any) -> httpx.Response:
        path = f"/trials/{self.office.trial_id}/charters"
        return await self.office.manager.post(path, self.charter_body(**changed))

    async def sign(self, charter: Json, name: str) -> httpx.Response:
        person = self.person(name)
        bound = {"purpose": charter["purpose"], "bound_to": charter["sign_over"]}
        body = {"proof": proof("sponsor", person.name, **bound)}
        return await person.post(f"/charters/{charter['charter_id']}/signatures", body)

    async def chartered(self, **changed: Any) -> Json:
        """A charter in force."""
        await self.office.delegate("member", "src_member")
        charter = created(await self.propose(**changed))
        created(await self.sign(charter, "chair"))
        return created(await self.sign(charter, "monitor"))

    async def verify(self, part: str = PART) -> httpx.Response:
        """The statistician signs for the data as they are."""
        person, path = self.office.statistician, f"/trials/{self.office.trial_id}/quality-statements"
        state = shown(await person.get(path, part=part))
        bound = {"purpose": state["purpose"], "bound_to": state["sign_over"]}
        body = {"part": part, "standings_sha256": state["standings_sha256"]}
        return await person.post(path, body | {"proof": proof("sponsor", person.name, **bound)})

    async def snapshot(self, part: str = PART) -> Json:
        created(await self.verify(part))
        return await self.office.freeze(part)

    async def call(self, part: str = PART) -> Json:
        body = {"part": part, "planned_for": "2026-03-03T09:00:00Z"}
        return created(await self.office.chair.post(f"/trials/{self.office.trial_id}/meetings", body))

    async def declare(self, meeting: Json, name: str, *, conflict: bool = False) -> httpx.Response:
        body = {"conflict": conflict, "text": "Holds shares of the maker." if conflict else ""}
        return await self.person(name).post(f"/meetings/{meeting['meeting_id']}/declarations", body)

    async def attend(self, meeting: Json, snapshot: Json, *names: str) -> httpx.Response:
        body = {"snapshot_id": snapshot["snapshot_id"], "present": list(names)}
        return await self.office.chair.post(f"/meetings/{meeting['meeting_id']}/attendances", body)

    async def meet(
        self, *names: str, conflicts: tuple[str, ...] = (), silent: tuple[str, ...] = ()
    ) -> tuple[Json, Json]:
        """A meeting held on a new snapshot: (meeting, snapshot)."""
        meeting = await self.call()
        for name in names:
            if name not in silent:
                created(await self.declare(meeting, name, conflict=name in conflicts))
        snapshot = await self.snapshot()
        return created(await self.attend(meeting, snapshot, *names)), snapshot

    async def decide(
        self, meeting: Json, snapshot: Json, kind: str, level: int, places: int = 0, **more: Any
    ) -> httpx.Response:
        body = {
            "snapshot_id": snapshot["snapshot_id"],
            "meeting_id": meeting["meeting_id"],
            "kind": kind,
            "level": level,
            "places": places,
            "text": "As the committee discussed.",
        }
        return await self.office.statistician.post("/decisions", body | more)

    async def signed(self, decision: Json, *names: str) -> Json:
        """The decision after these members have signed it."""
        for name in names:
            decision = created(await self.office.sign(decision, self.person(name), SEATS[name][1]))
        return decision


EVERYBODY = tuple(SEATS)
