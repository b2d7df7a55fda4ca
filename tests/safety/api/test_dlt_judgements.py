"""DLTs by judgement: signed by an investigator, decided by the committee, and what each makes of the verdict."""

from datetime import timedelta
from typing import Any

import pytest

from tests.safety.stopping import JUDGED, judged_protocol, number_of, sign


@pytest.fixture
async def judging(quiet_world: Any) -> Any:
    """A participant under a definition with a DLT by judgement, treated since an hour."""
    world = quiet_world
    document = judged_protocol()
    del document["stopping_rules"]
    await world.open_trial(document)
    at = await world.now() - timedelta(hours=1)
    registered = world.registered(JUDGED, number_of(99), version="2.0")
    await world.tell(world.enrolment, registered, world.first_dose(JUDGED, at=at))
    return world


@pytest.fixture
def chair(judging: Any) -> Any:
    return judging.running.person("chair", "src_chair:EP01:*")


async def _decided(chair: Any, judgement_id: str, *, confirmed: bool, reason: str = "seen") -> Any:
    body = {"confirmed": confirmed, "reason": reason}
    return await chair.post(f"/dlt-judgements/{judgement_id}/decisions", body)


async def test_a_signed_judgement_is_provisionally_a_dlt_at_once_and_wakes_somebody(judging: Any) -> None:
    answer = await sign(judging)

    assert (answer.status_code, answer.json()["committee"]) == (201, "awaited")
    verdict = await judging.verdict(JUDGED)
    assert (verdict["verdict"], verdict["provisional"]) == ("pending", "dlt")
    assert verdict["cause"] == "judgement"
    assert "judgement_not_confirmed" in verdict["reasons"]
    assert await judging.alert_kinds() == ["dlt"]


@pytest.mark.parametrize(("confirmed", "verdict"), [(True, "dlt"), (False, "pending")])
async def test_the_committee_confirms_or_refuses_and_both_reasons_are_kept(
    judging: Any, chair: Any, confirmed: bool, verdict: str
) -> None:
    judgement_id = (await sign(judging, reason="needed intensive care")).json()["judgement_id"]

    answer = await _decided(chair, judgement_id, confirmed=confirmed, reason="the scans were reviewed")

    assert answer.status_code == 201
    now = await judging.verdict(JUDGED)
    assert (now["verdict"], now["provisional"]) == (verdict, "none")
    [kept] = (await judging.officer.get(f"/participants/{JUDGED}/dlt-judgements")).json()["items"]
    assert (kept["reason"], kept["decision_reason"]) == ("needed intensive care", "the scans were reviewed")
    assert (kept["signed_by"], kept["decided_by"]) == ("dr-site", "chair")
    assert {"dlt-judgement.signed", "dlt-judgement.decided"} <= set(await judging.audited())


async def test_the_words_of_a_judgement_leave_no_trace_in_events(judging: Any, chair: Any) -> None:
    judgement_id = (await sign(judging, reason="UNREPEATABLE-WORDS")).json()["judgement_id"]
    await _decided(chair, judgement_id, confirmed=True, reason="UNREPEATABLE-WORDS")

    assert "UNREPEATABLE-WORDS" not in str(await judging.running.published())


async def test_who_signed_a_judgement_does_not_decide_on_it(judging: Any) -> None:
    judgement_id = (await sign(judging)).json()["judgement_id"]
    same = judging.running.person("dr-site", "src_member:EP01:*")

    answer = await _decided(same, judgement_id, confirmed=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "second_person_required")


async def test_a_judgement_is_decided_once(judging: Any, chair: Any) -> None:
    judgement_id = (await sign(judging)).json()["judgement_id"]
    await _decided(chair, judgement_id, confirmed=False)

    answer = await _decided(chair, judgement_id, confirmed=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "judgement_already_decided")


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"criterion": "anc-long"}, "criterion_not_by_judgement"),
        ({"reason": " "}, "reason_required"),
        ({"occurred_on": "2199-01-01"}, "time_in_future"),
    ],
)
async def test_a_judgement_without_its_parts_is_refused(
    judging: Any, stated: dict[str, str], code: str
) -> None:
    answer = await sign(judging, **stated)

    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_decision_needs_its_reason(judging: Any, chair: Any) -> None:
    judgement_id = (await sign(judging)).json()["judgement_id"]

    answer = await _decided(chair, judgement_id, confirmed=True, reason="")

    assert (answer.status_code, answer.json()["code"]) == (422, "reason_required")


async def test_an_investigator_whose_delegation_has_ended_signs_nothing(judging: Any) -> None:
    await judging.tell(judging.sponsor, judging.delegation_ended())

    answer = await sign(judging)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
