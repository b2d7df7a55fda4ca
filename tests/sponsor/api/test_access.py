"""Every route against nobody, the wrong role, another trial and another site."""

import json
from typing import Any

from fastapi import FastAPI

from shared.testing.access import Access, assert_access, routes_of
from shared.testing.running import Running, proof
from tests.sponsor.api.committee_routes import committee_accesses, prepare_committee
from tests.sponsor.office import Json, Office, created, refused

PREFIX = "/sponsor/api/v1"
OTHER = "EP99"


def later(protocol: Json) -> Json:
    """The protocol's next version."""
    definition = protocol["dlt"]["dlt_definition"] | {"protocol_version": "1.1"}
    return protocol | {"protocol_version": "1.1", "dlt": protocol["dlt"] | {"dlt_definition": definition}}


class Prepared:
    """Ids of things that are ready to be acted on."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.ids: dict[str, Any] = {}

    async def prepare(self, protocol: Json) -> None:
        office, ids = self.office, self.ids
        await office.delegate("somebody", "src_chair")
        uploads = f"/trials/{office.trial_id}/protocol-versions"
        ids["version"] = created(await office.manager.post(uploads, later(protocol)))["protocol_version_id"]
        ids["delegation"] = (await office.delegate("nurse", "site_nurse", "012"))["delegation_id"]
        ids["snapshot"] = (await office.freeze("escalation"))["snapshot_id"]
        ids["to_sign"] = created(await office.propose("escalation", "hold", 1))
        ids["to_withdraw"] = created(await office.propose("escalation", "hold", 1))["decision_id"]
        halting = {"trial_id": office.trial_id, "reason_code": "x"} | {
            "scope": {"recruitment": True, "dosing": False}
        }
        for name in ("halt", "halt_to_lift"):
            ids[name] = created(await office.monitor.post("/halts", halting))["halt_id"]
        created(await office.chair.post(f"/halts/{ids['halt_to_lift']}/plans", {"plan": "None treated."}))
        asking = {"reason": "Reviewed.", "evidence_id": "doc-1"}
        created(await office.chair.post(f"/halts/{ids['halt_to_lift']}/lift-requests", asking))
        await office.add_site("013")
        ids["dark_site"] = office.site_id
        await prepare_committee(office, ids)

    def signature(self) -> Json:
        decision = self.ids["to_sign"]
        bound = {"purpose": decision["purpose"], "bound_to": decision["sign_over"]}
        return {"role": "src_chair", "proof": proof("sponsor", "somebody", **bound)}


def accesses(office: Office, ready: Prepared, protocol: Json, lit_site: str) -> list[Access]:
    """One entry per route, in an order in which each is possible."""
    trial, ids = office.trial_id, ready.ids
    manager, reader = "trial_manager", "inspector"

    def post(path: str, at: str, body: Any = None, role: str = manager, **more: Any) -> Access:
        return _access("POST", path, at, role, body=None if body is None else lambda: body, **more)

    def get(path: str, at: str, role: str = reader) -> Access:
        return _access("GET", path, at, role)

    reason = {"reason_code": "x"}
    scope = {"recruitment": True, "dosing": True}
    halting = {"trial_id": trial, "scope": scope | {"site_number": "012"}, "reason_code": "x"}
    delegating = {
        "trial_id": trial,
        "person": "nurse-2",
        "role": "site_nurse",
        "site_number": "012",
        "from_at": "2026-01-01T00:00:00Z",
    }
    site = {
        "site_number": "014",
        "organisation": "Hospital",
        "country": "GB",
        "zone": "Europe/London",
        "principal_investigator": "pi",
    }
    freezing = {"part": "escalation"}
    proposing = {"snapshot_id": ids["snapshot"], "kind": "hold", "level": 1, "text": "x"}
    light = {"protocol_version": "1.0", "items": office.checklist()}
    approving = {"reference": "CR-2", "approved_on": "2026-02-28", "effective_at": "2999-01-01T00:00:00Z"}
    asking = {"reason": "Reviewed.", "evidence_id": "doc-1"}
    version = later(protocol)
    version = version | {"protocol_version": "1.2"}
    version["dlt"]["dlt_definition"]["protocol_version"] = "1.2"
    own_site = {"other_unit": "site_investigator:EP01:013", "right": "site_investigator:EP01:012"}
    return [
        Access(
            method="POST",
            path="/trials",
            call=lambda: "/trials",
            body=lambda: protocol | {"trial": protocol["trial"] | {"code": "EP02"}},
            right="trial_manager:EP02:*",
            other_scope="trial_manager:EP01:*",
        ),
        Access(method="GET", path="/trials", call=lambda: "/trials", right="inspector:EP01:*"),
        Access(method="GET", path="/trial-kinds", call=lambda: "/trial-kinds", right="inspector:EP01:*"),
        get("/trials/{trial_id}", f"/trials/{trial}"),
        post(
            "/trials/{trial_id}/emergency-unblinding-tests",
            f"/trials/{trial}/emergency-unblinding-tests",
            {"evidence_id": "doc-1", "tested_on": "2026-02-01"},
        ),
        post("/trials/{trial_id}/protocol-versions", f"/trials/{trial}/protocol-versions", version),
        post(
            "/protocol-versions/{version_id}/approvals",
            f"/protocol-versions/{ids['version']}/approvals",
            approving,
        ),
        post("/trials/{trial_id}/sites", f"/trials/{trial}/sites", site, "sponsor_qa"),
        post(
            "/trials/{trial_id}/imports",
            f"/trials/{trial}/imports",
            {"kind": "sites", "csv": "", "dry_run": True},
        ),
        post("/sites/{site_id}/green-lights", f"/sites/{ids['dark_site']}/green-lights", light),
        post("/sites/{site_id}/suspensions", f"/sites/{lit_site}/suspensions", reason, "sponsor_qa"),
        post(
            "/sites/{site_id}/green-light-revocations", f"/sites/{lit_site}/green-light-revocations", reason
        ),
        post("/delegations", "/delegations", delegating, **own_site),
        post(
            "/delegations/{delegation_id}/endings",
            f"/delegations/{ids['delegation']}/endings",
            reason,
            **own_site,
        ),
        get("/delegations", f"/delegations?trial={trial}"),
        *committee_accesses(office, ids, get, post),
        post("/trials/{trial_id}/snapshots", f"/trials/{trial}/snapshots", freezing, "trial_statistician"),
        get("/snapshots/{snapshot_id}", f"/snapshots/{ids['snapshot']}", "site_investigator"),
        post("/decisions", "/decisions", proposing, "src_member"),
        _access(
            "POST",
            "/decisions/{decision_id}/signatures",
            f"/decisions/{ids['to_sign']['decision_id']}/signatures",
            "src_chair",
            body=ready.signature,
        ),
        post(
            "/decisions/{decision_id}/withdrawals",
            f"/decisions/{ids['to_withdraw']}/withdrawals",
            {"reason": "x"},
        ),
        get("/decisions", f"/decisions?trial={trial}"),
        get("/decisions/{decision_id}", f"/decisions/{ids['to_withdraw']}"),
        post("/halts", "/halts", halting, **own_site),
        post("/halts/{halt_id}/plans", f"/halts/{ids['halt']}/plans", {"plan": "x"}, "safety_officer"),
        post("/halts/{halt_id}/lift-requests", f"/halts/{ids['halt']}/lift-requests", asking),
        post("/halts/{halt_id}/lift-approvals", f"/halts/{ids['halt_to_lift']}/lift-approvals"),
        get("/halts", f"/halts?trial={trial}"),
        get("/recommendations", f"/recommendations?trial={trial}", "sponsor_qa"),
        get(
            "/recommendation-previews",
            f"/recommendation-previews?trial={trial}&part=escalation",
            "src_member",
        ),
        get("/monitoring", f"/monitoring?trial={trial}", "medical_monitor"),
        get("/design-comparisons", f"/design-comparisons?trial={trial}", "trial_statistician"),
        post("/trials/{trial_id}/pauses", f"/trials/{trial}/pauses", reason),
        post("/trials/{trial_id}/closings", f"/trials/{trial}/closings", reason),
    ]


def _access(method: str, path: str, at: str, role: str, *, right: str = "", **more: Any) -> Access:
    return Access(
        method=method,
        path=path,
        call=lambda: at,
        right=right or f"{role}:EP01:*",
        other_scope=f"{role if not right else right.partition(':')[0]}:{OTHER}:*",
        **more,
    )


async def test_every_route_is_closed_to_everybody_else(office: Office, protocol: Json) -> None:
    lit_site = office.site_id
    ready = Prepared(office)
    await ready.prepare(protocol)
    listed = accesses(office, ready, protocol, lit_site)

    for access in listed:
        await assert_access(office.running, access)

    # by themselves, because only a trial in set-up is opened or taken over
    opening = {("POST", "/trials/{trial_id}/openings"), ("POST", "/take-overs")}
    assert {(access.method, access.path) for access in listed} | opening == own_routes(office.running)


async def test_only_the_trial_office_takes_a_trial_over(new_office: Office) -> None:
    await new_office.approve()
    body = {"files": folder("somebody"), "dry_run": True}

    for role in ("trial_manager", "sponsor_qa"):
        access = _access("POST", "/take-overs", "/take-overs", role, body=lambda: body)
        await assert_access(new_office.running, access)
    unreadable = await new_office.chair.post("/take-overs", {"files": {"trial.json": "?"}, "dry_run": True})
    refused(unreadable, 403, "forbidden")


def folder(person: str) -> Json:
    """The smallest folder of a trial without decisions."""
    header = {"format": "trialops-take-over/1", "trial": "EP01", "source": "old", "signed_by": [person, "qa"]}
    return {
        "trial.json": json.dumps(header),
        "decisions.json": json.dumps({"format": "trialops-decisions/1", "decisions": []}),
        "sites.csv": "site_number,organisation,country,zone,principal_investigator\n",
    }


async def test_only_the_trial_office_opens_a_trial(new_office: Office) -> None:
    await new_office.approve()
    await new_office.delegate_committee()

    await assert_access(
        new_office.running,
        _access(
            "POST",
            "/trials/{trial_id}/openings",
            f"/trials/{new_office.trial_id}/openings",
            "trial_manager",
            body=dict,
        ),
    )


def own_routes(running: Running) -> set[tuple[str, str]]:
    """Routes of this service's own routers, without those that every service has."""
    app = FastAPI()
    for router in running.service.definition.routers:
        app.include_router(router)
    return routes_of(app)


