"""Proposals and withdrawals through the API: what may be proposed, and how snapshots move on."""

import pytest

from shared.testing.running import Running
from tests.sponsor.api.proposing import PART, REASONS, first_opening
from tests.sponsor.office import Json, Office, created, recruiting_office, refused, shown


async def test_a_proposal_says_what_is_missing_and_what_must_be_signed(office: Office) -> None:
    decision = await first_opening(office)

    assert (decision["state"], decision["places"]) == ("proposed", 6)
    assert decision["missing"] == {
        "roles": ["medical_monitor", "src_chair"],
        "signers": 2,
        "reason_authors": [],
        "quorum": [],
    }
    assert len(decision["sign_over"]) == 64
    assert decision["purpose"] == "sign-dose-decision"
    assert "As the committee discussed." in decision["text"]
    assert (decision["recommendation"]["kind"], decision["overrides_recommendation"]) == ("stay", False)


async def test_the_cohort_rule_is_computed_from_the_design_and_cannot_be_typed(office: Office) -> None:
    decision = await first_opening(office)

    rule = decision["cohort_rule"]
    assert rule["source"]["design"] == "rolling_six"
    assert rule["counts"] == [{"part": PART, "level": 1}]
    cells = {tuple(row[:3]): row[3] for row in rule["rows"]}
    assert (cells[0, 0, 0], cells[3, 0, 0], cells[2, 2, 0]) == ("same", "hold", "close")

    snapshot = await office.freeze(PART)
    body = {
        "snapshot_id": snapshot["snapshot_id"],
        "kind": "open_level",
        "level": 1,
        "places": 6,
        "text": "x",
    }
    typed = await office.chair.post("/decisions", body | {"cohort_rule": rule})
    refused(typed, 422, "invalid_request")


# -- what may be proposed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "level", "places", "status", "code"),
    [
        ("open_level", 3, 1, 422, "level_unknown"),
        ("open_level", 2, 1, 409, "skips_untried_level"),
        ("open_level", 1, 0, 422, "places_invalid"),
        ("open_level", 1, 7, 409, "places_exceed_rule"),
        ("declare_mtd", 1, 0, 409, "level_not_tried"),
        ("reopen_level", 1, 1, 409, "level_not_eliminated"),
        ("hold", 1, 3, 422, "places_invalid"),
    ],
)
async def test_proposals_against_the_rules_are_refused(
    kind: str, level: int, places: int, status: int, code: str, office: Office
) -> None:
    refused(await office.propose(PART, kind, level, places, reasons=REASONS), status, code)


async def test_above_the_recommendation_chair_and_monitor_write_why_and_sign_themselves(
    office: Office,
) -> None:
    decision = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=decision)
    await office.judge(people[:2], "no_dlt", PART, 1)
    await office.judge(people[2:], "dlt", PART, 1)

    refused(await office.propose(PART, "open_level", 2, 3), 409, "override_reason_required")
    higher = created(await office.propose(PART, "open_level", 2, 3, reasons=REASONS))
    await office.delegate("other", "src_chair")
    other = office.person("other", "src_chair")
    created(await office.sign(higher, other, "src_chair"))
    waiting = created(await office.sign(higher, office.monitor, "medical_monitor"))
    assert (waiting["state"], waiting["missing"]["reason_authors"]) == ("proposed", ["chair"])
    in_force = created(await office.sign(higher, office.chair, "src_chair"))

    assert (in_force["state"], in_force["overrides_recommendation"]) == ("in_force", True)
    [event] = [
        e
        for e in await office.running.published("sponsor.dose-decision.signed.v1")
        if e["aggregate_id"] == higher["decision_id"]
    ]
    assert event["body"]["overrides_recommendation"] is True


