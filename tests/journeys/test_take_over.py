"""A running trial taken over from another system equals what plain counting says of it."""

from datetime import timedelta

import pytest

from deploy.trialops.calls import Refused
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.take_over import read_files
from shared.clock import format_instant, parse_instant
from tests.journeys.handover import Handover, assert_counts, assert_windows
from tests.journeys.running_study import sample_study
from tests.journeys.running_trial import (
    CODE,
    LABELS,
    MIDDLE,
    OWN_FORM,
    SITES,
    WIDE,
    RunningTrial,
    drawn,
)
from tests.journeys.world import World
from tests.sponsor.kinds import protocol_of_kind

# -- what the generated trial is ------------------------------------------------------------------------


def test_generated_trial_is_what_was_asked_for() -> None:
    trial = drawn(FIRST_DAY)

    assert len(trial.children) == 40
    assert len({child.site for child in trial.children}) == len(SITES) == 6
    assert len(LABELS) == 3
    assert sum(child.fate == "pending" for child in trial.children) == 2
    assert len(trial.waiting) == 12
    assert drawn(FIRST_DAY).folder == trial.folder


# -- the answers ----------------------------------------------------------------------------------------


async def test_trial_taken_over_equals_the_answers_counted_beforehand(handover: Handover) -> None:
    trial = handover.trial
    assert handover.folder is not None
    files, unread = read_files(handover.folder)
    assert (await handover.bad_rows(files), unread) == ([], [])

    first = await handover.sign("manager", "trial_manager")
    assert {one["state"] for one in first} == {"awaited"}
    second = await handover.sign("quality", "sponsor_qa")

    assert {one["state"] for one in second} == {"done"}
    assert {one["signed_by"] for one in second} == {"manager, quality"}
    await assert_counts(handover, trial)
    await assert_windows(handover, trial)
    officer = handover.stage.person("officer", f"safety_officer:{CODE}:*")
    assert (await officer.get("safety", "/alerts", trial=CODE))["items"] == []

    await handover.open()

    await assert_counts(handover, trial)
    await assert_rule(handover, trial)
    await assert_line(handover, trial)
    await assert_board_is_that_of_the_events(handover)
    await assert_next_registration(handover, trial)
    await assert_open_window_goes_on(handover, trial)


async def assert_rule(handover: Handover, trial: RunningTrial) -> None:
    level = await handover.board_level(WIDE)
    rule = level["rule"]
    assert (rule["n"], rule["dlt"], rule["pending"]) == trial.rule_cell()
    assert rule["output"] == "same"
    assert level["held_because"] == []
    assert [await free_places(handover, place) for place in (MIDDLE, WIDE)] == [0, 3]
    assert [trial.free(place) for place in (MIDDLE, WIDE)] == [0, 3]


async def free_places(handover: Handover, place: tuple[str, int]) -> int:
    slots = (await handover.board_level(place))["slots"]
    return sum(slot["state"] in ("open", "offered", "reserved", "frozen") for slot in slots)


async def assert_line(handover: Handover, trial: RunningTrial) -> None:
    """Opened, the trial offers its free places to the head of the line, and nobody else has moved."""
    line = await handover.manager.get("enrolment", "/waiting-list", trial=CODE)
    order = [one.screening for one in sorted(trial.waiting, key=lambda one: one.notified_at)]
    assert sorted(one["screening_number"] for one in line["offers"]) == sorted(order[: trial.free(WIDE)])
    assert [one["screening_number"] for one in line["entries"]] == order[trial.free(WIDE) :]
    notified = {one.screening: one.notified_at for one in trial.waiting}
    since = {one["screening_number"]: parse_instant(one["since"]) for one in line["entries"]}
    assert since == {number: notified[number].replace(microsecond=0) for number in since}


async def assert_board_is_that_of_the_events(handover: Handover) -> None:
    verification = await handover.stage.operator.get("enrolment", "/slot-board/verification", trial=CODE)
    assert verification["differences"] == []


