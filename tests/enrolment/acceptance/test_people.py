"""Acceptance A10 to A15: stagger, consent versions, age, assent, participation."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.clock import format_instant, parse_instant

DAY = timedelta(days=1)
WEEK_APART = {"sentinel_n": 0, "interval_between_hours": 168}


async def test_a10_a_week_between_first_doses_is_asked_for_at_dosing(world: Any) -> None:
    trial = world
    await trial.set_up(stagger=WEEK_APART)
    first = await trial.enrol("012")
    assert (await trial.authorise(first["participant_id"], "012")).status_code == 201
    waits = await trial.authorise((await trial.enrol("056"))["participant_id"], "056")
    assert waits.json()["code"] == "stagger_not_elapsed"  # no date: the first may be dosed any moment
    assert waits.json()["detail"] == "Earliest first dose: no date yet."
    given = await trial.dose(first["participant_id"], "012")
    await trial.pass_time(3 * DAY)
    await trial.freshen()

    second = await trial.enrol("034")

    answer = await trial.authorise(second["participant_id"], "034")
    assert (answer.status_code, answer.json()["code"]) == (409, "stagger_not_elapsed")
    earliest = parse_instant(given["first_dose_at"]) + 7 * DAY
    assert earliest.isoformat() in answer.json()["detail"]
    assert parse_instant((await trial.level())["earliest_first_dose_at"]) == earliest
    await trial.pass_time(4 * DAY + timedelta(minutes=1))
    await trial.freshen()
    assert (await trial.authorise(second["participant_id"], "034")).status_code == 201


async def test_a10_the_policy_may_ask_for_it_at_registration(world: Any) -> None:
    trial = world
    await trial.set_up(stagger=WEEK_APART | {"enforce_at": "registration"})
    first = await trial.enrol("012")
    await trial.dose(first["participant_id"], "012")
    screening_id = await trial.ready("034")
    slot_id = await trial.reserve(screening_id, "034")

    answer = await trial.register(screening_id, slot_id, "034")

    assert (answer.status_code, answer.json()["code"]) == (409, "stagger_not_elapsed")


async def test_a10_until_the_sentinel_is_dosed_there_is_no_date(world: Any) -> None:
    trial = world
    await trial.set_up(stagger={"sentinel_n": 1, "interval_after_sentinel_hours": 24})
    await trial.enrol("012")
    second = await trial.enrol("034")

    answer = await trial.authorise(second["participant_id"], "034")

    assert answer.json()["code"] == "sentinel_not_dosed"
    assert (await trial.level())["earliest_first_dose_at"] is None


async def test_a11_consent_on_the_version_before_is_stale_from_the_day_the_new_one_takes_effect(
    trial: Any, codes_of: Any
) -> None:
    criteria = [{"id": "diagnosis", "text": "x"}, {"id": "organ-function", "text": "y"}]
    same_criteria = {"version": "1.0", "validity_days": 14, "criteria": criteria}
    await trial.sponsor_says(
        trial.approved("2.0", effective_at=await trial.now() + DAY, eligibility=same_criteria),
        trial.green_lit("012", "2.0"),
    )
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    early = await trial.investigator().post(
        f"/screenings/{screening_id}/consents",
        {
            "purpose": "parental_consent",
            "document": "parents",
            "version": "2.0",
            "capacity": "parental_responsibility",
            "signed_at": format_instant(await trial.now()),
        },
    )
    assert early.json()["code"] == "document_unknown"
    await trial.pass_time(2 * DAY)
    await trial.freshen()

    answer = await trial.register(screening_id, slot_id)

    assert (answer.status_code, codes_of(answer)) == (409, ["consent_version_stale"])
    await trial.consent(screening_id, version="2.0")
    await trial.assent(screening_id, version="2.0")
    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["protocol_version"]) == (201, "2.0")


async def test_a11_a_site_without_the_new_green_light_goes_on_until_the_sunset(trial: Any) -> None:
    sunset = await trial.now() + 3 * DAY
    await trial.sponsor_says(trial.approved("2.0", effective_at=trial.started, sunset=sunset))
    screening_id = await trial.ready("034")
    assert (
        await trial.register(screening_id, await trial.reserve(screening_id, "034"), "034")
    ).status_code == 201
    late = await trial.ready("034")
    slot_id = await trial.reserve(late, "034")
    await trial.running.operator.post(
        "/demonstration-clock", {"move_to": format_instant(sunset + timedelta(minutes=1))}
    )
    await trial.freshen()

    answer = await trial.register(late, slot_id, "034")

    assert "version_sunset" in [guard["code"] for guard in answer.json()["guards"]]


async def test_a12_a_child_who_turns_sixteen_before_registration_consents_for_themselves(
    trial: Any, codes_of: Any
) -> None:
    today = (await trial.now()).astimezone(ZoneInfo("Europe/London")).date()
    birthday = today + DAY
    started = await trial.investigator().post(
        "/screenings",
        {
            "trial": "EP01",
            "part": "escalation",
            "site_number": "012",
            "born": {"year": birthday.year - 16, "month": birthday.month},
        },
    )
    screening_id = started.json()["screening_id"]
    await trial.ok(
        trial.investigator(), f"/screenings/{screening_id}/age-statements", {"years": 15, "on": str(today)}
    )
    await trial.consent(screening_id)
    await trial.assent(screening_id)
    await trial.eligible(screening_id)
    slot_id = await trial.reserve(screening_id)
    await trial.pass_time(DAY + timedelta(hours=2))
    await trial.freshen()
    sixteen = {"years": 16, "on": str(birthday)}

    answer = await trial.register(screening_id, slot_id, age_statement=sixteen)

    assert "consent_wrong_person" in codes_of(answer)
    assert answer.json()["code"] == "consent_wrong_person"
    await trial.consent(screening_id, document="adults", purpose="own_consent", capacity="participant")
    answer = await trial.register(screening_id, slot_id, age_statement=sixteen)
    assert answer.status_code == 201, answer.text


async def test_a12_an_age_that_does_not_fit_the_month_of_birth_is_refused_and_nothing_is_kept(
    trial: Any,
) -> None:
    screening_id = await trial.ready(age=13)
    slot_id = await trial.reserve(screening_id)

    answer = await trial.register(screening_id, slot_id, age=9)

    assert (answer.status_code, answer.json()["code"]) == (422, "age_statement_mismatch")
    assert await trial.rows("SELECT id FROM age_statement") == []


async def test_a12_nobody_is_let_in_on_an_age_that_is_not_known(trial: Any, codes_of: Any) -> None:
    today = (await trial.now()).date()
    started = await trial.investigator().post(
        "/screenings",
        {
            "trial": "EP01",
            "part": "escalation",
            "site_number": "012",
            "born": {"year": today.year - 18, "month": today.month},
        },
    )
    screening_id = started.json()["screening_id"]
    await trial.consent(screening_id, document="adults", purpose="own_consent", capacity="participant")
    await trial.eligible(screening_id)
    slot_id = await trial.reserve(screening_id)

    answer = await trial.register(screening_id, slot_id)

    assert codes_of(answer) == ["age_out_of_range"]  # seventeen or eighteen: the part ends below eighteen


async def test_a13_a_childs_own_signature_is_no_consent_to_a_trial_of_a_medicine(
    trial: Any, codes_of: Any
) -> None:
    screening_id = (await trial.screen(age=13))["screening_id"]
    await trial.consent(screening_id, document="adults", purpose="own_consent", capacity="participant")
    await trial.assent(screening_id)
    await trial.eligible(screening_id)

    answer = await trial.register(screening_id, await trial.reserve(screening_id))

    assert codes_of(answer) == ["consent_wrong_person"]


async def test_a14_a_refused_assent_waits_for_the_investigators_reasoned_decision(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready(assent="refused")
    slot_id = await trial.reserve(screening_id)
    assert codes_of(await trial.register(screening_id, slot_id)) == ["assent_decision_required"]

    await trial.ok(
        trial.investigator(),
        f"/screenings/{screening_id}/assent-decisions",
        {"reason": "afraid of needles, agrees after talking", "signed_at": format_instant(await trial.now())},
    )

    assert (await trial.register(screening_id, slot_id)).status_code == 201
    actions = [row[0] for row in await trial.rows("SELECT action FROM audit ORDER BY id")]
    assert "assent-decision.recorded" in actions
    refused = [event["body"] for event in await trial.running.published("enrolment.consent.recorded.v1")]
    assert [one["outcome"] for one in refused if one["purpose"] == "assent"] == ["refused"]
    assert "needles" not in str(await trial.running.published())


async def test_a14_a_decision_needs_a_refusal(trial: Any) -> None:
    screening_id = await trial.ready()

    answer = await trial.investigator().post(
        f"/screenings/{screening_id}/assent-decisions",
        {"reason": "any", "signed_at": format_instant(await trial.now())},
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "assent_not_refused")


async def test_a15_treatment_stops_without_a_reason_and_then_everything(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await trial.dose(participant)
    path = f"/participants/{participant}/participation-changes"

    answer = await trial.ok(
        trial.nurse(), path, {"elements": {"treatment": "stopped"}, "by": "participant_or_parent"}
    )

    assert answer.json()["elements"]["treatment"] == "stopped"
    assert answer.json()["elements"]["trial_visits_procedures"] == "continues"
    refused = await trial.authorise(participant)
    assert (refused.status_code, refused.json()["code"]) == (409, "treatment_stopped")
    ended = (await trial.running.published("enrolment.treatment.ended.v1"))[-1]["body"]
    assert (ended["reason"], ended["before_first_dose"]) == ("participant_choice", False)
    answer = await trial.ok(trial.nurse(), path, {"all": "stopped", "by": "participant_or_parent"})
    assert set(answer.json()["elements"].values()) == {"stopped"}
    assert {"safety_reporting_continues", "collected_data_locked", "contact_tasks_cancelled"} <= set(
        answer.json()["consequences"]
    )
    changed = [event["body"] for event in await trial.running.published("enrolment.participation.changed.v1")]
    assert [set(one) for one in changed] == [
        {"trial_id", "participant_id", "elements", "by", "changed_at"}
    ] * 2
    again = await trial.nurse().post(
        path, {"elements": {"contact": "continues"}, "by": "participant_or_parent"}
    )
    assert again.json()["code"] == "new_episode_required"


async def test_a15_a_reason_is_neither_asked_for_nor_taken(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]

    answer = await trial.nurse().post(
        f"/participants/{participant}/participation-changes",
        {"elements": {"treatment": "stopped"}, "by": "participant_or_parent", "reason": "x"},
    )

    assert answer.status_code == 422


async def test_a15_treatment_does_not_go_on_without_its_safety_assessments(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]

    answer = await trial.nurse().post(
        f"/participants/{participant}/participation-changes",
        {"elements": {"trial_visits_procedures": "stopped"}, "by": "participant_or_parent"},
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "safety_assessments_stopped")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"answers": {"diagnosis": True}}, "eligibility_incomplete"),
        ({"answers": {"diagnosis": True, "organ-function": False}}, "eligibility_incomplete"),
        ({"answers": {"diagnosis": True, "organ-function": None}}, "eligibility_incomplete"),
        ({"judgement": None}, "judgement_missing"),
        ({"judgement": {"in_interests": False}}, "judgement_missing"),
    ],
)
async def test_eligibility_and_judgement_must_be_complete(
    trial: Any, spoil: dict[str, Any], code: str, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    sign_off = {
        "version": "1.0",
        "answers": {"diagnosis": True, "organ-function": True},
        "judgement": {"in_interests": True},
        "signed_at": format_instant(await trial.now()),
    }
    await trial.ok(trial.investigator(), f"/screenings/{screening_id}/eligibility", sign_off | spoil)

    answer = await trial.register(screening_id, await trial.reserve(screening_id))

    assert codes_of(answer) == [code]


async def test_an_eligibility_sign_off_expires(trial: Any, codes_of: Any) -> None:
    screening_id = await trial.ready()
    await trial.pass_time(15 * DAY)
    await trial.freshen()
    slot_id = await trial.reserve(screening_id)

    assert codes_of(await trial.register(screening_id, slot_id)) == ["eligibility_expired"]
