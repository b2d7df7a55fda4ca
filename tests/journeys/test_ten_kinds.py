"""Each of the ten kinds of trial, from a referral to the last contact, through the three services' public APIs.

Every story is a trial unit's: the trial opens with exactly the approvals of its kind, somebody is referred and
joins, what the kind is about happens, and the last contact, the death or the last letter ends it. At the end the
books of all three services are true.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.journeys.conftest import Make
from tests.journeys.kinds_of_trial import APPROVALS, hosted_trial, trial_of_kind
from tests.journeys.trial_follow_up import FollowUp
from tests.journeys.trial_office import Office, office_of, refused
from tests.journeys.trial_unit import Unit
from tests.journeys.world import World

SHAPES = ["sqlite-direct", pytest.param("postgresql-direct", marks=pytest.mark.postgres)]


@pytest.fixture(params=SHAPES)
async def running(request: pytest.FixtureRequest, installation_in: Make) -> AsyncIterator[World]:
    """The three services together, events handed over directly."""
    async with installation_in(request.param) as world:
        yield world


async def opened(running: World, kind: str) -> tuple[Office, Unit]:
    """A trial of this kind, open at one hospital, and that hospital's trial unit."""
    office = await office_of(running.stage(), trial_of_kind(kind), approvals=APPROVALS[kind])
    return office, Unit(office)


async def test_dose_finding_from_a_second_screening_to_a_death(running: World) -> None:
    office, unit = await opened(running, "dose_finding")
    child = await unit.take_referral(9)
    await unit.fail_screening(child, "organ_function")
    await unit.pass_days(14)
    await office.committee_decides("open_level", places=3)
    await office.finder_says("open", places=3)

    await unit.screen(child)
    await unit.take_in(child)
    await office.finder_says("open", places=2)

    await unit.authorise_dose(child)
    await unit.give_dose(child)
    assert await unit.standing(child) == "in_dlt_window"
    await unit.report_event(child, "Neutrophil count decreased", 3)
    assert await unit.standing(child) == "evaluable"
    assert "dlt" in await office.alerts()
    (level, *_) = (await office.board())["levels"]
    assert (level["n"], level["dlt"], level["pending"]) == (1, 1, 0)
    (known, *_) = (await office.view())["parts"][0]["levels"]
    assert known["dlt"] == 1

    await unit.end_treatment(child, "toxicity")
    afterwards = FollowUp(unit, child)
    assert await afterwards.keep(2) == 2
    await afterwards.die()
    assert await afterwards.states() == {"done": 2, "cancelled": 1}
    await afterwards.check_for_death()
    await refused(afterwards.mailing("newsletter"), 409, "participant_died")

    await office.close()
    await office.books_are_clean(alerts=["dlt"])


async def test_a_company_s_dose_finding_is_decided_by_its_letter(running: World) -> None:
    office = await office_of(running.stage(), hosted_trial(), approvals=APPROVALS["dose_finding"])
    unit = Unit(office)
    letter = await office.letter_decides("open_level", places=1)
    await office.finder_says("open", places=1)

    child = await unit.take_referral(12)
    await unit.receive_decision(letter)
    await unit.take_in(child)
    await office.finder_says("open_no_place_free", places=0)

    await unit.authorise_dose(child, doses=3)
    await unit.give_dose(child, times=3)
    await unit.report_event(child, "Nausea", 1)
    await unit.pass_days(28)
    await unit.end_treatment(child, "progression")

    await FollowUp(unit, child).complete()

    await office.close()
    await office.books_are_clean()


async def test_expansion_for_a_marker_loses_a_participant_and_finds_them_again(running: World) -> None:
    office, unit = await opened(running, "expansion")
    await office.committee_decides("expand", places=2)
    listed = await office.finder_says("open", places=2)
    assert [one["gene"] for one in listed["parts"][0]["markers"]] == ["ALK"]

    child = await unit.take_referral(7)
    await unit.take_consent(child)
    today = unit.today().isoformat()
    count = {"unit": "10^9/L", "taken_on": today}
    found: dict[str, Any] = {"response": {"option": "partial"}, "last_chemotherapy": {"on": "2029-12-10"}}
    await unit.sign_eligibility(child, neutrophils={"value": "0.8"} | count, **found)
    slot = await unit.ask_for_place(child)
    await refused(unit.registration(child, slot), 409, "eligibility_incomplete")
    await unit.sign_eligibility(child, neutrophils={"value": "1.0"} | count, **found)
    await refused(unit.registration(child, slot), 409, "molecular_criterion_not_met")
    assert (await unit.screening_of(child))["biomarkers_not_shown"] == ["ALK mutation present"]
    await unit.find_marker(child, "ALK", "mutation", "present")
    await unit.register(child, slot)

    await unit.authorise_dose(child, doses=4)
    await unit.give_dose(child, times=4)
    await unit.report_event(child, "Fatigue", 1)
    await unit.pass_days(28)
    assert await unit.standing(child) == "evaluable"
    await unit.end_treatment(child)

    afterwards = FollowUp(unit, child)
    assert await afterwards.keep(1) == 1
    await unit.pass_days(400)
    await afterwards.try_in_vain()
    await afterwards.declare_lost()
    await afterwards.is_found()
    await afterwards.record("yearly", 365)
    await office.close()
    await afterwards.complete()

    await office.books_are_clean()


