"""Every kind of trial through the API: what it asks for, what it never asks for, and how it ends."""

from typing import Any

import pytest

from services.enrolment.domain.kinds import GUARD_NUMBERS
from shared.clock import format_instant
from tests.enrolment.protocol import KINDS, part_file, part_of_kind, protocol

OF_LEVELS = {"level", "decision", "circulation", "cohort", "slot", "stagger"}
NOTHING_IS_GIVEN = ("sample_study", "survivor_cohort", "quality_of_life", "qualitative")
WITHOUT_LEVELS = tuple(kind for kind, (_, shape, _, _) in KINDS.items() if shape == "cohort")


async def signed_off(trial: Any, *, judged: bool, site: str = "012") -> str:
    """A screening with everything signed; the judgement only where it is asked for."""
    screening_id: str = (await trial.screen(site))["screening_id"]
    await trial.consent(screening_id, site)
    await trial.assent(screening_id, site)
    await trial.eligible(screening_id, site, judged=judged)
    return screening_id


async def joined(trial: Any, site: str = "012") -> dict[str, Any]:
    """A child registered in a part without dose levels."""
    screening_id = await signed_off(trial, judged=trial.kind not in NOTHING_IS_GIVEN, site=site)
    answer = await trial.register(screening_id, site=site)
    assert answer.status_code == 201, answer.text
    registered: dict[str, Any] = answer.json()
    return registered


async def full_types(trial: Any) -> list[str]:
    return [event["type"] for event in await trial.running.published()]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_child_of_each_kind_joins_under_the_guards_of_the_kind_and_no_others(
    world: Any, kind: str
) -> None:
    trial = world
    await trial.set_up(kind=kind, sites=("012",))
    screening_id = await signed_off(trial, judged=kind not in NOTHING_IS_GIVEN)
    slot_id = await trial.reserve(screening_id) if trial.has_levels else None

    answer = await trial.register(screening_id, slot_id)

    assert answer.status_code == 201, answer.text
    registered = answer.json()
    kept = await trial.investigator().get(f"/registrations/{registered['registration_id']}/guards")
    absent = set() if trial.has_levels else set(OF_LEVELS)
    absent |= {"judgement"} if kind in NOTHING_IS_GIVEN else set()
    expected = [name for name in GUARD_NUMBERS if name not in absent]
    assert [result["guard"] for result in kept.json()["results"]] == expected
    assert (kept.json()["kind"], kept.json()["kind_table"]) == (kind, "trial-kinds.v1")
    types = await full_types(trial)
    version = "v1" if trial.has_levels else "v2"
    assert [it for it in types if it.startswith("enrolment.participant.registered")] == [
        f"enrolment.participant.registered.{version}"
    ]
    assert ("enrolment.participant.allocated.v1" in types) == trial.has_levels
    await trial.board_matches_events()


@pytest.mark.parametrize("kind", WITHOUT_LEVELS)
async def test_a_kind_without_levels_has_no_slot_level_decision_or_dose_anywhere(
    world: Any, kind: str
) -> None:
    trial = world
    await trial.set_up(kind=kind, sites=("012",))

    registered = await joined(trial)

    said = ("level", "decision_id", "rule_cell")
    assert [registered[name] for name in said] == [None, None, None]
    confirmed = registered["confirmation"]
    assert [confirmed[name] for name in ("level", "dose", "unit", "decision_id")] == [None] * 4
    assert (await trial.board())["levels"] == []
    levels = await trial.manager.get("/dose-levels", trial=trial.code)
    assert levels.json()["levels"] == []
    listed = (await trial.manager.get("/participants", trial=trial.code)).json()["items"]
    assert [(it["id"], it["part"], it["level"], it["dose"]) for it in listed] == [
        (registered["participant_id"], part_of_kind(kind), None, None)
    ]
    assert not [it for it in await full_types(trial) if ".slot." in it or ".dose-level." in it]


async def test_a_place_is_neither_asked_for_nor_taken_in_a_part_without_levels(world: Any) -> None:
    trial = world
    cohort = part_file("observation", "cohort")
    await trial.set_up(parts=[*protocol()["parts"], cohort], sites=("012",))
    watched = await trial.ready(part="observation")
    slot_id = (await trial.level())["slots"][0]["slot_id"]

    asked = await trial.request(watched, part="observation")
    named = await trial.register(watched, slot_id)
    registered = await trial.register(watched)

    assert (asked.status_code, asked.json()["code"]) == (409, "part_has_no_places")
    assert (named.status_code, named.json()["code"]) == (409, "part_has_no_places")
    assert registered.status_code == 201, registered.text
    assert (await trial.level())["n"] == 0
    await trial.board_matches_events()


