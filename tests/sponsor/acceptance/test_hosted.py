"""Hosted trials: another organisation decides about dose levels, and the trial office signs its letters in."""

from typing import Any

import httpx
import pytest

from shared.testing.running import Person, Running
from tests.sponsor.kinds import protocol_of_kind
from tests.sponsor.office import Json, Office, created, refused, registered_office

PART = "escalation"
SHA256 = "ab" * 32


@pytest.fixture
async def hosted(running: Running) -> Office:
    """A commercial trial with dose levels, open, with two people of the trial office delegated."""
    protocol = protocol_of_kind("dose_finding", ctimp=True, hosted=True, with_levels=True)
    protocol["trial"] |= {"registry_ids": ["ISRCTN00000000"], "funding": "commercial"}
    office = await registered_office(running, protocol)
    await office.approve()
    await office.delegate("investigator", "site_investigator")
    await office.delegate("manager", "trial_manager")
    await office.delegate("quality", "sponsor_qa")
    await office.open()
    await office.network.hear()
    return office


def letter(office: Office, **more: Any) -> Json:
    stated = {
        "trial_id": office.trial_id,
        "part": PART,
        "reference": "letter-2026-03",
        "dated": "2026-03-01",
        "sha256": SHA256,
        "sender": "Example Pharmaceuticals",
    }
    return stated | more


async def enter(
    office: Office,
    kind: str = "open_level",
    level: int = 1,
    places: int = 3,
    *,
    by: Person | None = None,
    **more: Any,
) -> httpx.Response:
    body = {
        "letter": letter(office, **more),
        "kind": kind,
        "level": level,
        "places": places,
        "text": "As the letter says.",
    }
    return await (by or office.manager).post("/decisions", body)


async def signed_in(office: Office, decision: Json) -> Json:
    created(await office.sign(decision, office.manager, "trial_manager"))
    return created(await office.sign(decision, office.quality, "sponsor_qa"))


async def test_a_letter_signed_in_by_two_of_the_office_is_published_as_a_decision_with_its_cohort_rule(
    hosted: Office, running: Running
) -> None:
    decision = created(await enter(hosted))
    assert decision["letter"]["sender"] == "Example Pharmaceuticals"
    assert (decision["snapshot_id"], decision["snapshot_sha256"]) == (None, None)
    assert (decision["missing"]["roles"], decision["missing"]["signers"]) == ([], 2)
    assert SHA256 in decision["text"]

    first = created(await hosted.sign(decision, hosted.manager, "trial_manager"))
    assert first["state"] == "proposed"
    assert await running.published("sponsor.dose-decision.signed.v1") == []
    created(await hosted.sign(decision, hosted.quality, "sponsor_qa"))

    [event] = await running.published("sponsor.dose-decision.signed.v1")
    body = event["body"]
    assert (body["kind"], body["level"], body["places"], body["snapshot_sha256"]) == (
        "open_level",
        1,
        3,
        SHA256,
    )
    assert body["letter"] == {"reference": "letter-2026-03", "dated": "2026-03-01", "sha256": SHA256}
    assert "Example Pharmaceuticals" not in str(event)
    assert body["cohort_rule"]["source"]["design"] == "rolling_six"
    assert {line["role"] for line in body["signed_by"]} == {"trial_manager", "sponsor_qa"}


async def test_one_person_or_a_committee_role_does_not_sign_a_letter_in(hosted: Office) -> None:
    await hosted.delegate_committee()
    decision = created(await enter(hosted))
    created(await hosted.sign(decision, hosted.manager, "trial_manager"))

    again = await hosted.sign(decision, hosted.manager, "trial_manager")
    refused(again, 409, "second_person_required")
    refused(await hosted.sign(decision, hosted.chair, "src_chair"), 403, "role_cannot_sign")
    refused(await hosted.sign(decision, hosted.monitor, "medical_monitor"), 403, "role_cannot_sign")


async def test_only_the_office_enters_letters(hosted: Office) -> None:
    refused(await enter(hosted, by=hosted.chair), 403, "forbidden")
    other = hosted.running.person("manager", "trial_manager:EP99:*")
    refused(await enter(hosted, by=other), 404, "not_found")


async def test_a_letter_decides_only_in_a_hosted_trial(office: Office) -> None:
    refused(await enter(office), 409, "letter_only_when_hosted")


async def test_a_hosted_trial_does_not_use_our_committee(hosted: Office) -> None:
    await hosted.delegate_committee()

    refused(await hosted.propose(PART, "open_level", 1, 3), 409, "letter_required_when_hosted")


async def test_a_hosted_trial_opens_when_two_of_the_office_can_sign_and_without_a_monitor(
    running: Running,
) -> None:
    protocol = protocol_of_kind("dose_finding", ctimp=True, hosted=True, with_levels=True)
    protocol["trial"]["registry_ids"] = ["ISRCTN00000000"]
    office = await registered_office(running, protocol)
    await office.approve()
    await office.delegate("investigator", "site_investigator")
    await office.delegate("manager", "trial_manager")
    opening = f"/trials/{office.trial_id}/openings"

    missing = refused(await office.manager.post(opening, {}), 409, "evidence_missing")
    assert missing["missing"] == ["quorum_possible"]

    await office.delegate("quality", "sponsor_qa")
    assert (await office.open())["state"] == "open"


