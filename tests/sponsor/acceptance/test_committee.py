"""Decisions of a committee under its charter (sponsor.md §§5, 12): S3, S5, S6, S7, S17 where they speak of one."""

import json

import pytest

from shared.testing.running import Running
from tests.sponsor.committee import EVERYBODY, PART, Committee
from tests.sponsor.office import Json, Office, created, recruiting_office, refused, registered_office, shown


@pytest.fixture
async def committee(office: Office) -> Committee:
    """A committee whose charter is in force."""
    found = Committee(office)
    await found.chartered()
    return found


# -- the charter ----------------------------------------------------------------------------------------


async def test_a_charter_is_in_force_once_chair_and_medical_monitor_have_signed_it(office: Office) -> None:
    committee = Committee(office)
    await office.delegate("member", "src_member")
    charter = created(await committee.propose())
    assert (charter["version"], charter["in_force_at"]) == (1, None)
    refused(await committee.sign(charter, "statistician"), 403, "forbidden")

    first = created(await committee.sign(charter, "chair"))
    refused(await committee.sign(charter, "chair"), 409, "second_person_required")
    second = created(await committee.sign(charter, "monitor"))

    assert (first["in_force_at"], second["in_force_at"] is not None) == (None, True)
    assert [one["person"] for one in second["signatures"]] == ["chair", "monitor"]
    assert {one["signed_hash"] for one in second["signatures"]} == {charter["sign_over"]}
    refused(await committee.sign(charter, "monitor"), 409, "charter_in_force")
    listed = shown(await office.chair.get("/charters", trial=office.trial_id))
    assert (listed["in_force"], len(listed["items"])) == (1, 1)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"minimum_voters": 6}, "no quorum is possible: 1 voter"),
        ({"members": ["chair", "monitor", "statistician", "member"]}, "no quorum is possible: investigator"),
    ],
)
async def test_a_charter_that_could_never_be_quorate_is_refused(
    change: Json, wrong: str, office: Office
) -> None:
    committee = Committee(office)
    if "members" in change:
        every = committee.charter_body()["members"]
        change = {"members": [one for one in every if one["person"] in change["members"]]}

    problem = refused(await committee.propose(**change), 422, "charter_invalid")

    assert wrong in problem["wrong"]


async def test_s3_a_trial_that_asks_for_a_charter_opens_with_one_and_names_it_while_it_is_missing(
    running: Running, protocol: Json
) -> None:
    protocol["decision"]["charter_required"] = True
    office = await registered_office(running, protocol)
    await office.approve()
    await office.delegate_committee()
    committee = Committee(office)

    missing = refused(
        await office.manager.post(f"/trials/{office.trial_id}/openings", {}), 409, "evidence_missing"
    )
    await committee.chartered()

    assert missing["missing"] == ["committee_charter"]
    assert (await office.open())["state"] == "open"


async def test_s3_a_trial_does_not_open_while_members_in_office_could_not_be_a_quorum(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    await office.approve()
    await office.delegate_committee()
    await Committee(office).chartered()
    log = shown(await office.manager.get("/delegations", trial=office.trial_id))["items"]
    statistician = next(one for one in log if one["role"] == "trial_statistician")
    path = f"/delegations/{statistician['delegation_id']}/endings"
    created(await office.manager.post(path, {"reason_code": "left"}))

    missing = refused(
        await office.manager.post(f"/trials/{office.trial_id}/openings", {}), 409, "evidence_missing"
    )

    assert missing["missing"] == ["quorum_possible"]


# -- from the data to a decision ------------------------------------------------------------------------


async def test_s5_a_committee_decides_on_verified_frozen_data_and_enrolment_hears_who_voted(
    committee: Committee,
) -> None:
    office = committee.office
    meeting, snapshot = await committee.meet(*EVERYBODY)
    assert meeting["sitting"]["quorum"] == {"reached": True, "missing": []}
    proposal = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))

    decision = await committee.signed(proposal, "chair", "monitor")

    assert decision["state"] == "in_force"
    assert [one["seat"] for one in decision["sitting"]["voters"]] == [
        "chair",
        "investigator",
        "member",
        "medical_monitor",
        "statistician",
    ]
    assert decision["differs_from_recommendation"] is False
    frozen = json.loads(
        (await committee.person("chair").get(f"/snapshots/{snapshot['snapshot_id']}")).content
    )
    assert frozen["quality"]["person_id"] == "statistician"
    [event] = await office.running.published("sponsor.dose-decision.signed.v1")
    sitting = event["body"]["sitting"]
    assert (sitting["charter_version"], len(sitting["voters"])) == (1, 5)


