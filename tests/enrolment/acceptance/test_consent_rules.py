"""A11 to A14 and the rules beside them: who must be on which form, signed by whom, and what is asked again."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.enrolment.domain.age import local_date
from shared.clock import format_instant
from tests.enrolment.consents import (
    DAY,
    HOUR,
    LONDON,
    OWN,
    SAME_CRITERIA,
    consent_block,
    everywhere,
    screen_born,
    set_up_abroad,
    sign,
    tasks,
    until,
)

NEW_AND_TREATED = {"required_for": ["new", "on_treatment"]}


async def register(trial: Any, screening_id: str, **more: Any) -> Any:
    slot_id = await trial.reserve(screening_id) if trial.has_levels else None
    return await trial.register(screening_id, slot_id, **more)


async def modify(trial: Any, forms: dict[str, Any], version: str = "2.0", sites: Any = ("012",)) -> None:
    """A new version of the protocol with new forms and the same criteria, in use at once at the sites."""
    since = await trial.now()
    approved = trial.approved(
        version, effective_at=since, eligibility=SAME_CRITERIA, consent=consent_block(version, forms)
    )
    await trial.sponsor_says(approved, *(trial.green_lit(site, version) for site in sites))
    await trial.pass_time(HOUR)
    await trial.freshen()


# -- A11 ------------------------------------------------------------------------------------------------


async def test_a11_whoever_is_followed_is_not_asked_to_sign_a_form_for_those_on_treatment(trial: Any) -> None:
    treated, followed = await trial.enrol(), await trial.enrol()
    ended = {"ended_at": format_instant(await trial.now()), "reason": "completed"}
    await trial.ok(trial.investigator(), f"/participants/{followed['participant_id']}/treatment-ends", ended)
    by = (local_date(await trial.now(), LONDON) + 30 * DAY).isoformat()

    await modify(trial, everywhere(**NEW_AND_TREATED, must_reconsent_by=by))

    asked = await tasks(trial)
    assert {(one["participant_id"], one["document"], one["due_on"]) for one in asked} == {
        (treated["participant_id"], "parents", by),
        (treated["participant_id"], "teenagers", by),
    }


async def test_a11_signing_again_settles_the_task_and_a_new_participant_has_none(trial: Any) -> None:
    treated = await trial.enrol()
    await modify(trial, everywhere(**NEW_AND_TREATED))
    path = f"/participants/{treated['participant_id']}"
    assert {one["kind"] for one in await tasks(trial)} == {"re_consent"}

    await sign(trial, path, version="2.0")
    answered = {
        "answer": "given",
        "document": "teenagers",
        "version": "2.0",
        "signed_at": format_instant(await trial.now()),
    }
    await trial.ok(trial.investigator(), f"{path}/assents", answered)

    assert await tasks(trial) == []
    screening_id = (await trial.screen())["screening_id"]
    await trial.consent(screening_id, version="2.0")
    await trial.assent(screening_id, version="2.0")
    await trial.eligible(screening_id)
    assert (await register(trial, screening_id)).status_code == 201
    assert await tasks(trial) == []
    signed = (await trial.investigator().get(f"{path}/consents")).json()["consents"]
    assert [one["version"] for one in signed] == ["1.0", "2.0"]


async def test_a_consent_on_the_old_form_is_not_taken_for_a_participant_either(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await modify(trial, everywhere(**NEW_AND_TREATED))

    answer = await sign(trial, f"/participants/{participant}", version="1.0", expect=422)

    assert answer.json()["code"] == "document_unknown"


async def test_another_sites_participant_and_tasks_are_as_if_absent(trial: Any) -> None:
    participant = (await trial.enrol("034"))["participant_id"]
    await modify(trial, everywhere(**NEW_AND_TREATED), sites=("034",))

    theirs = await trial.investigator("012").get("/consent-tasks", trial=trial.code)
    ours = await trial.nurse("034").get("/consent-tasks", trial=trial.code)

    assert (theirs.json()["items"], len(ours.json()["items"])) == ([], 2)
    refused = await sign(trial, f"/participants/{participant}", "012", version="2.0", expect=404)
    absent = await sign(trial, "/participants/nobody", "012", version="2.0", expect=404)
    assert refused.json()["code"] == absent.json()["code"] == "not_found"
    assert (await trial.investigator("012").get(f"/participants/{participant}/consents")).status_code == 404


async def test_consent_stays_at_the_site_where_it_was_given(trial: Any) -> None:
    participant = (await trial.enrol("012"))["participant_id"]

    await trial.transfer(participant, "034")

    assert {(one["document"], one["site_number"]) for one in await tasks(trial)} == {
        ("parents", "034"),
        ("teenagers", "034"),
    }
    await trial.re_consent(participant, "034")
    assert await tasks(trial, document="parents") == []


async def test_whoever_joins_needs_only_forms_that_are_required_of_new_participants(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    only_treated = {"required_for": ["on_treatment"]}

    await modify(trial, everywhere(**only_treated))

    answer = await register(trial, screening_id)
    assert (answer.status_code, answer.json().get("protocol_version")) == (201, "2.0"), answer.text
    assert {one["document"] for one in await tasks(trial)} == {"parents", "teenagers"}


async def test_tasks_come_page_by_page_and_a_page_ends_with_a_whole_participant(trial: Any) -> None:
    for _ in range(3):
        await trial.enrol()
    await modify(trial, everywhere(**NEW_AND_TREATED))

    first = (await trial.manager.get("/consent-tasks", trial=trial.code, limit=3)).json()
    second = (
        await trial.manager.get("/consent-tasks", trial=trial.code, limit=200, cursor=first["next_cursor"])
    ).json()

    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (2, 4, None)
    assert len({one["participant_id"] for one in first["items"] + second["items"]}) == 3


@pytest.mark.parametrize("stopped", ["all", "contact", "death"])
async def test_nobody_is_asked_who_died_or_is_no_longer_contacted(trial: Any, stopped: str) -> None:
    path = f"/participants/{(await trial.enrol())['participant_id']}"
    if stopped == "death":
        body = {"ended_at": format_instant(await trial.now()), "reason": "death"}
        await trial.ok(trial.investigator(), f"{path}/treatment-ends", body)
    else:
        change = {"all": "stopped"} if stopped == "all" else {"elements": {"contact": "stopped"}}
        await trial.ok(
            trial.nurse(), f"{path}/participation-changes", change | {"by": "participant_or_parent"}
        )

    await modify(trial, everywhere(required_for=["new", "on_treatment", "follow_up"]))

    assert await tasks(trial) == []


# -- A12 ------------------------------------------------------------------------------------------------


async def test_a12_the_age_is_that_of_the_sites_own_calendar(world: Any, codes_of: Any) -> None:
    trial, auckland = world, ZoneInfo("Pacific/Auckland")
    await set_up_abroad(trial, "GB", "Pacific/Auckland")
    noon = (await trial.now()).replace(hour=12, minute=0, second=0, microsecond=0) + 2 * DAY
    await until(trial, noon)  # where the site lies, the next day has begun
    birthday = local_date(noon, auckland)
    assert birthday == noon.date() + DAY
    screening_id = await screen_born(trial, birthday.replace(year=birthday.year - 16, day=1))
    await trial.consent(screening_id)
    await trial.eligible(screening_id)
    sixteen = {"years": 16, "on": str(birthday)}
    slot_id = await trial.reserve(screening_id)

    answer = await trial.register(screening_id, slot_id, age_statement=sixteen)

    assert codes_of(answer) == ["consent_wrong_person"]
    await sign(trial, f"/screenings/{screening_id}", **OWN)
    answer = await trial.register(screening_id, slot_id, age_statement=sixteen)
    assert answer.status_code == 201, answer.text


# -- A13 ------------------------------------------------------------------------------------------------

COMPETENT: dict[str, Any] = {"competent_minor_may_consent": True}


@pytest.mark.parametrize(
    ("configured", "note", "codes"),
    [
        (COMPETENT, "gillick_competent", []),
        (COMPETENT, None, ["consent_wrong_person"]),
        ({}, "gillick_competent", ["consent_wrong_person"]),
    ],
)
async def test_a13_outside_such_trials_a_competent_child_may_consent_where_configured(
    world: Any, configured: Any, note: str | None, codes: list[str], codes_of: Any
) -> None:
    trial, forms = world, {"adults": {"from_years": 12}}
    await trial.set_up(kind="quality_of_life", consent=consent_block(forms=forms, **configured))
    screening_id = (await trial.screen(age=13))["screening_id"]
    await sign(trial, f"/screenings/{screening_id}", **OWN, capacity_note=note)
    await trial.eligible(screening_id)

    answer = await register(trial, screening_id)

    assert ([] if answer.status_code == 201 else [c for c in codes_of(answer) if "consent" in c]) == codes
    assert (answer.status_code == 201) is (not codes), answer.text


async def test_a13_a_trial_of_a_medicine_cannot_be_configured_so(world: Any, codes_of: Any) -> None:
    trial = world
    await trial.set_up(consent=consent_block(forms={"adults": {"from_years": 12}}, **COMPETENT))
    screening_id = (await trial.screen(age=13))["screening_id"]
    await sign(trial, f"/screenings/{screening_id}", **OWN, capacity_note="gillick_competent")
    await trial.assent(screening_id)
    await trial.eligible(screening_id)

    assert codes_of(await register(trial, screening_id)) == ["consent_wrong_person"]


# -- parents, representatives, languages ----------------------------------------------------------------


async def test_where_both_parents_are_asked_one_is_not_enough(world: Any, codes_of: Any) -> None:
    trial = world
    block = consent_block(age_of_consent={"DE": 18, "GB": 16}, both_parents_required=["DE"])
    await set_up_abroad(trial, "DE", consent=block)
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    assert codes_of(await trial.register(screening_id, slot_id)) == ["consent_wrong_person"]

    await sign(trial, f"/screenings/{screening_id}", parent="second")

    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_one_parent_alone_answers_for_a_child_in_their_sole_care(world: Any) -> None:
    trial = world
    block = consent_block(age_of_consent={"DE": 18, "GB": 16}, both_parents_required=["DE"])
    await set_up_abroad(trial, "DE", consent=block)
    screening_id = await trial.ready()

    await sign(trial, f"/screenings/{screening_id}", capacity_note="sole_parental_responsibility")

    assert (await register(trial, screening_id)).status_code == 201


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"capacity": "personal_legal_representative"}, 422),
        ({"capacity": "personal_legal_representative", "capacity_note": "parents_in_theatre"}, 201),
        ({"capacity": "professional_legal_representative", "capacity_note": "parents_in_theatre"}, 422),
        (
            {
                "capacity": "professional_legal_representative",
                "capacity_note": "parents_in_theatre",
                "no_personal_representative_note": "no_relative_found",
            },
            201,
        ),
    ],
)
async def test_a_representative_says_why_a_parent_does_not_sign_and_why_nobody_nearer_does(
    trial: Any, fields: dict[str, str], status: int
) -> None:
    screening_id = (await trial.screen())["screening_id"]

    answer = await sign(trial, f"/screenings/{screening_id}", expect=status, **fields)

    assert answer.json().get("code") == ("reason_required" if status == 422 else None)


async def test_a_form_is_signed_in_a_language_into_which_it_was_translated(world: Any) -> None:
    trial = world
    await trial.set_up(consent=consent_block(forms=everywhere(languages=["en", "cy"])))
    screening_id = (await trial.screen())["screening_id"]

    refused = await sign(trial, f"/screenings/{screening_id}", language="pl", expect=422)

    assert (refused.json()["code"], refused.json()["languages"]) == ("form_language_unknown", ["cy", "en"])
    await sign(trial, f"/screenings/{screening_id}", language="cy")
