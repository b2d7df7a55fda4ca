"""Consent, assent and eligibility: by whom they were taken, and when they can have been signed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.clock import format_instant

DAY = timedelta(days=1)


def visitor(trial: Any) -> Any:
    """Somebody with the investigator's role whom nobody has delegated anything."""
    return trial.running.person("visitor", f"site_investigator:{trial.code}:012")


def consent_on(at: datetime | str, version: str = "1.0") -> dict[str, Any]:
    return {
        "purpose": "parental_consent",
        "document": "parents",
        "version": version,
        "capacity": "parental_responsibility",
        "signed_at": at if isinstance(at, str) else format_instant(at),
    }


def assent_on(at: datetime | str) -> dict[str, Any]:
    signed_at = at if isinstance(at, str) else format_instant(at)
    return {"answer": "given", "document": "teenagers", "version": "1.0", "signed_at": signed_at}


async def test_consent_taken_by_somebody_without_delegation_lets_nobody_in(trial: Any, codes_of: Any) -> None:
    screening_id = (await trial.screen())["screening_id"]
    await trial.ok(visitor(trial), f"/screenings/{screening_id}/consents", consent_on(await trial.now()))
    await trial.assent(screening_id)
    await trial.eligible(screening_id)
    slot_id = await trial.reserve(screening_id)

    answer = await trial.register(screening_id, slot_id)

    assert (answer.status_code, codes_of(answer)) == (409, ["consent_not_delegated"])
    await trial.consent(screening_id)
    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_consent_taken_after_the_delegation_ended_lets_nobody_in(trial: Any, codes_of: Any) -> None:
    await trial.sponsor_says(trial.delegation_ended("investigator-012"))
    screening_id = (await trial.screen())["screening_id"]
    await trial.consent(screening_id)
    await trial.sponsor_says(trial.delegated("investigator-012", "site_investigator", "012"))
    await trial.assent(screening_id)
    await trial.eligible(screening_id)

    answer = await trial.register(screening_id, await trial.reserve(screening_id))

    assert codes_of(answer) == ["consent_not_delegated"]


async def test_assent_recorded_by_somebody_without_delegation_lets_nobody_in(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    await trial.ok(visitor(trial), f"/screenings/{screening_id}/assents", assent_on(await trial.now()))
    slot_id = await trial.reserve(screening_id)

    answer = await trial.register(screening_id, slot_id)

    assert codes_of(answer) == ["consent_not_delegated"]
    await trial.assent(screening_id)
    assert (await trial.register(screening_id, slot_id)).status_code == 201


@pytest.mark.parametrize("record", ["consents", "assents", "assent-decisions", "eligibility"])
async def test_nothing_is_signed_before_the_month_of_birth(trial: Any, record: str) -> None:
    screening_id = await trial.ready(age=13, assent="refused")
    long_ago = "1900-01-01T00:00:00Z"
    body = {
        "consents": consent_on(long_ago),
        "assents": assent_on(long_ago),
        "assent-decisions": {"reason": "discussed", "signed_at": long_ago},
        "eligibility": {"version": "1.0", "answers": {}, "signed_at": long_ago},
    }[record]

    answer = await trial.investigator().post(f"/screenings/{screening_id}/{record}", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "time_before_birth")


@pytest.mark.parametrize(("path", "body_on"), [("consents", consent_on), ("assents", assent_on)])
async def test_a_form_is_not_signed_before_it_is_in_force(trial: Any, path: str, body_on: Any) -> None:
    screening_id = (await trial.screen())["screening_id"]
    in_force_since = trial.started - 100 * DAY

    early = await trial.investigator().post(
        f"/screenings/{screening_id}/{path}", body_on(in_force_since - 2 * DAY)
    )
    after = await trial.investigator().post(f"/screenings/{screening_id}/{path}", body_on(in_force_since))

    assert (early.status_code, early.json()["code"]) == (422, "form_not_in_force")
    assert after.status_code == 201


@pytest.mark.parametrize("months_ahead", [1, 12 * 70])
async def test_nobody_is_born_in_a_month_to_come(trial: Any, months_ahead: int) -> None:
    today = (await trial.now()).date()
    months = today.year * 12 + today.month - 1 + months_ahead
    born = {"year": months // 12, "month": months % 12 + 1}
    body = {"trial": trial.code, "part": "escalation", "site_number": "012", "born": born}

    answer = await trial.investigator().post("/screenings", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "time_in_future")


async def test_criteria_of_a_version_that_no_protocol_has_are_not_recorded(trial: Any) -> None:
    screening_id = (await trial.screen())["screening_id"]
    body = {"version": "9.9", "answers": {"diagnosis": True}, "signed_at": format_instant(await trial.now())}

    answer = await trial.investigator().post(f"/screenings/{screening_id}/eligibility", body)

    assert (answer.status_code, answer.json()["code"]) == (422, "criteria_version_unknown")


async def test_a_sign_off_without_answers_is_refused_by_the_names_of_the_criteria(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    body = {
        "version": "1.0",
        "answers": {},
        "judgement": {"in_interests": True},
        "signed_at": format_instant(await trial.now()),
    }
    await trial.ok(trial.investigator(), f"/screenings/{screening_id}/eligibility", body)

    answer = await trial.register(screening_id, await trial.reserve(screening_id))

    assert codes_of(answer) == ["eligibility_incomplete"]
    assert answer.json()["detail"] == "Not answered or not met: diagnosis, organ-function."
