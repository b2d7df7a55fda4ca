"""Who signs a decision, with which proof, and when a restriction acts."""

import pytest

from shared.testing.running import Running, proof
from tests.sponsor.api.proposing import PART, first_opening
from tests.sponsor.office import Json, Office, created, recruiting_office, refused, shown


async def test_chair_and_monitor_put_a_decision_in_force_and_it_is_published_once(office: Office) -> None:
    decision = await first_opening(office)

    one = created(await office.sign(decision, office.chair, "src_chair"))
    assert (one["state"], one["missing"]["roles"]) == ("proposed", ["medical_monitor"])
    assert await office.running.published("sponsor.dose-decision.signed.v1") == []
    two = created(await office.sign(decision, office.monitor, "medical_monitor"))

    assert (two["state"], two["in_force_at"] is not None) == ("in_force", True)
    [event] = await office.running.published("sponsor.dose-decision.signed.v1")
    body = event["body"]
    assert (event["aggregate_id"], event["scope"]) == (decision["decision_id"], office.trial_id)
    assert (body["kind"], body["part"], body["level"], body["places"]) == ("open_level", PART, 1, 6)
    assert body["cohort_rule"] == decision["cohort_rule"]
    assert body["rule_sha256"] == decision["rule_sha256"]
    assert body["snapshot_sha256"] == decision["snapshot_sha256"]
    assert [(who["person"], who["role"]) for who in body["signed_by"]] == [
        ("chair", "src_chair"),
        ("monitor", "medical_monitor"),
    ]
    answer = await office.sign(decision, office.statistician, "trial_statistician")
    refused(answer, 409, "decision_not_open_for_signature")


async def test_one_person_cannot_sign_twice_in_two_roles(office: Office) -> None:
    await office.delegate("chair", "medical_monitor")
    both = office.running.person("chair", "src_chair:EP01:*", "medical_monitor:EP01:*")
    decision = await first_opening(office)
    created(await office.sign(decision, both, "src_chair"))

    refused(await office.sign(decision, both, "medical_monitor"), 409, "second_person_required")


async def test_a_token_without_the_delegation_does_not_sign(office: Office) -> None:
    decision = await first_opening(office)
    stranger = office.person("stranger", "src_chair")

    refused(await office.sign(decision, stranger, "src_chair"), 403, "member_not_delegated")
    assert shown(await office.chair.get(f"/decisions/{decision['decision_id']}"))["signatures"] == []


async def test_a_delegation_that_has_ended_does_not_sign(office: Office) -> None:
    decision = await first_opening(office)
    log = shown(await office.manager.get("/delegations", trial=office.trial_id))["items"]
    chair = next(item for item in log if item["role"] == "src_chair")
    created(
        await office.manager.post(f"/delegations/{chair['delegation_id']}/endings", {"reason_code": "left"})
    )

    refused(await office.sign(decision, office.chair, "src_chair"), 403, "member_not_delegated")


async def test_a_delegation_without_the_token_does_not_sign(office: Office) -> None:
    decision = await first_opening(office)
    delegated = office.running.person("chair", "trial_manager:EP01:*")

    refused(await office.sign(decision, delegated, "src_chair"), 403, "forbidden")


async def test_an_investigator_signs_for_a_site_where_both_token_and_log_agree(
    running: Running, protocol: Json
) -> None:
    protocol["decision"]["required_roles"].append("site_investigator")
    office = await recruiting_office(running, protocol)
    await office.add_site("013")
    await office.delegate("pi-013", "site_investigator", "013")
    decision = created(await office.propose(PART, "open_level", 1, 6))

    elsewhere = office.person("pi-013", "site_investigator", "012")
    refused(await office.sign(decision, elsewhere, "site_investigator"), 403, "member_not_delegated")
    there = office.person("pi-013", "site_investigator", "013")
    signed = created(await office.sign(decision, there, "site_investigator"))

    assert signed["missing"]["roles"] == ["medical_monitor", "src_chair"]