async def test_s5_under_a_charter_nothing_is_opened_without_a_meeting(committee: Committee) -> None:
    snapshot = await committee.snapshot()
    body = {
        "snapshot_id": snapshot["snapshot_id"],
        "kind": "open_level",
        "level": 1,
        "places": 6,
        "text": "x",
    }

    alone = await committee.office.chair.post("/decisions", body)
    meeting = await committee.call()
    early = await committee.decide(meeting, snapshot, "open_level", 1, 6)

    refused(alone, 409, "meeting_required")
    refused(early, 409, "meeting_not_held")


async def test_a_snapshot_is_refused_while_nobody_has_signed_for_exactly_these_data(
    committee: Committee,
) -> None:
    office = committee.office
    freezing = {"part": PART}
    unsigned = await office.statistician.post(f"/trials/{office.trial_id}/snapshots", freezing)
    created(await committee.verify())
    [child] = await office.enrol(PART, 1, 1)

    refused(unsigned, 409, "quality_unsigned")
    stale = await office.statistician.post(f"/trials/{office.trial_id}/snapshots", freezing)
    refused(stale, 409, "quality_unsigned")
    await office.judge([child], "pending", PART, 1)
    assert (await committee.snapshot())["snapshot_id"]


async def test_a_decision_rests_on_the_snapshot_of_its_own_meeting(committee: Committee) -> None:
    meeting, _ = await committee.meet(*EVERYBODY)
    other = await committee.snapshot()

    decided = await committee.decide(meeting, other, "open_level", 1, 6)
    attended = await committee.attend(meeting, other, "chair")

    refused(decided, 409, "meeting_on_other_snapshot")
    refused(attended, 409, "meeting_on_other_snapshot")


async def test_a_newer_charter_ends_meetings_under_the_older_one(committee: Committee) -> None:
    meeting, snapshot = await committee.meet(*EVERYBODY)
    newer = created(await committee.propose(minimum_voters=5))
    created(await committee.sign(newer, "chair"))
    created(await committee.sign(newer, "monitor"))

    assert newer["version"] == 2
    refused(await committee.decide(meeting, snapshot, "open_level", 1, 6), 409, "charter_changed")


# -- dissent, override, restrictions --------------------------------------------------------------------


async def test_dissent_is_kept_signed_over_and_published(committee: Committee) -> None:
    meeting, snapshot = await committee.meet(*EVERYBODY)
    dissents = [{"person": "member", "text": "Two more weeks of follow-up first."}]
    outsider = [{"person": "somebody", "text": "No."}]

    refused(
        await committee.decide(meeting, snapshot, "open_level", 1, 6, dissents=outsider),
        422,
        "dissent_not_of_a_voter",
    )
    proposal = created(await committee.decide(meeting, snapshot, "open_level", 1, 6, dissents=dissents))
    decision = await committee.signed(proposal, "chair", "monitor")

    assert (decision["state"], decision["sitting"]["dissents"]) == ("in_force", dissents)
    assert "Dissent of member: Two more weeks of follow-up first." in decision["text"]
    [event] = await committee.office.running.published("sponsor.dose-decision.signed.v1")
    assert event["body"]["sitting"]["dissents"] == dissents


async def test_a_decision_other_than_the_recommendation_says_so_with_its_reason(committee: Committee) -> None:
    office = committee.office
    people = await office.enrol(PART, 1, 3)
    await office.judge(people, "no_dlt", PART, 1)
    meeting, snapshot = await committee.meet(*EVERYBODY)
    assert snapshot["recommendation"]["kind"] == "escalate"

    below = created(await committee.decide(meeting, snapshot, "hold", 1, text="Pharmacokinetics first."))
    same = created(await committee.decide(meeting, snapshot, "open_level", 2, 6))

    assert (below["differs_from_recommendation"], below["overrides_recommendation"]) == (True, False)
    assert "Reason: Pharmacokinetics first." in below["text"]
    assert (same["differs_from_recommendation"], same["recommendation"]["cell"]["n"]) == (False, 3)


