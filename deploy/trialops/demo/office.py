"""The trial office and its committee: set-up, snapshots, decisions, signatures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.trialops.demo.plan import SITES
from deploy.trialops.demo.stage import Person, Stage, StoryFailed
from deploy.trialops.demo.timeline import Timeline
from shared.clock import format_instant

CHECKLIST = (
    "approvals",
    "capacity_and_capability",
    "agreement",
    "site_file",
    "delegation_log",
    "training",
    "initiation_visit",
    "pharmacy_and_product",
    "laboratories",
    "document_versions",
)


def read_protocol(name: str = "pbtc042") -> dict[str, Any]:
    """A protocol file as it is shipped; the replayed trial's unless another is named."""
    document: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}.protocol.json").read_text())
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The hospitals of a trial: their numbers, country and time zone, and what they are called."""

    sites: Sequence[str] = SITES
    country: str = "US"
    zone: str = "America/New_York"
    called: str = "Hospital"


class Office:
    """Everybody at the sponsor: the manager, quality assurance, the chair, the medical monitor."""

    def __init__(self, stage: Stage, timeline: Timeline, code: str, network: Network | None = None) -> None:
        self._stage = stage
        self._timeline = timeline
        self._network = network or Network()
        self.code = code
        self.trial_id = ""
        self.manager = stage.person("manager", f"trial_manager:{code}:*")
        self.quality = stage.person("quality", f"sponsor_qa:{code}:*")
        self.chair = stage.person("chair", f"src_chair:{code}:*")
        self.monitor = stage.person("monitor", f"medical_monitor:{code}:*")

    async def set_up(self, protocol: Mapping[str, Any]) -> None:
        """Register, approve, delegate, green-light and open the trial."""
        stage, say = self._stage, self._timeline.tell
        registered = await self.manager.post("sponsor", "/trials", protocol)
        self.trial_id = registered["trial_id"]
        say(stage.now, "trial office", f"registers {self.code} from its protocol file")
        today = f"{stage.now:%Y-%m-%d}"
        await self._approve(protocol, registered["protocol_version_id"], today)
        if any(part.get("levels") for part in protocol["parts"]):
            await self._delegate("chair", "src_chair")
        if protocol["trial"]["ctimp"]:
            await self._delegate("monitor", "medical_monitor")
        if any(one["blinded"] for one in protocol.get("randomisations", ())):
            test = {"evidence_id": "unblinding-test-1", "tested_on": today}
            await self.quality.post("sponsor", f"/trials/{self.trial_id}/emergency-unblinding-tests", test)
            say(stage.now, "quality assurance", "records the test of emergency unblinding")
        sites = self._network.sites
        await self._delegate(f"investigator-{sites[0]}", "site_investigator")
        for site in sites:
            site_id = await self._add_site(site)
            await self._delegate(f"investigator-{site}", "site_investigator", site)
            await self._delegate(f"nurse-{site}", "site_nurse", site)
            await self._light(site, site_id, protocol["protocol_version"], today)
        await self.manager.post("sponsor", f"/trials/{self.trial_id}/openings", {})
        say(stage.now, "trial office", f"opens the trial at {len(sites)} hospitals")
        await stage.quiet()

    async def _approve(self, protocol: Mapping[str, Any], version_id: str, today: str) -> None:
        """Every approval that this kind of trial needs; the first puts the version in force."""
        kinds = await self.manager.get("sponsor", "/trial-kinds")
        kind, ctimp = protocol["trial"]["kind"], protocol["trial"]["ctimp"]
        needed = next(one for one in kinds["kinds"] if (one["kind"], one["ctimp"]) == (kind, ctimp))
        for number, approval in enumerate(needed["approvals"], start=1):
            body = {"reference": f"approval-{number}", "approved_on": today, "kind_of_approval": approval}
            await self.quality.post("sponsor", f"/protocol-versions/{version_id}/approvals", body)
        many = len(needed["approvals"])
        approvals = "the approval" if many == 1 else f"{many} approvals"
        what = f"records {approvals} of the protocol version"
        self._timeline.tell(self._stage.now, "quality assurance", what)

    async def decide(
        self, part: str, kind: str, level: int, text: str, *, places: int = 0, restricting: bool = False
    ) -> None:
        """Freeze, propose and sign one decision; it is in force at every hospital afterwards."""
        stage = self._stage
        proposal = await self.propose(part, kind, level, text, places=places)
        for signer, role in ((self.chair, "src_chair"), (self.monitor, "medical_monitor")):
            signed = await self.sign(signer, role, proposal)
        if signed["state"] != "in_force":
            raise StoryFailed(f"the decision on {part} level {level} is {signed['state']}")
        rule = f"snapshot {proposal['snapshot_sha256'][:12]}, two signatures"
        self._timeline.tell(stage.now, "committee", text, rule)
        self._timeline.mark(stage.now, text, restricting=restricting)
        await stage.quiet()

    async def propose(
        self, part: str, kind: str, level: int, text: str, *, places: int = 0
    ) -> dict[str, Any]:
        """A decision over a snapshot frozen now, not signed by anybody yet.

        Raises:
            StoryFailed: it would override what the design recommends.
        """
        path = f"/trials/{self.trial_id}/snapshots"
        snapshot = await self.manager.post("sponsor", path, {"part": part})
        wanted = {"kind": kind, "level": level, "places": places, "text": text}
        body = wanted | {"snapshot_id": snapshot["snapshot_id"]}
        proposal: dict[str, Any] = await self.manager.post("sponsor", "/decisions", body)
        if proposal["overrides_recommendation"]:
            raise StoryFailed(f"{kind} of {part} level {level} would override the recommendation")
        return proposal

    async def recommendation(self, part: str) -> dict[str, Any]:
        """What the design says of a part now."""
        trial = await self.view()
        found: dict[str, Any] = next(one for one in trial["parts"] if one["part"] == part)
        return dict(found["recommendation"])

    async def view(self) -> dict[str, Any]:
        trial: dict[str, Any] = await self.manager.get("sponsor", f"/trials/{self.trial_id}")
        return trial

    async def sign(self, signer: Person, role: str, proposal: Mapping[str, Any]) -> dict[str, Any]:
        proof = signer.proof(purpose=proposal["purpose"], bound_to=proposal["sign_over"])
        signed: dict[str, Any] = await signer.post(
            "sponsor", f"/decisions/{proposal['decision_id']}/signatures", {"role": role, "proof": proof}
        )
        return signed

    async def _delegate(self, person: str, role: str, site: str | None = None) -> None:
        body = {
            "trial_id": self.trial_id,
            "person": person,
            "role": role,
            "site_number": site,
            "from_at": format_instant(self._stage.now - timedelta(days=1)),
        }
        await self.manager.post("sponsor", "/delegations", body)

    async def _add_site(self, number: str) -> str:
        site = await self.manager.post(
            "sponsor",
            f"/trials/{self.trial_id}/sites",
            {
                "site_number": number,
                "organisation": f"{self._network.called} {number}",
                "country": self._network.country,
                "zone": self._network.zone,
                "principal_investigator": f"investigator-{number}",
            },
        )
        return str(site["site_id"])

    async def _light(self, number: str, site_id: str, protocol_version: str, today: str) -> None:
        items = [
            {"item": item, "evidence_id": f"{number}-{item}", "signer": "quality", "signed_on": today}
            for item in CHECKLIST
        ]
        await self.quality.post(
            "sponsor",
            f"/sites/{site_id}/green-lights",
            {"protocol_version": protocol_version, "items": items},
        )