async def test_randomised_at_registration_and_again_by_response(running: World) -> None:
    office, unit = await opened(running, "randomised")
    await office.prepare_randomisation("first")
    await office.prepare_randomisation("maintenance")
    child = await unit.take_referral(13)
    await unit.take_in(child)

    made = await unit.randomise(child, "first", levels={"risk": "high"})
    assert (made["arm"], made["levels"]) == (None, {"risk": "high", "site": "012"})
    await refused(unit.randomisation(child, "first", levels={"risk": "high"}), 409, "already_randomised")
    await unit.authorise_dose(child)
    await unit.give_dose(child)
    assert await unit.standing(child) == "treated"
    await unit.report_event(child, "Fever", 2)

    await unit.pass_days(90)
    later = unit.randomisation(child, "maintenance", group="responder", answers={"recovered": False})
    await refused(later, 409, "randomisation_criteria_unmet")
    again = await unit.randomise(child, "maintenance", group="responder", answers={"recovered": True})
    assert (again["group"], again["arm"] in ("maintenance", "observation")) == ("responder", True)
    assert await office.arms(child.participant_id) == {"first", "maintenance"}
    assert await office.draws_come_out_the_same("first", "maintenance") == 2

    await unit.pass_days(60)
    await unit.end_treatment(child)
    await office.close()
    await FollowUp(unit, child).complete()

    await office.books_are_clean()


async def test_advanced_therapy_from_apheresis_to_fifteen_years_after_infusion(running: World) -> None:
    office, unit = await opened(running, "advanced_therapy")
    await office.committee_decides("open_level", places=2)
    child = await unit.take_referral(5)
    await unit.take_in(child)

    assert await unit.course_step(child, "apheresis") == []
    await unit.pass_days(3)
    assert await unit.course_step(child, "manufacture", "failed", batch="LOT-1") == []
    await unit.pass_days(21)
    assert await unit.course_step(child, "manufacture", batch="LOT-2", amount="1.5", unit="10^6/kg") == []
    assert await unit.course_step(child, "bridging") == []
    await unit.pass_days(7)
    assert await unit.course_step(child, "lymphodepletion") == []
    await unit.pass_days(3)
    await unit.authorise_dose(child)
    assert await unit.course_step(child, "infusion", batch="LOT-2", amount="1.5", unit="10^6/kg") == []
    assert await unit.batches_given(child) == ["LOT-2"]
    assert await unit.standing(child) == "in_dlt_window"
    await unit.report_event(child, "Cytokine release syndrome", 2)
    afterwards = FollowUp(unit, child)
    assert await afterwards.keep(1) == 1
    await unit.pass_days(3)
    assert await unit.standing(child) == "evaluable"
    await unit.pass_days(60)
    assert await unit.course_step(child, "transplant", handed_over_to="Transplant Centre 1") == []
    await unit.end_treatment(child)
    assert (await unit.traceable_years(child)) == 30

    await office.close()
    assert await afterwards.states() == {"done": 1, "not_yet": 15}
    assert await afterwards.keep(11) == 11
    assert await afterwards.consent_tasks() == ["adult_consent"]
    await unit.sign_consent(child.path, child.years(unit.today()))
    assert await afterwards.consent_tasks() == []
    await afterwards.complete()
    assert unit.today().year == 2045
    assert await afterwards.states() == {"done": 16}

    await office.books_are_clean()


async def test_radiotherapy_goes_on_over_a_sixteenth_birthday(running: World) -> None:
    office, unit = await opened(running, "radiotherapy")
    child = await unit.take_referral(15, birthday_next_month=True)
    await unit.take_consent(child)
    await unit.sign_eligibility(child, judged=False)
    await refused(unit.registration(child), 409, "judgement_missing")
    await unit.sign_eligibility(child)
    await unit.register(child)

    await unit.check_plan(child, "PLAN-7", "minor_deviation")
    await unit.check_plan(child, "PLAN-8", "acceptable")
    await unit.authorise_dose(child, doses=3)
    await unit.give_dose(child, times=3)
    assert await unit.standing(child) == "treated"
    await unit.report_event(child, "Dermatitis radiation", 2)
    afterwards = FollowUp(unit, child)
    assert (await afterwards.adult_consent())["state"] == "adult_consent_soon"

    await unit.pass_days(60)
    adult = await afterwards.adult_consent()
    assert (adult["state"], adult["blocked"]) == ("adult_consent_due", ["optional_procedures"])
    assert await afterwards.consent_tasks() == ["adult_consent"]
    await office.close()
    await unit.authorise_dose(child)
    await unit.give_dose(child)
    await unit.sign_consent(child.path, child.years(unit.today()))
    adult = await afterwards.adult_consent()
    assert (adult["state"], adult["blocked"]) == ("adult_consented", [])
    assert await afterwards.consent_tasks() == []

    await unit.end_treatment(child)
    await afterwards.complete()

    await office.books_are_clean()