async def test_a_level_closed_by_decision_opens_again_by_a_reopening_alone(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    await office.decide(PART, "open_level", 2, 6)
    await office.decide(PART, "close_level", 2)

    refused(await office.propose(PART, "open_level", 2, 3, reasons=REASONS), 409, "level_eliminated")
    reopened = await office.decide(PART, "reopen_level", 2, 3, reasons=REASONS)

    assert reopened["state"] == "in_force"
    states = {
        item["kind"]: item["state"]
        for item in shown(await office.chair.get("/decisions", trial=office.trial_id))["items"]
    }
    assert states["close_level"] == "superseded"


async def test_what_took_force_last_counts_not_what_was_proposed_last(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    await office.decide(PART, "open_level", 2, 6)
    waiting = created(await office.propose(PART, "close_level", 2))
    await office.decide(PART, "close_level", 2)
    await office.decide(PART, "reopen_level", 2, 3, reasons=REASONS)
    assert (await office.part(PART))["recommendation"]["closed_levels"] == []

    created(await office.sign(waiting, office.chair, "src_chair"))

    assert (await office.part(PART))["recommendation"]["closed_levels"] == [2]


async def test_an_expansion_is_not_opened_at_a_dose_that_its_escalation_found_intolerable(
    office: Office,
) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    second = await office.decide(PART, "open_level", 2, 6)
    people = await office.enrol(PART, 2, 2, decision=second)
    await office.judge(people, "dlt", PART, 2)

    answer = await office.propose("expansion", "expand", 1, 3, reasons=REASONS)

    refused(answer, 409, "level_eliminated")


async def test_the_parts_target_limits_the_places(running: Running, protocol: Json) -> None:
    protocol["parts"][0]["target"] = 4
    office = await recruiting_office(running, protocol)

    problem = refused(await office.propose(PART, "open_level", 1, 6), 409, "places_exceed_rule")

    assert problem["left"] == 4


# -- snapshots move on ----------------------------------------------------------------------------------


async def test_a_snapshot_serves_no_second_opening_once_a_decision_has_taken_force(office: Office) -> None:
    snapshot = await office.freeze(PART)
    body = {
        "snapshot_id": snapshot["snapshot_id"],
        "kind": "open_level",
        "level": 1,
        "places": 3,
        "text": "x",
    }
    one = created(await office.chair.post("/decisions", body))
    other = created(await office.chair.post("/decisions", body))
    created(await office.sign(one, office.chair, "src_chair"))
    created(await office.sign(one, office.monitor, "medical_monitor"))

    answer = await office.sign(other, office.chair, "src_chair")

    assert refused(answer, 409, "snapshot_outdated")["cause"] == "decision"
    assert (
        refused(await office.chair.post("/decisions", body), 409, "snapshot_outdated")["cause"] == "decision"
    )


async def test_late_data_end_a_proposal_before_it_is_signed(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    decision = created(await office.propose(PART, "open_level", 2, 6))

    await office.judge(people[:1], "dlt", PART, 1)

    answer = await office.sign(decision, office.chair, "src_chair")
    refused(answer, 409, "decision_not_open_for_signature")
    view = shown(await office.chair.get(f"/decisions/{decision['decision_id']}"))
    assert (view["state"], view["ended"]["because"]) == ("superseded", "late_data")
    superseded = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert decision["decision_id"] not in {event["aggregate_id"] for event in superseded}


async def test_a_newer_decision_follows_the_older_one_without_an_event(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)

    second = await office.decide(PART, "open_level", 2, 6)

    view = shown(await office.chair.get(f"/decisions/{first['decision_id']}"))
    assert (view["state"], view["ended"]["because"]) == ("superseded", "newer_decision")
    assert await office.running.published("sponsor.dose-decision.superseded.v1") == []
    assert [d["decision_id"] for d in (await office.part(PART))["decisions_in_force"]] == [
        second["decision_id"]
    ]


async def test_a_withdrawn_decision_is_announced_when_it_was_in_force(office: Office) -> None:
    proposed = await first_opening(office)
    path = f"/decisions/{proposed['decision_id']}/withdrawals"
    gone = created(await office.manager.post(path, {"reason": "Typing error."}))
    assert (gone["state"], gone["ended"]["reason"]) == ("withdrawn", "Typing error.")
    assert await office.running.published("sponsor.dose-decision.superseded.v1") == []

    decision = await office.decide(PART, "open_level", 1, 6)
    created(
        await office.chair.post(f"/decisions/{decision['decision_id']}/withdrawals", {"reason": "Error."})
    )

    [event] = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert (event["aggregate_id"], event["body"]["reason"]) == (decision["decision_id"], "withdrawn")
    assert (await office.part(PART))["decisions_in_force"] == []


async def test_decisions_are_listed_in_pages_with_the_present_recommendation_beside_them(
    office: Office,
) -> None:
    first = await first_opening(office)
    second = await first_opening(office)

    page = shown(await office.chair.get("/decisions", trial=office.trial_id, limit=1))
    rest = shown(
        await office.chair.get("/decisions", trial=office.trial_id, limit=1, cursor=page["next_cursor"])
    )

    assert [page["items"][0]["decision_id"], rest["items"][0]["decision_id"]] == [
        first["decision_id"],
        second["decision_id"],
    ]
    assert rest["next_cursor"] is None
    assert page["items"][0]["present_recommendation"]["kind"] == "stay"


async def test_recommendations_are_listed_with_what_they_were_computed_from(office: Office) -> None:
    await office.enrol(PART, 1, 1)

    items = shown(await office.chair.get("/recommendations", trial=office.trial_id))["items"]

    mine = [item for item in items if item["part"] == PART]
    assert [item["n"] for item in mine] == [1, 2]
    assert mine[1]["counts"] == [[1, 1, 0, 1], [2, 0, 0, 0]]
    assert mine[1]["cell"]["source"]["id"] == "rolling_six"
    assert len(mine[1]["cell"]["source"]["sha256"]) == 64
