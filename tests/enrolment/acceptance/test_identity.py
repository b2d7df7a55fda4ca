"""Acceptance A16 and A17: the same child twice, by keyed hash; numbers are issued."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant
from tests.enrolment.world import hash_of

REPEATS = 50


async def published(trial: Any, event: str) -> list[dict[str, Any]]:
    return [one for one in await trial.running.published() if one["type"] == f"enrolment.{event}"]


async def everything_kept(trial: Any) -> str:
    """Audit and outbox as text: whatever could be read by somebody who may not read the table of hashes."""
    audit = await trial.rows("SELECT action, reason, details FROM audit")
    outbox = await trial.rows("SELECT payload FROM outbox")
    idempotent = await trial.rows("SELECT route, answer FROM idempotency")
    return str(
        [
            [bytes(it) if isinstance(it, memoryview) else it for it in row]
            for row in [*audit, *outbox, *idempotent]
        ]
    )


# -- A16: the same child twice --------------------------------------------------------------------------


async def test_a16_the_second_screening_stops_and_learns_neither_identity_nor_site(trial: Any) -> None:
    first = (await trial.screen("012"))["screening_id"]
    second = (await trial.screen("034"))["screening_id"]
    clear = await trial.identify(first, "child-1", "012")

    stopped = await trial.identify(second, "child-1", "034")

    assert (clear.status_code, clear.json()) == (201, {"screening_id": first, "possible_duplicate": False})
    assert (stopped.status_code, stopped.json()["code"]) == (409, "possible_duplicate")
    assert set(stopped.json()) == {"type", "title", "status", "code", "detail", "request_id"}
    for revealing in ("012", first, "S-012", hash_of("child-1")):
        assert revealing not in stopped.text.replace(stopped.json()["request_id"], "")
    mine = (await trial.investigator("034").get(f"/screenings/{second}")).json()
    assert (mine["state"], mine["stopped"]) == ("in_screening", "possible_duplicate")
    assert (await trial.investigator("012").get(f"/screenings/{first}")).json()["stopped"] is None


async def test_a16_nothing_more_is_recorded_for_a_stopped_screening(trial: Any) -> None:
    going_on, stopped = await trial.stopped("child-1")
    signed_at = format_instant(await trial.now() - timedelta(hours=1))
    consent = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": signed_at,
    }
    records: dict[str, Any] = {
        "consents": consent,
        "assents": {"answer": "not_capable", "reason_code": "too_ill", "signed_at": signed_at},
        "eligibility": {"version": "1.0", "answers": {"diagnosis": True}, "signed_at": signed_at},
        "age-statements": {"years": 13, "on": str((await trial.now()).date())},
    }

    answers = [
        await trial.investigator("034").post(f"/screenings/{stopped}/{it}", records[it]) for it in records
    ]
    answers.append(await trial.request(stopped, "034"))

    assert [(it.status_code, it.json()["code"]) for it in answers] == [(409, "possible_duplicate")] * 5
    await trial.consent(going_on, "012")  # the first one goes on
    await trial.reserve(going_on, "012")
    ended = await trial.investigator("034").post(
        f"/screenings/{stopped}/failures", {"reason_code": "withdrew"}
    )
    assert ended.status_code == 201  # its own site may always end it


async def test_a16_guard_14_keeps_out_who_was_ready_before_the_hash_came(trial: Any, codes_of: Any) -> None:
    first = (await trial.screen("012"))["screening_id"]
    await trial.identify(first, "child-1", "012")
    second = await trial.ready("034")
    slot_id = await trial.reserve(second, "034")
    assert (await trial.identify(second, "child-1", "034")).status_code == 409

    refused = await trial.register(second, slot_id, "034", age=None)

    assert refused.status_code == 409
    assert codes_of(refused) == ["possible_duplicate"]
    await trial.resolve("false_match")
    await trial.freshen()
    assert (await trial.register(second, slot_id, "034")).status_code == 201


async def test_a16_two_sites_that_send_one_child_at_once_stop_exactly_one(trial: Any) -> None:
    for repeat in range(REPEATS):
        sites = ("012", "034") if repeat % 2 else ("034", "012")
        screenings = {site: (await trial.screen(site))["screening_id"] for site in sites}

        answers = await asyncio.gather(
            *(trial.identify(screenings[site], f"child-{repeat}", site) for site in sites)
        )

        assert sorted(answer.status_code for answer in answers) == [201, 409]
        (suspicion,) = [it for it in await trial.suspicions(state="open", limit=200) if it["state"] == "open"]
        await trial.resolve("same_person_refused")
        loser = sites[[answer.status_code for answer in answers].index(409)]
        assert suspicion["stopped"]["screening_id"] == screenings[loser]
    assert len(await published(trial, "duplicate.suspected.v1")) == REPEATS


async def test_a16_the_coordinator_sees_both_sites_and_never_a_hash(trial: Any) -> None:
    going_on, stopped = await trial.stopped("child-1")

    (shown,) = await trial.suspicions()

    assert (shown["stopped"]["screening_id"], shown["stopped"]["site_number"]) == (stopped, "034")
    assert (shown["other"]["screening_id"], shown["other"]["site_number"]) == (going_on, "012")
    assert hash_of("child-1") not in str(shown)
    for person in (trial.investigator("012"), trial.investigator("034"), trial.monitor):
        assert (await person.get("/duplicate-suspicions", trial="EP01")).status_code == 403


async def test_a16_no_event_audit_row_or_stored_answer_carries_the_hash_or_the_other_screening(
    trial: Any,
) -> None:
    going_on, stopped = await trial.stopped("child-1")
    await trial.resolve("false_match")

    kept = await everything_kept(trial)

    assert hash_of("child-1") not in kept
    (suspected,) = await published(trial, "duplicate.suspected.v1")
    (resolved,) = await published(trial, "duplicate.resolved.v1")
    assert (suspected["body"]["screening_id"], resolved["body"]["resolution"]) == (stopped, "false_match")
    assert going_on not in str([suspected, resolved])


async def test_a16_a_false_match_lets_the_screening_go_on_and_is_not_suspected_again(trial: Any) -> None:
    _, stopped = await trial.stopped("child-1")

    await trial.resolve("false_match")

    assert (await trial.identify(stopped, "child-1", "034")).status_code == 201
    await trial.consent(stopped, "034")
    again = await trial.suspicions()
    assert [it["state"] for it in again] == ["false_match"]


async def test_a16_the_same_person_is_refused_and_the_number_stays_used(trial: Any) -> None:
    _, stopped = await trial.stopped("child-1")

    await trial.resolve("same_person_refused")

    ended = (await trial.investigator("034").get(f"/screenings/{stopped}")).json()
    assert (ended["state"], ended["reason_code"], ended["stopped"]) == ("failed", "duplicate", None)
    following = await trial.screen("034")
    assert following["screening_number"] != ended["screening_number"]
    (event,) = await published(trial, "screening.failed.v1")
    assert event["body"]["reason_code"] == "duplicate"


async def test_a16_a_resolution_is_given_once(trial: Any) -> None:
    await trial.stopped("child-1")
    (suspicion,) = await trial.suspicions()
    await trial.resolve("false_match")

    path = f"/duplicate-suspicions/{suspicion['suspicion_id']}/resolutions"
    again = await trial.manager.post(path, {"resolution": "transfer", "reason": "second thoughts"})

    assert (again.status_code, again.json()["code"]) == (409, "duplicate_resolved_already")


async def test_a16_by_transfer_a_registered_child_moves_with_number_and_allocation(trial: Any) -> None:
    registered = await trial.enrol("012")
    before = (await trial.manager.get(f"/participants/{registered['participant_id']}")).json()["participant"]
    assert (await trial.identify(before["screening_id"], "child-1", "012")).status_code == 201
    second = (await trial.screen("034"))["screening_id"]
    assert (await trial.identify(second, "child-1", "034")).status_code == 409

    resolved = (await trial.resolve("transfer")).json()

    ended = (await trial.investigator("034").get(f"/screenings/{second}")).json()
    assert (ended["state"], ended["reason_code"]) == ("failed", "transferred")
    accepted = await trial.ok(trial.investigator("034"), f"/transfers/{resolved['transfer_id']}/acceptances")
    assert accepted.json()["participant_number"] == before["number"]
    after = (await trial.manager.get(f"/participants/{before['id']}")).json()["participant"]
    assert after == before | {"site_number": "034"}
    await trial.board_matches_events()


async def test_a16_by_transfer_a_child_in_screening_goes_on_at_the_second_site(trial: Any) -> None:
    going_on, stopped = await trial.stopped("child-1")
    slot_id = await trial.reserve(going_on, "012")

    resolved = (await trial.resolve("transfer")).json()

    assert resolved["transfer_id"] is None
    left = (await trial.investigator("012").get(f"/screenings/{going_on}")).json()
    taken_up = (await trial.investigator("034").get(f"/screenings/{stopped}")).json()
    assert (left["state"], left["reason_code"]) == ("failed", "transferred")
    assert (taken_up["state"], taken_up["stopped"]) == ("in_screening", None)
    assert taken_up["previous_screening_id"] == going_on
    assert slot_id not in [
        it["slot_id"] for it in (await trial.level())["slots"] if it["state"] == "reserved"
    ]
    await trial.consent(stopped, "034")
    await trial.board_matches_events()


async def test_a_registered_child_is_not_stopped_by_its_own_late_hash(trial: Any) -> None:
    running = (await trial.screen("034"))["screening_id"]
    assert (await trial.identify(running, "child-1", "034")).status_code == 201
    registered = await trial.enrol("012")
    participant = (await trial.manager.get(f"/participants/{registered['participant_id']}")).json()[
        "participant"
    ]

    late = await trial.identify(participant["screening_id"], "child-1", "012")

    assert late.status_code == 201  # the child takes part: it is the one in screening that waits
    assert (await trial.investigator("034").get(f"/screenings/{running}")).json()["stopped"]


@pytest.mark.parametrize("differs", [{"kind": "initials_and_birth_date"}, {"key_version": "2026-2"}])
async def test_hashes_of_another_kind_or_key_say_nothing_about_each_other(trial: Any, differs: Any) -> None:
    first, second = [(await trial.screen(site))["screening_id"] for site in ("012", "034")]
    await trial.identify(first, "child-1", "012")

    assert (await trial.identify(second, "child-1", "034", **differs)).status_code == 201


async def test_a_child_screened_twice_at_one_site_is_stopped_as_well(trial: Any) -> None:
    first, second = [(await trial.screen("012"))["screening_id"] for _ in range(2)]
    await trial.identify(first, "child-1", "012")

    assert (await trial.identify(second, "child-1", "012")).json()["code"] == "possible_duplicate"


async def test_who_failed_elsewhere_may_be_screened_again(trial: Any) -> None:
    first = (await trial.screen("012"))["screening_id"]
    await trial.identify(first, "child-1", "012")
    await trial.ok(
        trial.investigator("012"), f"/screenings/{first}/failures", {"reason_code": "organ_function"}
    )
    second = (await trial.screen("034"))["screening_id"]

    assert (await trial.identify(second, "child-1", "034")).status_code == 201


@pytest.mark.parametrize("hash", ["9434765919", "A" * 64, "a" * 63, ""])
async def test_what_is_no_hash_is_refused_and_not_repeated(trial: Any, hash: str) -> None:
    screening = (await trial.screen())["screening_id"]
    body = {"kind": "nhs_number", "key_version": "1", "hash": hash}

    answer = await trial.investigator().post(f"/screenings/{screening}/identity-hashes", body)

    assert answer.status_code == 422
    assert not hash or hash not in answer.text


# -- A17: numbers ---------------------------------------------------------------------------------------


async def test_a17_numbers_are_issued_and_one_that_a_client_sends_is_refused(trial: Any) -> None:
    body = {
        "trial": "EP01",
        "part": "escalation",
        "site_number": "012",
        "born": {"year": 2013, "month": 1},
    }
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    typed = await trial.investigator().post("/screenings", body | {"screening_number": "S-012-0078"})
    chosen = await trial.register(screening_id, slot_id, participant_number="EP01-012-0078")

    assert [typed.status_code, chosen.status_code] == [422, 422]
    numbers = [
        answer.json()["screening_number"]
        for answer in await asyncio.gather(
            *(trial.investigator().post("/screenings", body) for _ in range(10))
        )
    ]
    assert len(set(numbers)) == 10


async def test_a17_a_number_of_another_site_is_refused_exactly_like_one_that_does_not_exist(
    trial: Any,
) -> None:
    registered = await trial.enrol("034")
    theirs = [registered["participant_number"], registered["screening_number"]]
    nobodys = ["EP01-034-9998", "S-034-9998"]
    audit_before = await trial.rows("SELECT count(*) FROM audit WHERE action = 'number.refused'")

    async def look_up(number: str) -> Any:
        return await trial.investigator("012").post("/number-lookups", {"trial": "EP01", "number": number})

    foreign, absent = [await look_up(it) for it in theirs], [await look_up(it) for it in nobodys]

    def shape(answer: Any) -> Any:
        return answer.status_code, answer.json() | {"request_id": ""}, sorted(answer.headers)

    assert [shape(it) for it in foreign] == [shape(it) for it in absent]
    assert {it.status_code for it in foreign} == {404}
    assert audit_before[0][0] == 0
    kept = [
        str(bytes(row[0]))
        for row in await trial.rows("SELECT details FROM audit WHERE action = 'number.refused' ORDER BY n")
    ]
    assert ["true" in it for it in kept] == [True, True, False, False]
    assert all(number in details for number, details in zip([*theirs, *nobodys], kept, strict=True))


async def test_a17_a_wrong_check_digit_is_no_number_and_ones_own_number_is_found(trial: Any) -> None:
    registered = await trial.enrol("012")
    number = registered["participant_number"]
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)

    async def look_up(person: Any, typed: str) -> Any:
        return await person.post("/number-lookups", {"trial": "EP01", "number": typed})

    assert (await look_up(trial.investigator("012"), wrong)).json()["code"] == "pseudonym_invalid"
    found = await look_up(trial.investigator("012"), number)
    assert (found.status_code, found.json()["id"]) == (201, registered["participant_id"])
    assert (await look_up(trial.manager, number)).status_code == 201
    outsider = trial.running.person("outsider", "site_investigator:EP99:012")
    assert (await look_up(outsider, number)).status_code == 404
    assert (await look_up(trial.running.operator, number)).status_code == 403
