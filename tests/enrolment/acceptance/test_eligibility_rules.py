"""Typed and molecular criteria: kept as entered, read against the version in use, named where they stand in the way."""

from typing import Any

import pytest

from services.enrolment.domain.age import local_date
from shared.clock import format_instant
from tests.enrolment.consents import DAY, LONDON


async def register(trial: Any, screening_id: str) -> Any:
    slot_id = await trial.reserve(screening_id) if trial.has_levels else None
    return await trial.register(screening_id, slot_id)


# -- typed criteria -------------------------------------------------------------------------------------

TYPED = [
    {"id": "diagnosis", "text": "x"},
    {
        "id": "neutrophils",
        "text": "n",
        "answer": "number",
        "unit": "10^9/L",
        "at_least": "1.0",
        "valid_days": 7,
    },
    {"id": "lineage", "text": "l", "answer": "choice", "options": ["b", "t"], "accepted": ["b"]},
    {"id": "last-chemotherapy", "text": "c", "answer": "date", "within_days": 60},
]


async def answers(trial: Any, **changed: Any) -> dict[str, Any]:
    today = local_date(await trial.now(), LONDON)
    return {
        "diagnosis": True,
        "neutrophils": {"value": "1.00", "unit": "10^9/L", "taken_on": str(today)},
        "lineage": {"option": "b"},
        "last-chemotherapy": {"on": str(today - 60 * DAY)},
    } | changed


async def typed(world: Any, **changed: Any) -> str:
    """A screening whose typed criteria are signed, with some answers changed."""
    block = {"version": "1.0", "validity_days": 14, "criteria": TYPED}
    await world.set_up(eligibility=block)
    screening_id = (await world.screen())["screening_id"]
    await world.consent(screening_id)
    await world.assent(screening_id)
    await sign_off(world, screening_id, await answers(world, **changed))
    return str(screening_id)


async def sign_off(trial: Any, screening_id: str, given: dict[str, Any], expect: int = 201) -> Any:
    body = {
        "version": "1.0",
        "answers": given,
        "judgement": {"in_interests": True},
        "signed_at": format_instant(await trial.now()),
    }
    return await trial.ok(trial.investigator(), f"/screenings/{screening_id}/eligibility", body, expect)


async def test_typed_answers_are_kept_as_entered_and_read_against_the_criteria(world: Any) -> None:
    trial, screening_id = world, await typed(world)

    assert (await register(trial, screening_id)).status_code == 201
    shown = (await trial.investigator().get(f"/screenings/{screening_id}")).json()
    by_id = {one["id"]: one for one in shown["criteria"]}
    assert {one["answer"] for one in by_id.values()} == {"met"}
    assert by_id["neutrophils"]["entered"]["value"] == "1.00"
    assert shown["eligibility"]["answers"]["lineage"]["option"] == "b"
    assert "interests" in shown["judgement_statement"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"neutrophils": {"value": "0.999999", "unit": "10^9/L", "taken_on": "2026-01-01"}}, "neutrophils"),
        ({"lineage": {"option": "t"}}, "lineage"),
        ({"last-chemotherapy": {"on": "2020-01-01"}}, "last-chemotherapy"),
        ({"diagnosis": "unknown"}, "diagnosis"),
        ({"neutrophils": "unknown"}, "neutrophils"),
    ],
)
async def test_the_guard_names_the_criteria_that_are_not_met_or_not_known(
    world: Any, changed: dict[str, Any], said: str
) -> None:
    trial, screening_id = world, await typed(world, **changed)

    answer = await register(trial, screening_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "eligibility_incomplete")
    assert answer.json()["detail"] == f"Not answered or not met: {said}."


async def test_an_answer_of_the_wrong_kind_or_unit_is_refused_and_named(world: Any) -> None:
    trial, screening_id = world, await typed(world)
    today = str(local_date(await trial.now(), LONDON))
    wrong = {
        "neutrophils": {"value": "1.0", "unit": "mg/dL", "taken_on": today},
        "lineage": {"option": "myeloid"},
        "last-chemotherapy": True,
    }

    answer = await sign_off(trial, screening_id, await answers(trial, **wrong), expect=422)

    assert (answer.json()["code"], set(answer.json()["criteria"])) == ("answer_invalid", set(wrong))


async def test_an_answer_of_a_day_that_has_not_come_is_refused(world: Any) -> None:
    trial, screening_id = world, await typed(world)
    ahead = {"on": str(local_date(await trial.now(), LONDON) + 2 * DAY)}

    answer = await sign_off(
        trial, screening_id, await answers(trial, **{"last-chemotherapy": ahead}), expect=422
    )

    assert answer.json()["code"] == "time_in_future"


async def test_the_guard_says_whose_validity_is_over(world: Any) -> None:
    trial, screening_id = world, await typed(world)
    taken = local_date(await trial.now(), LONDON)
    await trial.pass_time(8 * DAY)
    await trial.freshen()

    answer = await register(trial, screening_id)

    assert (answer.json()["code"], answer.json()["detail"]) == (
        "eligibility_expired",
        f"Valid: neutrophils through {taken + 7 * DAY}.",
    )


# -- molecular criteria ---------------------------------------------------------------------------------


async def find(trial: Any, screening_id: str, gene: str, alteration: str, result: str, **more: Any) -> None:
    body = {"gene": gene, "alteration": alteration, "result": result, "method": "sequencing", **more}
    body["determined_on"] = str(local_date(await trial.now(), LONDON))
    await trial.ok(trial.nurse(), f"/screenings/{screening_id}/molecular-findings", body)


@pytest.mark.parametrize(
    ("braf", "alk", "admitted"),
    [
        ("present", "absent", {"mutated"}),
        ("absent", "absent", {"unmutated"}),
        ("not_determined", "absent", set()),
        ("present", "present", set()),
        ("present", None, set()),
    ],
)
async def test_parts_are_strata_by_their_biomarkers(
    world: Any, braf: str, alk: str | None, admitted: set[str], codes_of: Any
) -> None:
    trial = world
    parts = [
        {
            "part": name,
            "stratum": name,
            "kind": "cohort",
            "age": {"from_years": 1, "below_years": 18},
            "biomarkers": [
                {"gene": "BRAF", "alteration": "mutation", "detail": "V600E", "must_be": must_be},
                {"gene": "ALK", "alteration": "fusion", "must_be": "absent"},
            ],
        }
        for name, must_be in (("support", "present"), ("unmutated", "absent"))
    ]
    await trial.set_up(kind="supportive_care", parts=parts)
    let_in = set()
    for part in ("support", "unmutated"):
        screening_id = await trial.ready(part=part)
        await find(trial, screening_id, "BRAF", "mutation", braf, detail="V600E")
        if alk:
            await find(trial, screening_id, "ALK", "fusion", alk)
        answer = await trial.register(screening_id)
        if answer.status_code == 201:
            let_in.add("mutated" if part == "support" else part)
        else:
            assert codes_of(answer) == ["molecular_criterion_not_met"]

    assert let_in == admitted


# -- what is said ---------------------------------------------------------------------------------------


async def test_a_signed_eligibility_is_said_without_its_answers(trial: Any) -> None:
    screening_id = await trial.ready()

    (event,) = await trial.running.published("enrolment.eligibility.signed.v1")

    body = event["body"]
    assert (body["screening_id"], body["judgement"], body["delegated"]) == (
        screening_id,
        "in_interests",
        True,
    )
    assert "answers" not in body