async def test_a_role_that_takes_no_part_in_decisions_does_not_sign(office: Office) -> None:
    await office.delegate("manager", "trial_manager")
    decision = await first_opening(office)

    refused(await office.sign(decision, office.manager, "trial_manager"), 403, "role_cannot_sign")


@pytest.mark.parametrize(
    "claims",
    [
        {"purpose": "lift-halt"},
        {"bound_to": "0" * 64},
    ],
)
async def test_a_proof_for_another_act_or_another_text_is_refused(
    claims: dict[str, str], office: Office
) -> None:
    decision = await first_opening(office)

    refused(await office.sign(decision, office.chair, "src_chair", **claims), 401, "proof_required")


async def test_somebody_elses_proof_is_refused(office: Office) -> None:
    decision = await first_opening(office)
    stolen = proof("sponsor", "chair", purpose=decision["purpose"], bound_to=decision["sign_over"])

    answer = await office.monitor.post(
        f"/decisions/{decision['decision_id']}/signatures", {"role": "medical_monitor", "proof": stolen}
    )

    refused(answer, 401, "proof_required")


async def test_a_proof_is_spent_by_the_signature_it_made(office: Office) -> None:
    decision = await first_opening(office)
    token = proof("sponsor", "chair", purpose=decision["purpose"], bound_to=decision["sign_over"])
    path, body = f"/decisions/{decision['decision_id']}/signatures", {"role": "src_chair", "proof": token}

    created(await office.chair.post(path, body))

    refused(await office.chair.post(path, body), 409, "proof_replayed")


async def test_a_refused_signature_spends_no_proof(office: Office) -> None:
    decision = await first_opening(office)
    newcomer = office.person("newcomer", "src_chair")
    token = proof("sponsor", "newcomer", purpose=decision["purpose"], bound_to=decision["sign_over"])
    path, body = f"/decisions/{decision['decision_id']}/signatures", {"role": "src_chair", "proof": token}
    refused(await newcomer.post(path, body), 403, "member_not_delegated")

    await office.delegate("newcomer", "src_chair")

    created(await newcomer.post(path, body))


@pytest.mark.parametrize("kind", ["hold", "close_level"])
async def test_a_restriction_acts_at_its_first_signature_and_is_published_again_when_complete(
    kind: str, office: Office
) -> None:
    await office.decide(PART, "open_level", 1, 6)
    decision = created(await office.propose(PART, kind, 1))

    one = created(await office.sign(decision, office.chair, "src_chair"))
    two = created(await office.sign(decision, office.monitor, "medical_monitor"))

    assert (one["state"], two["state"]) == ("in_force", "in_force")
    said = [
        event["body"]
        for event in await office.running.published("sponsor.dose-decision.signed.v1")
        if event["aggregate_id"] == decision["decision_id"]
    ]
    assert [len(body["signed_by"]) for body in said] == [1, 2]
    assert [(body["places"], body["cohort_rule"]) for body in said] == [(0, None), (0, None)]
    assert said[0]["in_force_at"] == said[1]["in_force_at"]
    extra = await office.sign(decision, office.statistician, "trial_statistician")
    refused(extra, 409, "decision_not_open_for_signature")


async def test_a_restriction_needs_no_current_snapshot(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    snapshot = await office.freeze(PART)
    people = await office.enrol(PART, 1, 2)
    await office.judge(people, "dlt", PART, 1)
    body = {"snapshot_id": snapshot["snapshot_id"], "level": 1, "text": "Too many toxicities."}

    opening = await office.chair.post("/decisions", body | {"kind": "open_level", "places": 1})
    closing = created(await office.chair.post("/decisions", body | {"kind": "close_level"}))

    refused(opening, 409, "snapshot_outdated")
    assert created(await office.sign(closing, office.chair, "src_chair"))["state"] == "in_force"


async def test_a_restriction_in_force_is_not_withdrawn(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    decision = await office.decide(PART, "hold", 1)

    answer = await office.chair.post(
        f"/decisions/{decision['decision_id']}/withdrawals", {"reason": "Never mind."}
    )

    refused(answer, 409, "decision_not_withdrawable")
