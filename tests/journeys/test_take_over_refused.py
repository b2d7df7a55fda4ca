"""What is not taken over, and why: every bad row told, nothing changed, two people, nothing twice."""

import asyncio
import json
from copy import deepcopy
from typing import Any

import pytest

from deploy.trialops.calls import Refused
from deploy.trialops.home import SERVICES
from deploy.trialops.take_over import sign
from shared.signed_folders import PURPOSE
from tests.journeys.handover import Files, Handover, assert_counts, assert_windows
from tests.journeys.running_trial import LOW, OWN_FORM, PEOPLE, PLACES


def changed(files: Files, file: str, row: int, column: str, value: str) -> dict[str, str]:
    """The folder with one cell of one row changed; rows count from the header, 1."""
    lines = files[file].removeprefix("\ufeff").split("\r\n")
    cells = lines[row - 1].split(",")
    cells[lines[0].split(",").index(column)] = value
    lines[row - 1] = ",".join(cells)
    return {**files, file: "\r\n".join(lines)}


def decided(files: Files, number: int, **changes: Any) -> dict[str, str]:
    document = deepcopy(json.loads(files["decisions.json"]))
    document["decisions"][number - 1] |= changes
    return {**files, "decisions.json": json.dumps(document)}


def bad_folders(files: Files) -> dict[tuple[str, int, str, str], dict[str, str]]:
    """A folder for each rule, by the bad row that the dry run must find in it."""
    cells = {
        ("sites.csv", 3, "zone", "zone"): "Mars/Olympus",
        ("sites.csv", 3, "organisation", "formula"): "=1+1",
        ("sites.csv", 3, "site_number", "repeated"): "012",
        ("staff.csv", 3, "role", "word_unknown"): "surgeon",
        ("staff.csv", 4, "site_number", "site_unknown"): "999",
        ("participants.csv", 2, "number", "form"): "lower case",
        ("participants.csv", 3, "number", "repeated"): OWN_FORM,
        ("participants.csv", 3, "number", "identifier"): "9434765919",
        ("participants.csv", 3, "site_number", "site_unknown"): "999",
        ("participants.csv", 3, "part", "part_unknown"): "no-such-part",
        ("participants.csv", 3, "level", "level_unknown"): "9",
        ("participants.csv", 3, "decision", "decision_unknown"): "SRC-9",
        ("participants.csv", 3, "decision", "decision_of_another_level"): "SRC-2",
        ("participants.csv", 3, "registered_at", "before_decision"): "2020-01-01T00:00:00Z",
        ("participants.csv", 3, "registered_at", "time_in_future"): "2040-01-01T00:00:00Z",
        ("participants.csv", 3, "registered_at", "instant"): "yesterday",
        ("participants.csv", 3, "protocol_version", "protocol_version_unknown"): "other",
        ("participants.csv", 3, "birth_month", "range"): "13",
        ("participants.csv", 3, "birth_year", "time_before_birth"): "2100",
        ("participants.csv", 3, "void_reason", "state"): "mistake",
        ("consents.csv", 2, "screening_number", "screening_unknown"): "OLD-S-777",
        ("consents.csv", 2, "document", "document_unknown"): "another-form",
        ("doses.csv", 2, "number", "participant_unknown"): "OLD-777",
        ("doses.csv", 2, "at", "before_registration"): "2020-01-01T00:00:00Z",
        ("doses.csv", 2, "missed_because", "state"): "toxicity",
        ("treatment_ends.csv", 2, "reason", "word_unknown"): "boredom",
        ("adverse_events.csv", 2, "grade", "range"): "6",
        ("adverse_events.csv", 2, "verbatim", "identifier"): "child 943 476 5919",
        ("adverse_events.csv", 2, "number", "participant_unknown"): "OLD-777",
        ("verdicts.csv", 2, "criteria", "criterion_unknown"): "no-such-criterion",
        ("verdicts.csv", 2, "verdict", "word_unknown"): "perhaps",
        ("waiting_list.csv", 3, "order", "repeated"): "1",
        ("waiting_list.csv", 3, "notified_at", "time_in_future"): "2040-01-01T00:00:00Z",
    }
    folders = {place: changed(files, place[0], place[1], place[2], value) for place, value in cells.items()}
    clocks = files["open_clocks.csv"] + "susar_report,case-1,2030-01-20T00:00:00Z\r\n"
    return folders | {
        ("open_clocks.csv", 2, "kind", "clock_not_held_here"): {**files, "open_clocks.csv": clocks},
        ("doses.csv", 1, "#8", "column_unknown"): {
            **files,
            "doses.csv": files["doses.csv"].replace("batch\r\n", "batch,who\r\n", 1),
        },
        ("decisions.json", 1, "places", "places_invalid"): decided(files, 1, places=0),
        ("decisions.json", 2, "in_force_at", "order"): decided(files, 2, in_force_at="2020-01-01T00:00:00Z"),
        ("decisions.json", 2, "level", "level_unknown"): decided(files, 2, level=7),
        ("decisions.json", 3, "signed_by", "second_person_required"): decided(
            files, 3, signed_by=[json.loads(files["decisions.json"])["decisions"][0]["signed_by"][0]] * 2
        ),
        ("decisions.json", 3, "rule", "letter_rule_unusable"): decided(
            files, 3, rule={"close_if_dlts_at_least": {"3": 3, "12": 9}, "max_evaluable": 40}
        ),
    }


