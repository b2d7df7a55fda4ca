"""The trial office of one trial in a journey: set-up, opening, decisions, letters, closing, and its books."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from deploy.trialops.calls import Refused
from deploy.trialops.demo.books import read_books
from deploy.trialops.demo.office import CHECKLIST
from deploy.trialops.demo.play import FIRST_DAY, audit_reports
from deploy.trialops.demo.stage import Person, Stage
from deploy.trialops.home import SERVICES
from shared.clock import format_instant

SITE = "012"
STAFF = ("site_investigator", "site_nurse", "pharmacist")
COMMITTEE = ("src_chair", "medical_monitor")
LETTER_SIGNERS = ("trial_manager", "sponsor_qa")
Json = dict[str, Any]


async def refused(act: Any, status: int, code: str) -> Json:
    """The problem document of an act that must be refused so."""
    with pytest.raises(Refused) as refusal:
        await act
    problem = dict(refusal.value.problem)
    assert (refusal.value.status, problem.get("code")) == (status, code), problem
    return problem


@dataclass
class Office:
    """Everybody at the sponsor of one trial; a person is called after the role in which they work."""

    stage: Stage
    protocol: Json
    trial_id: str = ""
    version_id: str = ""
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return str(self.protocol["trial"]["code"])

    @property
    def part(self) -> Json:
        return dict(self.protocol["parts"][0])

    @property
    def has_levels(self) -> bool:
        return bool(self.part.get("levels"))

    def person(self, role: str, site: str = "*") -> Person:
        """Somebody who works in this role, at one site or for the whole trial."""
        name = role.replace("_", "-") + ("" if site == "*" else f"-{site}")
        return self.people.setdefault(name, self.stage.person(name, f"{role}:{self.code}:{site}"))

    @property
    def manager(self) -> Person:
        return self.person("trial_manager")

    @property
    def quality(self) -> Person:
        return self.person("sponsor_qa")

    # -- set-up -------------------------------------------------------------------------------------

    async def upload_protocol(self) -> None:
        registered = await self.manager.post("sponsor", "/trials", self.protocol)
        self.trial_id, self.version_id = registered["trial_id"], registered["protocol_version_id"]
        assert registered["state"] == "setup"

    async def approve(self, *kinds: str) -> None:
        """Record these approvals, each as it comes in."""
        for kind in kinds:
            body = {"reference": f"{kind}-1", "kind_of_approval": kind, "approved_on": self._today()}
            await self.quality.post("sponsor", f"/protocol-versions/{self.version_id}/approvals", body)

    async def needed_approvals(self) -> list[str]:
        """What the sponsor's table says that a trial of this kind opens with."""
        trial = self.protocol["trial"]
        kinds = (await self.manager.get("sponsor", "/trial-kinds"))["kinds"]
        return next(
            list(one["approvals"])
            for one in kinds
            if (one["kind"], one["ctimp"]) == (trial["kind"], trial["ctimp"])
        )

    async def delegate_oversight(self) -> None:
        """The chief investigator, and whoever decides: committee and monitor, or those who sign letters in."""
        await self._delegate("site_investigator", None)
        if self.has_levels:
            for role in LETTER_SIGNERS if self.protocol["trial"].get("hosted") else COMMITTEE:
                await self._delegate(role, None)
        if self.protocol.get("randomisations"):
            await self._delegate("unblinded_statistician", None)

    async def activate_site(self, site: str = SITE) -> None:
        """Add a hospital, delegate its staff and give it the green light on its evidence."""
        body = {
            "site_number": site,
            "organisation": f"Hospital {site}",
            "country": "GB",
            "zone": "Europe/London",
            "principal_investigator": f"site-investigator-{site}",
        }
        added = await self.manager.post("sponsor", f"/trials/{self.trial_id}/sites", body)
        for role in STAFF:
            await self._delegate(role, site)
        items = [
            {
                "item": item,
                "evidence_id": f"{site}-{item}",
                "signer": "sponsor-qa",
                "signed_on": self._today(),
            }
            for item in CHECKLIST
        ]
        light = {"protocol_version": self.protocol["protocol_version"], "items": items}
        lit = await self.quality.post("sponsor", f"/sites/{added['site_id']}/green-lights", light)
        assert lit["state"] == "granted"

    async def test_emergency_unblinding(self) -> None:
        body = {"evidence_id": "unblinding-drill-1", "tested_on": self._today()}
        await self.manager.post("sponsor", f"/trials/{self.trial_id}/emergency-unblinding-tests", body)

    def opening(self) -> Any:
        """The act of opening, which may be refused."""
        return self.manager.post("sponsor", f"/trials/{self.trial_id}/openings", {})

    async def open(self) -> None:
        opened = await self.opening()
        assert opened["state"] == "open"
        await self.stage.quiet()

    async def close(self, reason: str = "recruitment_complete") -> None:
        """Close recruitment for good; the finder keeps the trial."""
        body = {"reason_code": reason}
        closed = await self.manager.post("sponsor", f"/trials/{self.trial_id}/closings", body)
        assert closed["state"] == "closed"
        await self.stage.quiet()
        await self.finder_says("closed_results_awaited")

    async def _delegate(self, role: str, site: str | None) -> None:
        body = {
            "trial_id": self.trial_id,
            "person": self.person(role, site or "*").name,
            "role": role,
            "site_number": site,
            "from_at": format_instant(self.stage.now - timedelta(days=1)),
        }
        await self.manager.post("sponsor", "/delegations", body)

    # -- decisions ----------------------------------------------------------------------------------

    async def committee_decides(self, kind: str, *, level: int = 1, places: int = 3) -> None:
        """Freeze the data, propose and sign with chair and medical monitor."""
        path = f"/trials/{self.trial_id}/snapshots"
        snapshot = await self.manager.post("sponsor", path, {"part": self.part["part"]})
        body = {"kind": kind, "level": level, "places": places, "text": "As the committee discussed."}
        decision = await self.manager.post(
            "sponsor", "/decisions", body | {"snapshot_id": snapshot["snapshot_id"]}
        )
        await self._sign(decision, COMMITTEE)

    async def letter_decides(self, kind: str, *, level: int = 1, places: int = 3) -> str:
        """Enter the deciding organisation's letter; two people of the trial office sign it in; the decision's id."""
        letter = {
            "trial_id": self.trial_id,
            "part": self.part["part"],
            "reference": "letter-1",
            "dated": self._today(),
            "sha256": "ab" * 32,
            "sender": self.protocol["trial"]["legal_sponsor"],
        }
        body = {
            "letter": letter,
            "kind": kind,
            "level": level,
            "places": places,
            "text": "As the letter says.",
        }
        decision = await self.manager.post("sponsor", "/decisions", body)
        await self._sign(decision, LETTER_SIGNERS)
        return str(decision["decision_id"])

    async def _sign(self, decision: Json, roles: tuple[str, ...]) -> None:
        for place, role in enumerate(roles, start=1):
            signer = self.person(role)
            proof = signer.proof(purpose=decision["purpose"], bound_to=decision["sign_over"])
            signed = await signer.post(
                "sponsor", f"/decisions/{decision['decision_id']}/signatures", {"role": role, "proof": proof}
            )
            assert signed["state"] == ("in_force" if place == len(roles) else "proposed")
        await self.stage.quiet()

    async def prepare_randomisation(self, name: str, seed: str = "a seed that nobody can guess") -> None:
        """The unblinded statistician records the seed of the lists."""
        path = f"/randomisations/{self.code}/{name}/lists"
        body = {"seed": f"{seed} {name}", "rows_per_stratum": 24}
        await self.person("unblinded_statistician").post("enrolment", path, body)

    async def arms(self, participant_id: str) -> set[str]:
        """The randomisations of which the unblinded statistician sees this participant's arm."""
        path = f"/participants/{participant_id}/arms"
        found = (await self.person("unblinded_statistician").get("enrolment", path))["items"]
        assert all(one["arm"] for one in found)
        return {one["randomisation"] for one in found}

    async def draws_come_out_the_same(self, *names: str) -> int:
        """Every draw made again from its sources equals what was drawn; how many there were."""
        made = 0
        for name in names:
            path = f"/randomisations/{self.code}/{name}/replays"
            replayed = await self.person("unblinded_statistician").post("enrolment", path)
            assert replayed["differences"] == []
            made += replayed["assignments"]
        return made

    # -- what everybody sees ------------------------------------------------------------------------

    async def finder_says(self, status: str, *, places: int | None = None) -> Json:
        """A referrer without any grant finds the trial in this state; `places` are free in its part."""
        referrer = self.stage.person("referrer")
        found = await referrer.get("enrolment", "/trial-finder", condition="neuroblastoma")
        (listed,) = [one for one in found["items"] if one["code"] == self.code]
        assert listed["status"] == status, listed
        if status.startswith("open"):
            assert [one["slots_open"] for one in listed["parts"]] == [places], listed["parts"]
        return dict(listed)

    async def board(self) -> Json:
        return dict(await self.manager.get("enrolment", "/slot-board", trial=self.code))

    async def view(self) -> Json:
        return dict(await self.manager.get("sponsor", f"/trials/{self.trial_id}"))

    async def registered(self) -> int:
        """How many take part, as the sponsor counts them; and nobody was allocated without a decision."""
        (part,) = (await self.view())["parts"]
        assert part["without_decision"] == []
        return int(part["registered"])

    async def alerts(self) -> list[str]:
        """Kinds of the alerts raised so far."""
        officer = self.person("safety_officer")
        return [one["kind"] for one in (await officer.get("safety", "/alerts", trial=self.code))["items"]]

    async def books_are_clean(self, *, alerts: Sequence[str] = ()) -> None:
        """Nothing is parked, unsent, lost or doubled; copies and board equal their rebuild; the audit is true.

        Nobody was woken but for `alerts`.
        """
        assert await self.alerts() == list(alerts)
        for service in SERVICES:
            await self.stage.operator.post(service, "/delivery/audit-heads")
        await self.stage.quiet()
        for service in SERVICES:
            state = await self.stage.operator.get(service, "/delivery/state")
            assert (state["parked"], state["unsent"]) == (0, 0), (service, state)
            assert state["unblinded"] is None or state["unblinded"]["unsent"] == 0, (service, state)
        books = await read_books(self.stage, self.code)
        assert (books.lost, books.doubled) == (0, 0), books.details
        reports = await audit_reports(self.stage)
        assert all(report["ok"] for report in reports), reports

    def _today(self) -> str:
        return f"{self.stage.now:%Y-%m-%d}"


async def office_of(stage: Stage, protocol: Json, *, approvals: list[str]) -> Office:
    """A trial set up from its file with exactly these approvals, open at one hospital.

    On the way: without the last approval it does not open, and says which one is missing.
    """
    await stage.move_to(FIRST_DAY)
    office = Office(stage, protocol)
    await office.upload_protocol()
    assert await office.needed_approvals() == approvals
    await office.delegate_oversight()
    await office.approve(*approvals[:-1])
    problem = await refused(office.opening(), 409, "evidence_missing")
    assert problem["approvals"] == approvals[-1:]
    await office.approve(approvals[-1])
    await office.activate_site()
    if any(one["blinded"] for one in protocol.get("randomisations", ())):
        problem = await refused(office.opening(), 409, "evidence_missing")
        assert problem["missing"] == ["emergency_unblinding_tested"]
        await office.test_emergency_unblinding()
    await stage.quiet()
    await office.finder_says("in_set_up")
    await office.open()
    await office.finder_says(
        "open_no_place_free" if office.has_levels else "open", places=0 if office.has_levels else None
    )
    return office