async def test_a_part_with_levels_asks_for_a_place(world: Any, codes_of: Any) -> None:
    trial = world
    await trial.set_up(sites=("012",))
    screening_id = await trial.ready()

    answer = await trial.register(screening_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_required")
    assert codes_of(answer) == ["slot_required"]


async def test_without_an_open_level_a_registration_without_a_place_names_that_too(
    world: Any, codes_of: Any
) -> None:
    trial = world
    await trial.set_up(sites=("012",), decide=False)
    screening_id = await trial.ready()

    answer = await trial.register(screening_id)

    assert codes_of(answer) == ["dose_level_closed", "no_signed_decision", "cohort_hold", "slot_required"]


@pytest.mark.parametrize("kind", WITHOUT_LEVELS)
async def test_a_judgement_is_asked_for_where_something_is_done_to_the_child(
    world: Any, kind: str, codes_of: Any
) -> None:
    trial = world
    await trial.set_up(kind=kind, sites=("012",))
    screening_id = await signed_off(trial, judged=False)

    answer = await trial.register(screening_id)

    if kind in NOTHING_IS_GIVEN:
        assert answer.status_code == 201, answer.text
    else:
        assert codes_of(answer) == ["judgement_missing"]


async def test_a_refused_registration_of_a_kind_without_levels_is_kept_with_its_kind(
    world: Any, codes_of: Any
) -> None:
    trial = world
    await trial.set_up(kind="sample_study", sites=("012",))
    screening_id: str = (await trial.screen())["screening_id"]

    answer = await trial.register(screening_id)

    assert codes_of(answer) == ["consent_missing", "assent_decision_required", "eligibility_incomplete"]
    kept = await trial.investigator().get(f"/registrations/{answer.json()['registration_id']}/guards")
    attempt = kept.json()
    assert (attempt["slot_id"], attempt["kind"]) == (None, "sample_study")
    assert attempt["code"] == "consent_missing"


async def test_a_halt_of_the_part_stops_a_registration_without_a_level(world: Any, codes_of: Any) -> None:
    trial = world
    await trial.set_up(kind="radiotherapy", sites=("012",))
    screening_id = await signed_off(trial, judged=True)
    await trial.sponsor_says(trial.halt(part=trial.part))

    answer = await trial.register(screening_id)

    assert codes_of(answer) == ["trial_halted"]


async def test_a_cap_counts_children_without_a_level(world: Any, codes_of: Any) -> None:
    trial = world
    await trial.set_up(kind="quality_of_life", sites=("012", "034"))
    await trial.sponsor_says(trial.green_lit("012", cap=1))
    await joined(trial)
    second = await signed_off(trial, judged=False)

    refused = await trial.register(second)

    assert codes_of(refused) == ["cap_reached"]
    await joined(trial, "034")


async def test_a_sample_study_has_no_treatment_to_authorise_or_to_end(world: Any) -> None:
    trial = world
    await trial.set_up(kind="sample_study", sites=("012",))
    participant_id = (await joined(trial))["participant_id"]

    authorised = await trial.authorise(participant_id)
    ended = await trial.investigator().post(
        f"/participants/{participant_id}/treatment-ends",
        {"ended_at": format_instant(await trial.now()), "reason": "completed"},
    )

    assert (authorised.status_code, authorised.json()["code"]) == (409, "no_treatment")
    assert (ended.status_code, ended.json()["code"]) == (409, "no_treatment")


async def test_a_dose_recorded_where_nothing_should_be_given_is_kept_and_flagged(world: Any) -> None:
    trial = world
    await trial.set_up(kind="sample_study", sites=("012",))
    participant_id = (await joined(trial))["participant_id"]

    recorded = await trial.dose(participant_id)

    assert recorded["authorised"] is False
    (dose,) = recorded["administrations"]
    assert (dose["level"], "unauthorised" in dose["flags"]) == (None, True)
    types = await full_types(trial)
    assert "enrolment.first-dose.recorded.v2" in types
    assert "enrolment.first-dose.recorded.v1" not in types


async def test_leaving_a_sample_study_ends_no_treatment(world: Any) -> None:
    trial = world
    await trial.set_up(kind="sample_study", sites=("012",))
    participant_id = (await joined(trial))["participant_id"]
    path = f"/participants/{participant_id}/participation-changes"

    goes_on = await trial.investigator().post(
        path, {"elements": {"treatment": "continues"}, "by": "participant_or_parent"}
    )
    visits = {"elements": {"trial_visits_procedures": "stopped"}, "by": "participant_or_parent"}
    no_visits = await trial.investigator().post(path, visits)
    everything = await trial.investigator().post(path, {"all": "stopped", "by": "participant_or_parent"})

    assert (goes_on.status_code, goes_on.json()["code"]) == (409, "no_treatment")
    assert no_visits.status_code == 201, no_visits.text
    assert everything.status_code == 201, everything.text
    types = await full_types(trial)
    assert types.count("enrolment.participation.changed.v1") == 2
    assert "enrolment.treatment.ended.v1" not in types


async def test_doses_without_a_level_are_authorised_without_a_decision_and_not_during_a_halt(
    world: Any,
) -> None:
    trial = world
    await trial.set_up(kind="supportive_care", sites=("012",))
    participant_id = (await joined(trial))["participant_id"]

    authorised = await trial.authorise(participant_id)
    recorded = await trial.dose(participant_id)
    await trial.sponsor_says(trial.halt())
    refused = await trial.authorise(participant_id)

    assert authorised.status_code == 201, authorised.text
    assert [authorised.json()[name] for name in ("level", "dose", "unit")] == [None, None, None]
    assert recorded["authorised"] is True
    assert refused.json()["code"] == "dosing_halted"


async def test_a_registration_without_a_place_is_voided_without_one(world: Any) -> None:
    trial = world
    await trial.set_up(kind="survivor_cohort", sites=("012",))
    participant_id = (await joined(trial))["participant_id"]

    await trial.ok(
        trial.investigator(), f"/participants/{participant_id}/voidings", {"reason_code": "in_error"}
    )

    shown = (await trial.investigator().get(f"/participants/{participant_id}")).json()["participant"]
    assert shown["voided_at"] is not None
    await trial.board_matches_events()


async def test_the_investigator_reads_what_the_judgement_of_the_kind_says(world: Any) -> None:
    trial = world
    await trial.set_up(kind="radiotherapy", sites=("012",))
    screening_id = (await trial.screen())["screening_id"]

    shown = (await trial.investigator().get(f"/screenings/{screening_id}")).json()

    assert "radiotherapy of this trial is in this child's interests" in shown["judgement_statement"]