async def test_an_id_that_does_not_exist_looks_like_one_that_is_not_yours(office: Office) -> None:
    stranger = office.running.person("stranger", f"trial_manager:{OTHER}:*")
    nobody = office.running.person("nobody", "archivist:*:*")
    freezing = {"part": "escalation"}

    real = await stranger.post(f"/trials/{office.trial_id}/snapshots", freezing)
    missing = await stranger.post("/trials/0190/snapshots", freezing)

    same = ("type", "title", "status", "code", "detail")
    assert {key: real.json()[key] for key in same} == {key: missing.json()[key] for key in same}
    refused(await nobody.post(f"/trials/{office.trial_id}/snapshots", freezing), 403, "forbidden")
    refused(await nobody.post("/trials/0190/snapshots", freezing), 403, "forbidden")
    for path in (f"/trials/{office.trial_id}", "/trials/0190", "/snapshots/0190", "/decisions/0190"):
        refused(await stranger.get(path), 404, "not_found")
        refused(await nobody.get(path), 403, "forbidden")


async def test_the_sponsors_proofs_are_for_the_sponsor_alone(office: Office) -> None:
    decision = created(await office.propose("escalation", "hold", 1))
    body = {
        "role": "src_chair",
        "proof": proof("enrolment", "chair", purpose=decision["purpose"], bound_to=decision["sign_over"]),
    }

    answer = await office.chair.post(f"/decisions/{decision['decision_id']}/signatures", body)

    refused(answer, 401, "proof_required")