async def test_supportive_care_stops_step_by_step_and_nobody_asks_why(running: World) -> None:
    office, unit = await opened(running, "supportive_care")
    child = await unit.take_referral(11)
    await unit.take_in(child)
    await unit.authorise_dose(child)
    await unit.give_dose(child)
    await unit.report_event(child, "Constipation", 2)

    afterwards = FollowUp(unit, child)
    changed = await afterwards.stop("treatment")
    assert changed["elements"]["treatment"] == "stopped"
    assert "dosing_closed" in changed["consequences"]
    assert await unit.standing(child) == "follow_up"
    assert await afterwards.keep(1) == 1
    await afterwards.stop("contact")
    assert await afterwards.states() == {"done": 1, "cancelled": 1}
    await unit.report_event(child, "Pain", 1, causality="unrelated")

    await office.close()
    await afterwards.complete()
    await office.books_are_clean()


async def test_sample_study_from_consent_by_use_to_destruction(running: World) -> None:
    office, unit = await opened(running, "sample_study")
    child = await unit.take_referral(10)
    await unit.take_consent(child, this_study=True, later_studies=False)
    await unit.sign_eligibility(child)
    await unit.register(child)

    sample = await unit.collect_sample(child, "blood", "LAB-0001")
    await unit.report_event(child, "Bruising", 1)
    await unit.pass_on(sample, "this-study")
    await refused(unit.passing_on(sample, "later-studies"), 409, "sample_use_not_consented")
    await unit.change_sample_uses(child, later_studies=True)
    await unit.pass_on(sample, "later-studies")

    afterwards = FollowUp(unit, child)
    assert await afterwards.keep(2) == 2
    await afterwards.stop("sample_use")
    assert await unit.samples_to_destroy() == ["LAB-0001"]
    await refused(unit.passing_on(sample, "this-study"), 409, "sample_use_stopped")
    await unit.destroy(sample)
    assert await unit.samples_to_destroy() == []
    assert await afterwards.states() == {"done": 2, "cancelled": 4}

    await office.close()
    await afterwards.complete()
    await office.books_are_clean()


async def test_survivor_cohort_by_letters_decades_apart(running: World) -> None:
    office, unit = await opened(running, "survivor_cohort")
    survivor = await unit.take_referral(24)
    afterwards = FollowUp(unit, survivor)
    await refused(afterwards.mailing("invitation"), 409, "death_check_required")
    await afterwards.check_for_death()
    await afterwards.mailing("invitation")
    await unit.take_in(survivor)

    assert await afterwards.keep(1) == 1
    await unit.report_event(survivor, "Hypothyroidism", 2)
    await unit.pass_days(3300)
    await refused(afterwards.mailing("questionnaire"), 409, "death_check_required")
    await afterwards.check_for_death()
    await afterwards.mailing("questionnaire")
    await unit.pass_days(300)
    await afterwards.try_in_vain()
    await afterwards.declare_lost()
    await unit.pass_days(60)
    await afterwards.is_found()
    assert await afterwards.keep(1) == 1

    await afterwards.refuse_mailings()
    assert await afterwards.states() == {"done": 2, "cancelled": 2}
    await afterwards.check_for_death()
    await refused(afterwards.mailing("questionnaire"), 409, "opted_out")
    await office.close()
    await afterwards.complete()
    await office.books_are_clean()


async def test_quality_of_life_stops_wholly_and_takes_part_again(running: World) -> None:
    office, unit = await opened(running, "quality_of_life")
    child = await unit.take_referral(14)
    await unit.take_in(child)
    await refused(unit.dose_authorisation(child), 409, "no_treatment")
    afterwards = FollowUp(unit, child)
    assert await afterwards.keep(1) == 1
    await unit.report_event(child, "Anxiety", 1)

    changed = await afterwards.stop()
    assert set(changed["elements"].values()) == {"stopped"}
    assert await afterwards.states() == {"done": 1, "cancelled": 2}
    await unit.pass_days(100)
    consent = await unit.sign_consent(child.path, child.years(unit.today()))
    await afterwards.join_again(consent, "contact", "data_already_collected")
    assert await afterwards.states() == {"done": 1, "not_yet": 2}

    await office.close()
    await afterwards.complete()
    assert await afterwards.states() == {"done": 3}
    await office.books_are_clean()


async def test_qualitative_study_with_a_child_who_assents(running: World) -> None:
    office, unit = await opened(running, "qualitative")
    child = await unit.take_referral(8)
    await unit.take_consent(child)
    await refused(unit.registration(child), 409, "eligibility_incomplete")
    await unit.sign_eligibility(child)
    await unit.register(child)

    afterwards = FollowUp(unit, child)
    assert await afterwards.due() == []
    assert await afterwards.keep(1) == 1
    await unit.report_event(child, "Anxiety", 1)
    await office.close()
    await refused(unit.screening(child), 409, "trial_not_open")
    await afterwards.complete()
    assert await afterwards.states() == {"done": 2}

    await office.books_are_clean()
