import json
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant


async def test_a_report_is_accepted_with_its_alerts_and_the_site_clock(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(seriousness=["hospitalisation"])

    assert receipt["matched"] == "matched"
    assert receipt["version"] == 1
    assert receipt["receipt_only"] is False
    assert [alert["kind"] for alert in receipt["alerts"]] == ["serious_adverse_event"]
    assert receipt["site_due_at"] > receipt["aware_at"]
    events = await world.running.published("safety.adverse-event.reported.v1")
    assert [event["body"]["report_id"] for event in events] == [receipt["report_id"]]
    assert events[0]["scope"] == world.trial_id


async def test_the_event_carries_coded_fields_and_no_word_that_anybody_wrote(world: Any) -> None:
    await world.treat()

    await world.reported(
        verbatim="SECRET-VERBATIM",
        narrative="SECRET-NARRATIVE",
        contact="SECRET-CONTACT",
        outcome="SECRET-OUTCOME",
        causality="SECRET-CAUSALITY",
        seriousness=["SECRET-SERIOUSNESS"],
        exclusions=["SECRET-EXCLUSION"],
        site_number="SECRET-SITE",
        stated_by="SECRET-PERSON",
        admission="SECRET-ADMISSION",
    )

    everything = await world.rows("SELECT payload FROM outbox")
    assert everything
    assert not any(b"SECRET" in bytes(row[0]) for row in everything)


async def test_the_text_stays_whole_in_the_store(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(verbatim="as said: «müde»", narrative="a long story", contact="0113 …")

    shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()

    version = shown["versions"][0]
    assert version["content"]["verbatim"] == "as said: «müde»"
    assert (version["narrative"], version["contact"]) == ("a long story", "0113 …")


async def test_without_a_key_one_is_made_and_returned(world: Any) -> None:
    await world.treat()

    first = await world.report(key=None)
    again = await world.report(key=first.headers["idempotency-key"])

    assert first.status_code == 201
    assert len(first.headers["idempotency-key"]) == 36
    assert again.status_code == 422  # other bytes: the time of awareness differs


async def test_the_same_request_twice_is_one_report_one_alert_and_the_same_bytes(world: Any) -> None:
    await world.treat()
    body = {"trial": "EP01", "participant_number": "EP01-012-0017", "verbatim": "x", "seriousness": ["death"]}

    first = await world.investigator.post("/adverse-events", body, key="key-1")
    again = await world.investigator.post("/adverse-events", body, key="key-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert len(await world.rows("SELECT id FROM adverse_event")) == 1
    assert (await world.alert_kinds()).count("death") == 1


async def test_the_same_key_with_another_body_is_refused(world: Any) -> None:
    await world.investigator.post("/adverse-events", {"verbatim": "x"}, key="key-1")

    answer = await world.investigator.post("/adverse-events", {"verbatim": "y"}, key="key-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


NOT_JSON: list[tuple[bytes, str]] = [
    (b'{"verbatim": "x", "grade": NaN}', "invalid_json"),
    (b'{"verbatim": "x", "grade": 1e999}', "invalid_json"),
    (b'{"verbatim": "x", "narrative": "\\ud800"}', "invalid_json"),
    (b'{"verbatim": "x", "verbatim": "y"}', "duplicate_key"),
    (b"[" * 100_000, "invalid_json"),
    (b'{"verbatim": "x", "grade": ' + b"9" * 5000 + b"}", "invalid_json"),
    (b"verbatim=x", "invalid_json"),
    (b"", "invalid_json"),
]


async def test_what_is_not_json_is_refused_with_400(world: Any) -> None:
    answers = [await _post_raw(world, raw) for raw, _ in NOT_JSON]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, code) for _, code in NOT_JSON
    ]
    assert await world.rows("SELECT id FROM adverse_event") == []


NO_REPORT: list[dict[str, Any]] = [
    {"grade": True},
    {"grade": "3"},
    {"grade": 3.5},
    {"grade": 3.0},
    {"grade": 0},
    {"grade": 6},
    {"grades": [{"grade": 6}]},
    {"verbatim": 3},
    {"seriousness": "death"},
    {"participant_number": ["EP01"]},
    {"is_dlt": True},
    {"verdict": "dlt"},
    {"report_id": "x"},
    {"verbatim": ""},
]


async def test_wrong_types_unknown_fields_and_nothing_at_all_are_refused_with_422(world: Any) -> None:
    answers = [
        await world.investigator.post("/adverse-events", {"verbatim": "x"} | body) for body in NO_REPORT
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (422, "invalid_request") for _ in NO_REPORT
    ]
    assert await world.rows("SELECT id FROM adverse_event") == []


async def test_a_body_of_twenty_megabytes_is_refused(world: Any) -> None:
    answer = await _post_raw(world, b'{"verbatim": "' + b"x" * 20_000_000 + b'"}')

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_nobody_unknown_reports(world: Any) -> None:
    answer = await world.running.client.post(
        "/safety/api/v1/adverse-events",
        content=b'{"verbatim": "x"}',
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 401


async def test_a_nul_is_kept_and_not_refused(world: Any) -> None:
    receipt = await world.reported(verbatim="before\u0000after", narrative="\u0000")

    shown = (
        await world.running.person("all", "safety_officer:*:*").get(f"/adverse-events/{receipt['report_id']}")
    ).json()
    assert shown["versions"][0]["content"]["verbatim"] == "before\0after"
    assert shown["versions"][0]["narrative"] == "\0"


QUERIED: list[tuple[dict[str, Any], str]] = [
    ({"onset": "2027-02-29"}, "impossible_date"),
    ({"onset": "1899-12-31"}, "impossible_date"),
    ({"onset": "last week"}, "impossible_date"),
    ({"onset": "2026"}, "date_incomplete"),
    ({"onset": "2999-01-01"}, "time_in_future"),
    ({"aware_at": "2999-01-01T00:00:00Z"}, "time_in_future"),
    ({"aware_at": "some day"}, "impossible_date"),
    ({"aware_at": "2026-01-05T10:00:00Z"}, "onset_after_awareness"),
    ({"grade": 5, "term": "Fatigue"}, "grade_not_defined_for_term"),
    ({"term": "Feeling odd"}, "term_not_in_dictionary"),
    ({"ctcae": "4.03"}, "dictionary_version_not_pinned"),
    ({"seriousness": None}, "seriousness_missing"),
    ({"seriousness": ["grave"]}, "seriousness_unrecognised"),
    ({"causality": None}, "causality_missing"),
    ({"causality": "perhaps"}, "causality_unrecognised"),
    ({"outcome": "unsure"}, "outcome_unrecognised"),
    ({"exclusions": ["no-such"]}, "exclusion_not_in_definition"),
    ({"grade": None}, "grade_missing"),
]


async def test_what_cannot_be_coded_is_kept_as_reported_and_queried(world: Any) -> None:
    await world.treat()

    for stated, query in QUERIED:
        receipt = await world.reported(**stated)

        assert query in [each["code"] for each in receipt["queries"]], stated
        shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()
        if "onset" in stated:
            assert shown["versions"][0]["content"]["onset"] == stated["onset"]
            assert shown["adverse_event"]["onset_on"] is None


async def test_a_claimed_awareness_in_the_future_counts_as_now(world: Any) -> None:
    await world.treat()
    before = await world.now()

    receipt = await world.reported(aware_at="2999-01-01T00:00:00Z")

    assert format_instant(before) <= receipt["aware_at"] <= format_instant(await world.now())


async def test_contradictions_are_accepted_alerted_and_queried(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(grade=5, term="Sepsis", outcome="recovering", seriousness=[])

    codes = {each["code"] for each in receipt["queries"]}
    assert {
        "grade_5_outcome_not_fatal",
        "grade_5_without_death_date",
        "grade_5_without_death_seriousness",
    } <= codes
    assert "death" in [alert["kind"] for alert in receipt["alerts"]]


async def test_a_death_after_a_death_and_an_onset_after_it_are_warnings(world: Any) -> None:
    await world.treat()
    today = await world.today()
    died = (today - timedelta(days=2)).isoformat()
    await world.reported(
        grade=5, term="Sepsis", outcome="fatal", death_on=died, onset=died, seriousness=["death"]
    )

    receipt = await world.reported(grade=5, term="Sepsis", outcome="fatal", seriousness=["death"])

    codes = {each["code"] for each in receipt["queries"]}
    assert {"second_grade_5", "onset_after_death"} <= codes


async def test_an_nhs_number_in_the_text_is_accepted_and_flagged(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(narrative="NHS number 943 476 5919, please call")

    assert "identifier_suspected" in receipt["flags"]
    everything = await world.rows("SELECT payload FROM outbox")
    assert not any(b"943 476" in bytes(row[0]) for row in everything)


async def test_a_report_without_a_known_participant_is_stored_whole_and_wakes_somebody(world: Any) -> None:
    receipt = await world.reported(
        by=world.officer, participant_number="EP01-012-9999", seriousness=["hospitalisation"]
    )

    assert receipt["matched"] == "unmatched"
    assert [(alert["kind"], alert["priority"]) for alert in receipt["alerts"]] == [
        ("unmatched_report", "P1"),
    ]
    event = (await world.running.published("safety.adverse-event.reported.v1"))[0]
    assert (event["body"]["matched"], event["body"]["trial_id"]) == ("unmatched", world.trial_id)


async def test_a_report_for_a_trial_nobody_knows_is_a_fact_of_the_network(world: Any) -> None:
    await world.reported(trial="NOSUCH", participant_number="X-1", seriousness=["death"])

    event = (await world.running.published("safety.adverse-event.reported.v1"))[0]
    assert (event["scope"], event["body"]["trial_id"]) == ("network", None)
    assert event["body"]["matched"] == "unmatched"
    assert await world.alert_kinds() == ["death"]


@pytest.mark.parametrize(
    "missing", ["trial", "participant_number", "site_number", "aware_at", "onset", "term"]
)
async def test_every_field_may_be_missing(world: Any, omit: object, missing: str) -> None:
    await world.treat()

    answer = await world.report(**{missing: omit})

    assert answer.status_code == 201


async def test_absurdly_long_names_and_numbers_are_kept_all_the_same(world: Any) -> None:
    length = 60_000
    await world.reported(
        trial="E" * length, participant_number="N" * length, site_number="S" * length, term="T" * length
    )

    assert await world.rows("SELECT matched FROM adverse_event") == [("unmatched",)]


async def test_a_withdrawn_participant_is_still_reported_on(world: Any) -> None:
    at = await world.treat()
    await world.tell(
        world.enrolment,
        world.participation({"treatment": "stopped", "trial_visits_procedures": "stopped"}, at=at),
        world.ended("participant_choice", at=at),
    )

    receipt = await world.reported(seriousness=["life_threatening"])

    assert receipt["matched"] == "matched"
    assert "life_threatening" in await world.alert_kinds()


async def test_a_missing_or_ended_delegation_is_a_flag(world: Any) -> None:
    await world.treat()

    missing = await world.reported(by=world.nurse)
    await world.tell(world.sponsor, world.delegation_ended())
    ended = await world.reported()

    assert missing["flags"] == ["delegation_missing"]
    assert ended["flags"] == ["delegation_ended"]


async def test_an_investigator_whose_delegation_ended_does_not_write_the_opinion(world: Any) -> None:
    await world.treat()
    await world.tell(world.sponsor, world.delegation_ended())

    receipt = await world.reported(causality="unrelated", grade=3)

    assert "causality_not_by_investigator" in [each["code"] for each in receipt["queries"]]
    assert (await world.verdict())["provisional"] == "dlt"


async def test_the_desk_may_note_what_an_investigator_said(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(by=world.officer, causality="possible", stated_by="dr-site")

    assert "causality_to_be_confirmed" in [each["code"] for each in receipt["queries"]]


async def test_every_report_has_one_audit_row_per_change(world: Any) -> None:
    await world.treat()
    before = len(await world.audited())

    await world.reported(seriousness=["hospitalisation"])

    assert (await world.audited())[before:] == [
        "safety.adverse-event.reported.v1",
        "safety.alert.raised.v1",
    ]


async def _post_raw(world: Any, raw: bytes) -> Any:
    person = world.investigator
    headers = {"content-type": "application/json", "idempotency-key": "k"} | person._authorization()
    return await world.running.client.post("/safety/api/v1/adverse-events", content=raw, headers=headers)


async def test_a_lone_surrogate_sent_by_the_client_library_is_refused(world: Any) -> None:
    answer = await _post_raw(world, json.dumps({"verbatim": "\ud800"}).encode())

    assert answer.status_code == 400