async def test_dry_run_tells_every_bad_row_and_changes_nothing(embedded_handover: Handover) -> None:
    handover = embedded_handover
    before = await handover.everything()

    for expected, files in bad_folders(handover.files).items():
        assert expected in await handover.bad_rows(files), expected

    missing = {name: text for name, text in handover.files.items() if name != "participants.csv"}
    assert ("participants.csv", 0, "", "file_missing") in await handover.bad_rows(missing)
    assert await handover.everything() == before


async def test_nobody_is_without_a_place_or_a_verdict(embedded_handover: Handover) -> None:
    handover = embedded_handover
    fewer = decided(handover.files, 1, places=5)
    unjudged = {**handover.files, "verdicts.csv": handover.files["verdicts.csv"].split("\r\n")[0] + "\r\n"}

    beyond = [one for one in await handover.bad_rows(fewer) if one[3] == "beyond_places"]
    missing = [one for one in await handover.bad_rows(unjudged) if one[3] == "verdict_missing"]

    judged = sum(child.fate in ("no_dlt", "dlt", "not_evaluable") for child in handover.trial.children)
    assert len(beyond) == len(handover.trial.standing(LOW)) - 5 == PLACES[LOW] - 5
    assert len(missing) == judged


async def test_one_person_takes_nothing_over(embedded_handover: Handover) -> None:
    handover = embedded_handover

    await handover.sign("manager", "trial_manager")
    again = await handover.sign("manager", "trial_manager")

    assert {one["state"] for one in again} == {"awaited"}
    assert all(level["enrolled"] == 0 for level in (await handover.levels()).values())
    with pytest.raises(Refused) as refusal:
        await handover.sign("somebody", "trial_manager")
    assert refusal.value.problem["code"] == "take_over_invalid"
    assert PEOPLE == ("manager", "quality")


async def test_signature_is_for_one_content(embedded_handover: Handover) -> None:
    handover = embedded_handover
    await handover.sign("manager", "trial_manager")
    other = changed(handover.files, "sites.csv", 2, "organisation", "Another hospital")

    states = await handover.sign("quality", "sponsor_qa", other)

    assert {one["state"] for one in states} == {"awaited"}


async def test_crash_between_the_services_is_finished_by_running_again(embedded_handover: Handover) -> None:
    handover = embedded_handover
    await handover.sign("manager", "trial_manager")
    home, calls = handover.world.home, handover.calls("quality", "sponsor_qa")

    def until_enrolment(service: str, sha256: str) -> str:
        if service == "enrolment":
            raise InterruptedError
        return home.proof("quality", audience=service, purpose=PURPOSE, bound_to=sha256)

    with pytest.raises(InterruptedError):
        await asyncio.to_thread(sign, calls, handover.files, until_enrolment, wait=1)
    await handover.stage.quiet()
    assert all(level["enrolled"] == 0 for level in (await handover.levels()).values())
    assert await handover.bad_rows(handover.files) == []

    await handover.sign("quality", "sponsor_qa")

    await assert_counts(handover, handover.trial)
    await assert_windows(handover, handover.trial)
    once = await handover.everything()
    await handover.sign("quality", "sponsor_qa")
    await handover.sign("manager", "trial_manager")
    again = await handover.everything()
    assert {name for name in once if once[name] != again[name]} <= {
        f"{name}.idempotency" for name in SERVICES
    }


async def test_trial_with_participants_is_not_taken_over(embedded_handover: Handover) -> None:
    handover = embedded_handover
    await handover.taken_over()
    other = changed(handover.files, "sites.csv", 2, "organisation", "Another hospital")

    with pytest.raises(Refused) as refusal:
        await handover.bad_rows(other)

    assert refusal.value.problem["code"] == "trial_not_empty"