async def test_a_restricting_letter_acts_at_the_first_signature(hosted: Office, running: Running) -> None:
    await signed_in(hosted, created(await enter(hosted)))
    closing = created(await enter(hosted, "close_level", 1, 0, reference="letter-2", sha256="cd" * 32))

    closed = created(await hosted.sign(closing, hosted.manager, "trial_manager"))

    assert closed["state"] == "in_force"
    assert (await running.published("sponsor.dose-decision.signed.v1"))[-1]["body"]["kind"] == "close_level"
    again = await enter(hosted, "open_level", 1, 2, reference="letter-3", sha256="ef" * 32)
    refused(again, 409, "level_eliminated")
    created(await enter(hosted, "reopen_level", 1, 2, reference="letter-3", sha256="ef" * 32))


async def test_a_letter_may_state_rows_within_the_design_and_the_rest_is_held_or_closes(
    hosted: Office, running: Running
) -> None:
    rows = [
        {"n": 1, "dlt": 0, "pending": 1, "answer": "same"},
        {"n": 2, "dlt": 0, "pending": 2, "answer": "hold"},
    ]
    await signed_in(hosted, created(await enter(hosted, places=2, rule={"rows": rows})))

    [event] = await running.published("sponsor.dose-decision.signed.v1")
    rule = event["body"]["cohort_rule"]
    closing = [row for row in rule["rows"] if row[3] == "close"]
    others = [row for row in rule["rows"] if row[3] != "close"]
    assert others == [[0, 0, 0, "same"], [1, 0, 1, "same"], [2, 0, 2, "hold"]]
    assert [3, 2, 0, "close"] in closing


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"rows": [{"n": 3, "dlt": 2, "pending": 0, "answer": "same"}]}, "letter_rule_unusable"),
        ({"rows": [{"n": 60, "dlt": 0, "pending": 0, "answer": "hold"}]}, "letter_rule_unusable"),
        ({"close_if_dlts_at_least": {"3": 2}, "max_evaluable": 6}, "letter_rule_unusable"),
        ({"rows": [], "max_evaluable": 6}, "invalid_request"),
        ({"close_if_dlts_at_least": {"3": 2}}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
async def test_a_letter_is_never_looser_than_the_protocols_own_design(
    rule: Json, code: str, hosted: Office
) -> None:
    refused(await enter(hosted, rule=rule), 422, code)


async def test_a_letter_about_an_expansion_states_a_boundary_no_looser_than_the_protocols(
    hosted: Office, running: Running
) -> None:
    own = {"close_if_dlts_at_least": {"3": 3, "6": 4}, "max_evaluable": 12}
    looser = own | {"close_if_dlts_at_least": {"3": 3, "6": 5}}
    about: Json = {"part": "expansion", "kind": "expand"}

    refused(await enter(hosted, **about, rule=looser), 422, "letter_rule_unusable")
    refused(await enter(hosted, **about, rule=own | {"max_evaluable": 13}), 422, "letter_rule_unusable")
    late = own | {"close_if_dlts_at_least": {"4": 3}}
    refused(await enter(hosted, **about, rule=late), 422, "letter_rule_unusable")
    stricter = {"close_if_dlts_at_least": {"3": 2, "6": 3}, "max_evaluable": 9}
    await signed_in(hosted, created(await enter(hosted, **about, rule=stricter)))

    [event] = await running.published("sponsor.dose-decision.signed.v1")
    rule = event["body"]["cohort_rule"]
    assert (rule["max_evaluable"], rule["close_if_dlts_at_least"]) == (9, [[3, 2], [6, 3]])
    assert rule["source"]["text"] == "letter letter-2026-03 of 2026-03-01"


async def test_one_letter_gives_a_level_its_places_once(hosted: Office) -> None:
    decision = created(await enter(hosted))

    used = refused(await enter(hosted), 409, "letter_used")

    assert used["decision_id"] == decision["decision_id"]
    created(await enter(hosted, level=2))
    withdrawal = {"reason": "Entered for the wrong level."}
    path = f"/decisions/{decision['decision_id']}/withdrawals"
    created(await hosted.manager.post(path, withdrawal))
    created(await enter(hosted))


async def test_a_letter_gives_no_more_places_than_its_rule_and_the_target_leave(hosted: Office) -> None:
    left = refused(await enter(hosted, places=7), 409, "places_exceed_rule")["left"]
    assert left == 6
    refused(await enter(hosted, places=0), 422, "places_invalid")
    refused(await enter(hosted, "hold", places=1), 422, "places_invalid")
    refused(await enter(hosted, dated="2999-01-01"), 422, "evidence_dated_ahead")
    refused(await enter(hosted, level=9), 422, "level_unknown")
    refused(await enter(hosted, part="nowhere"), 422, "part_unknown")


async def test_what_happens_here_holds_the_level_and_ends_no_letter(hosted: Office, running: Running) -> None:
    decision = await signed_in(hosted, created(await enter(hosted)))
    people = await hosted.enrol(PART, 1, 3, decision=decision)
    await hosted.judge(people, "no_dlt", PART, 1)

    await hosted.judge(people[:2], "dlt", PART, 1)

    assert len(await running.published("sponsor.cohort.held.v1")) == 1
    assert await running.published("sponsor.dose-decision.superseded.v1") == []
    level = (await hosted.part(PART))["levels"][0]
    assert level["held"] is not None


async def test_a_decision_rests_on_a_snapshot_or_on_a_letter_and_never_on_both(hosted: Office) -> None:
    body: Json = {"kind": "open_level", "level": 1, "places": 3, "text": "x"}

    refused(await hosted.manager.post("/decisions", body), 422, "invalid_request")
    both = body | {"letter": letter(hosted), "snapshot_id": "s"}
    refused(await hosted.manager.post("/decisions", both), 422, "invalid_request")