@pytest.mark.parametrize(
    ("kind", "told"), [("hold", "hold"), ("close_level", "close_level"), ("de_escalate", "hold")]
)
async def test_a_restriction_acts_at_its_first_signature_with_or_without_a_meeting(
    kind: str, told: str, committee: Committee
) -> None:
    office = committee.office
    snapshot = await committee.snapshot()
    body = {"snapshot_id": snapshot["snapshot_id"], "kind": kind, "level": 1, "text": "Two toxicities."}
    decision = created(await office.chair.post("/decisions", body))

    signed = created(await office.sign(decision, office.monitor, "medical_monitor"))

    assert (signed["state"], signed["kind"]) == ("in_force", kind)
    [event] = await office.running.published("sponsor.dose-decision.signed.v1")
    assert (event["body"]["kind"], event["body"]["decided_as"]) == (told, kind)


async def test_a_committee_that_cannot_decide_holds_the_level_and_says_what_must_be_done(
    committee: Committee,
) -> None:
    meeting, snapshot = await committee.meet(*EVERYBODY)
    tasks = [
        {"text": "Two liver values of the fourth child.", "owner": "investigator", "due_on": "2026-03-20"}
    ]

    refused(await committee.decide(meeting, snapshot, "cannot_decide", 1), 422, "tasks_required")
    proposal = created(await committee.decide(meeting, snapshot, "cannot_decide", 1, tasks=tasks))
    decision = await committee.signed(proposal, "chair")

    assert (decision["state"], decision["sitting"]["tasks"]) == ("in_force", tasks)
    [event] = await committee.office.running.published("sponsor.dose-decision.signed.v1")
    assert (event["body"]["kind"], event["body"]["decided_as"]) == ("hold", "cannot_decide")


# -- circulation and superseded data --------------------------------------------------------------------


async def test_a_decision_is_in_force_at_a_site_from_that_sites_own_receipt(committee: Committee) -> None:
    office = committee.office
    await office.add_site("034")
    await office.green_light()
    meeting, snapshot = await committee.meet(*EVERYBODY)
    proposal = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))
    signed = await committee.signed(proposal, "chair", "monitor")
    assert [(one["site_number"], one["in_force_at"]) for one in signed["circulation"]] == [
        ("012", None),
        ("034", None),
    ]

    await office.network.hear(office.network.decision_received(signed["decision_id"], "034"))

    after = shown(await office.chair.get(f"/decisions/{signed['decision_id']}"))
    here, there = after["circulation"]
    assert (here["in_force_at"], there["received_by_role"]) == (None, "pharmacist")
    assert there["in_force_at"] == signed["in_force_at"] > there["received_at"]


async def test_a_restriction_and_a_trial_without_receipts_wait_for_no_site(
    running: Running, protocol: Json
) -> None:
    protocol["decision"]["circulation_receipts"] = False
    office = await recruiting_office(running, protocol)

    decision = await office.decide(PART, "open_level", 1, 6)

    assert [one["in_force_at"] for one in decision["circulation"]] == [decision["in_force_at"]]


async def test_s7_a_signed_decision_of_a_committee_is_superseded_by_late_data_and_its_signatures_stay(
    committee: Committee,
) -> None:
    office = committee.office
    people = await office.enrol(PART, 1, 3)
    await office.judge(people, "no_dlt", PART, 1)
    meeting, snapshot = await committee.meet(*EVERYBODY)
    proposal = created(await committee.decide(meeting, snapshot, "open_level", 2, 6))
    signed = await committee.signed(proposal, "chair", "monitor")

    await office.network.hear(office.network.adverse_event("r1", people[0], grade=4))
    flagged = shown(await office.chair.get(f"/decisions/{signed['decision_id']}"))
    await office.judge(people[:1], "dlt", PART, 1)
    after = shown(await office.chair.get(f"/decisions/{signed['decision_id']}"))

    assert (flagged["state"], flagged["pack_outdated_at"] is not None) == ("in_force", True)
    assert (after["state"], after["ended"]["because"]) == ("superseded", "late_data")
    assert (after["signatures"], after["sitting"]) == (signed["signatures"], signed["sitting"])


# -- S17: signatures ------------------------------------------------------------------------------------


async def test_s17_every_signature_shows_name_time_meaning_and_the_hash_of_what_was_signed(
    committee: Committee,
) -> None:
    meeting, snapshot = await committee.meet(*EVERYBODY)
    proposal = created(await committee.decide(meeting, snapshot, "open_level", 1, 6))

    decision = await committee.signed(proposal, "chair", "monitor")

    for one in decision["signatures"]:
        assert one["printed_name"] in ("chair", "monitor")
        assert (one["meaning"], one["signed_hash"]) == ("approved", proposal["sign_over"])
        assert one["signed_at"].endswith("Z")
