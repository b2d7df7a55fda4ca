"""The acceptance checks S3 to S7, as far as they are the sponsor's own: opening, green light, decision, quorum."""

import json

from shared.testing.running import Running, proof
from tests.sponsor.office import Json, Office, created, recruiting_office, refused, registered_office, shown

PART = "escalation"


# -- S3: opening recruitment ----------------------------------------------------------------------------


async def test_s3_recruitment_does_not_open_without_a_current_approval(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    await office.delegate_committee()

    answer = await office.manager.post(f"/trials/{office.trial_id}/openings", {})

    missing = refused(answer, 409, "evidence_missing")["missing"]
    assert missing == ["current_approval", "approved_document_versions"]
    assert await running.published("sponsor.trial.opened.v1") == []


async def test_s3_recruitment_does_not_open_on_an_approval_that_has_lapsed(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    await office.delegate_committee()
    approval = {"reference": "CR-1", "approved_on": "2026-02-27", "last_day": "2026-02-28"}
    created(await office.quality.post(f"/protocol-versions/{office.version_id}/approvals", approval))

    answer = await office.manager.post(f"/trials/{office.trial_id}/openings", {})

    missing = refused(answer, 409, "evidence_missing")["missing"]
    assert missing == ["current_approval", "approved_document_versions"]


async def test_s3_recruitment_does_not_open_with_documents_other_than_the_approved_ones(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    await office.delegate_committee()
    documents = [{"document": "protocol", "version": "1.0"}, {"document": "parents", "version": "0.9"}]
    approval = {"reference": "CR-1", "approved_on": "2026-02-27", "documents": documents}
    created(await office.quality.post(f"/protocol-versions/{office.version_id}/approvals", approval))

    answer = await office.manager.post(f"/trials/{office.trial_id}/openings", {})

    assert refused(answer, 409, "evidence_missing")["missing"] == ["approved_document_versions"]


# -- S4: green light ------------------------------------------------------------------------------------


async def test_s4_a_revocation_is_published_in_the_act_that_revokes(office: Office) -> None:
    created(
        await office.quality.post(
            f"/sites/{office.site_id}/green-light-revocations", {"reason_code": "pharmacy_not_ready"}
        )
    )

    [event] = await office.running.published("sponsor.site.revoked.v1")
    assert (event["body"]["site_number"], event["body"]["reason_code"]) == ("012", "pharmacy_not_ready")
    [site] = (await office.overview())["sites"]
    assert [light["state"] for light in site["green_lights"]] == ["revoked"]


# -- S5: the second level -------------------------------------------------------------------------------


async def test_s5_level_two_opens_by_a_quorate_signed_decision_on_a_frozen_snapshot(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    decision = created(await office.propose(PART, "open_level", 2, 6))
    opened = {"level": 2, "kind": "open_level"}

    assert not await _in_force(office, **opened)
    created(await office.sign(decision, office.chair, "src_chair"))
    assert not await _in_force(office, **opened)
    created(await office.sign(decision, office.monitor, "medical_monitor"))

    [event] = await _in_force(office, **opened)
    snapshot = await office.chair.get(f"/snapshots/{decision['snapshot_id']}")
    assert event["snapshot_sha256"] == snapshot.headers["etag"].strip('"')
    assert json.loads(snapshot.content)["recommendation"]["level"] == 2


async def test_s5_a_registration_that_no_decision_covers_is_shown_for_ever(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    covered = await office.enrol(PART, 1, 1, decision=first)
    proposal = created(await office.propose("expansion", "expand", 1, 3))
    wrong_level = await office.enrol(PART, 2, 1, decision=first)
    too_early = await office.enrol("expansion", 1, 1, decision=proposal)

    escalation, expansion = (await office.overview())["parts"]

    assert escalation["without_decision"] == wrong_level != covered
    assert expansion["without_decision"] == too_early


async def _in_force(office: Office, **stated: object) -> list[Json]:
    bodies = [e["body"] for e in await office.running.published("sponsor.dose-decision.signed.v1")]
    return [body for body in bodies if stated.items() <= body.items()]


# -- S6: quorum -----------------------------------------------------------------------------------------


async def test_s6_one_vote_short_stays_proposed_and_says_what_is_missing(
    running: Running, protocol: Json
) -> None:
    protocol["decision"] = {
        "required_roles": ["src_chair", "medical_monitor", "trial_statistician"],
        "minimum_signers": 4,
    }
    office = await recruiting_office(running, protocol)
    await office.delegate("member", "src_member")
    decision = created(await office.propose(PART, "open_level", 1, 6))
    for person, role in ((office.chair, "src_chair"), (office.monitor, "medical_monitor")):
        created(await office.sign(decision, person, role))

    waiting = created(await office.sign(decision, office.person("member", "src_member"), "src_member"))

    assert waiting["state"] == "proposed"
    assert waiting["missing"] == {
        "roles": ["trial_statistician"],
        "signers": 1,
        "reason_authors": [],
        "quorum": [],
    }
    assert await running.published("sponsor.dose-decision.signed.v1") == []
    complete = created(await office.sign(decision, office.statistician, "trial_statistician"))
    assert complete["state"] == "in_force"


async def test_s6_two_chairs_are_not_a_medical_monitor(office: Office) -> None:
    await office.delegate("chair-2", "src_chair")
    decision = created(await office.propose(PART, "open_level", 1, 6))
    created(await office.sign(decision, office.chair, "src_chair"))

    second = created(await office.sign(decision, office.person("chair-2", "src_chair"), "src_chair"))

    assert (second["state"], second["missing"]["roles"]) == ("proposed", ["medical_monitor"])


# -- S7: superseded data --------------------------------------------------------------------------------


async def test_s7_data_that_change_after_the_signature_mark_the_decision_and_leave_the_signature(
    office: Office,
) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    decision = await office.decide(PART, "open_level", 2, 6)
    signed = shown(await office.chair.get(f"/decisions/{decision['decision_id']}"))

    await office.judge(people[2:], "dlt", PART, 1)

    after = shown(await office.chair.get(f"/decisions/{decision['decision_id']}"))
    assert (after["state"], after["ended"]["because"]) == ("superseded", "late_data")
    [change] = after["ended"]["late_data"]["changes"]
    assert (change["participant_id"], change["reason"]) == (people[2], "late_dlt")
    assert (change["before"]["verdict"], change["after"]["verdict"]) == ("no_dlt", "dlt")
    assert after["recommendation"]["kind"] == "escalate"
    assert after["ended"]["late_data"]["new"]["kind"] == "stay"
    assert after["present_recommendation"]["counts"][0] == [1, 3, 1, 0]
    for unchanged in ("signatures", "text", "sign_over", "snapshot_sha256", "in_force_at"):
        assert after[unchanged] == signed[unchanged]
    [event] = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert (event["aggregate_id"], event["body"]["reason"]) == (decision["decision_id"], "late_dlt")


async def test_s7_a_registration_voided_after_the_signature_marks_the_decision(office: Office) -> None:
    heard = office.network
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 2, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    await heard.hear(heard.registered("undosed", PART, 1, decision_id=first["decision_id"]))
    decision = await office.decide(PART, "open_level", 1, 3)

    await heard.hear(heard.voided("undosed"))

    [event] = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert (event["aggregate_id"], event["body"]["reason"]) == (decision["decision_id"], "revised")


async def test_s7_an_awaited_answer_supersedes_only_when_the_design_becomes_more_cautious(
    office: Office,
) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "pending", PART, 1)
    second = await office.decide(PART, "open_level", 1, 3)

    await office.judge(people[:1], "no_dlt", PART, 1)
    await office.judge(people[1:2], "dlt", PART, 1)
    assert await office.running.published("sponsor.dose-decision.superseded.v1") == []
    await office.judge(people[2:], "dlt", PART, 1)

    [event] = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert (event["aggregate_id"], event["body"]["reason"]) == (
        second["decision_id"],
        "pending_turned_worse",
    )


async def test_s7_a_restriction_stands_whatever_becomes_of_its_data(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 2, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    hold = await office.decide(PART, "hold", 1)

    await office.judge(people[:1], "dlt", PART, 1)

    assert shown(await office.chair.get(f"/decisions/{hold['decision_id']}"))["state"] == "in_force"


async def test_a_signature_needs_a_proof_made_for_exactly_what_is_signed(office: Office) -> None:
    one = created(await office.propose(PART, "open_level", 1, 3))
    other = created(await office.propose(PART, "open_level", 1, 6))
    token = proof("sponsor", "chair", purpose=one["purpose"], bound_to=one["sign_over"])

    answer = await office.chair.post(
        f"/decisions/{other['decision_id']}/signatures", {"role": "src_chair", "proof": token}
    )

    refused(answer, 401, "proof_required")
    assert answer.headers["www-authenticate"].startswith("Bearer")