async def assert_next_registration(handover: Handover, trial: RunningTrial) -> None:
    """The first in line registers: the level of the last decision, and the number after those given out before."""
    one = trial.waiting[0]
    assert one.site == "012"
    doctor = handover.investigator(one.site)
    line = await handover.manager.get("enrolment", "/waiting-list", trial=CODE)
    offer = next(it for it in line["offers"] if it["screening_number"] == one.screening)
    screening_id = await screening_named(handover, one.screening)
    await doctor.post("enrolment", f"/slots/{offer['slot_id']}/reservations", {"screening_id": screening_id})
    eligible = {
        "version": "1",
        "answers": dict.fromkeys(("diagnosis", "measurable", "organ-function"), True),
        "judgement": {"in_interests": True},
        "signed_at": format_instant(handover.stage.now),
    }
    await doctor.post("enrolment", f"/screenings/{screening_id}/eligibility", eligible)
    years = trial.now.year - one.born[0] - (one.born[1] >= trial.now.month)
    body = {
        "screening_id": screening_id,
        "slot_id": offer["slot_id"],
        "age_statement": {"years": years, "on": f"{handover.stage.now:%Y-%m-%d}"},
    }
    registered = await doctor.post("enrolment", "/registrations", body)
    here = sum(child.site == "012" for child in trial.children)
    assert f"{CODE}-012-0078" == OWN_FORM
    assert registered["participant_number"].startswith(f"{CODE}-012-{max(7, here) + 1:03d}")
    assert (registered["part"], registered["level"]) == WIDE
    assert registered["confirmation"]["dose"] == "75"

    last = trial.waiting[-1]
    late = await screening_named(handover, last.screening)
    with pytest.raises(Refused) as refusal:
        await handover.investigator(last.site).post(
            "enrolment", "/registrations", {"screening_id": late, "slot_id": offer["slot_id"]}
        )
    assert refusal.value.status == 409
    codes = [one["code"] for one in refusal.value.problem["guards"]]
    assert "slot_required" in codes


async def screening_named(handover: Handover, number: str) -> str:
    found = await handover.manager.post("enrolment", "/number-lookups", {"trial": CODE, "number": number})
    return str(found["id"])


async def assert_open_window_goes_on(handover: Handover, trial: RunningTrial) -> None:
    """A toxicity reported here, under the old number, counts as one of the trial's, and reaches its boundary."""
    child = next(one for one in trial.children if one.fate == "pending")
    now = handover.stage.now
    report = {
        "trial": CODE,
        "participant_number": child.number,
        "site_number": child.site,
        "verbatim": "grade 4 neutropenia",
        "term": "Neutrophil count decreased",
        "ctcae": "5.0",
        "grade": 4,
        "onset": f"{now - timedelta(days=1):%Y-%m-%d}",
        "aware_at": format_instant(now),
        "seriousness": [],
        "causality": "probable",
    }
    before = (await handover.levels())[WIDE]["dlt"]

    await handover.investigator(child.site).post("safety", "/adverse-events", report)
    await handover.stage.quiet()

    assert (await handover.verdicts())[child.number]["verdict"] == "dlt"
    level = (await handover.levels())[WIDE]
    assert (level["dlt"], level["state"], level["closed_because"]) == (before + 1, "closed", "cohort_rule")


# -- a trial without dose levels ------------------------------------------------------------------------


async def test_study_without_dose_levels_needs_no_place_and_its_open_event_goes_on(embedded: World) -> None:
    stage = embedded.stage()
    await stage.move_to(FIRST_DAY)
    protocol = protocol_of_kind("sample_study", ctimp=False)
    protocol["trial"]["code"] = CODE
    form = next(one for one in protocol["consent"]["documents"] if one["purpose"] == "parental_consent")
    files = sample_study(FIRST_DAY, form, protocol["protocol_version"])
    handover = Handover(embedded, stage, RunningTrial(now=FIRST_DAY, children=(), waiting=(), folder=files))
    await handover.set_up(protocol)
    assert await handover.bad_rows(files) == []

    await handover.taken_over()

    view = await handover.manager.get("sponsor", f"/trials/{handover.trial_id}")
    assert [(part["part"], part["registered"]) for part in view["parts"]] == [("main", 2)]
    assert (await handover.verdicts()) == {}
    reports = (await handover.manager.get("safety", "/adverse-events", trial=CODE))["items"]
    assert [(one["flags"], one["matched"]) for one in reports] == [(["taken_over"], "matched")]
    officer = stage.person("officer", f"safety_officer:{CODE}:*")
    alerts = (await officer.get("safety", "/alerts", trial=CODE))["items"]
    assert [one["kind"] for one in alerts] == ["serious_adverse_event"]
