"""Acceptance checks SAF-1, 2, 13, 15, 16, 17, 19 and 23, as far as this service goes today.

SAF-15's planned admission needs a rule that the protocol file does not carry yet; the rule itself is tested in
`tests/safety/domain/test_seriousness.py`. SAF-17's late second malignancy needs the follow-up plan. Of SAF-23,
the dead mail server and the restart are in `tests/safety/timers/test_sends.py` and `test_escalation.py`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.clock import format_instant


async def _be_at_least(world: Any, instant: datetime) -> None:
    if await world.now() < instant:
        await world.move(instant)


@pytest.mark.parametrize(
    ("aware_at", "due_at"),
    [
        pytest.param("2026-10-24T14:00:00+01:00", "2026-10-25T13:00:00.000000Z", id="SAF-1"),
        pytest.param("2027-03-27T14:00:00+00:00", "2027-03-28T14:00:00.000000Z", id="SAF-2"),
    ],
)
async def test_saf_1_and_2_the_site_has_24_elapsed_hours_and_the_officer_is_alerted_at_once(
    world: Any, aware_at: str, due_at: str
) -> None:
    await world.treat()
    await _be_at_least(world, datetime(2027, 3, 27, 15, 0, tzinfo=UTC))
    await world.on_duty("officer")

    receipt = await world.reported(
        aware_at=aware_at, onset="2026-10-01", seriousness=["hospitalisation"], by=world.officer
    )
    await world.running.run_timers()

    assert receipt["site_due_at"] == due_at
    steps = (await world.alert(receipt["alerts"][0]["alert_id"]))["steps"]
    assert steps[0]["called"] == ["officer"]


async def test_saf_13_a_grade_5_that_does_not_fit_is_saved_alerted_and_queried(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(
        term="Sepsis", grade=5, outcome="recovering", seriousness=["death"], by=world.officer
    )
    second = await world.reported(
        term="Sepsis", grade=5, outcome="fatal", seriousness=["death"], by=world.officer
    )

    codes = [query["code"] for query in receipt["queries"]]
    assert "grade_5_outcome_not_fatal" in codes
    assert "grade_5_without_death_date" in codes
    assert receipt["alerts"][0]["kind"] == "death"
    assert "second_grade_5" in [query["code"] for query in second["queries"]]
    shown = (await world.officer.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert shown["versions"][0]["conclusion"]["submission_blocked"] is True


async def test_saf_13_grade_5_of_a_term_without_it_is_kept_uncoded_and_the_cause_asked_for(
    quiet_world: Any, protocol_with: Any
) -> None:
    world, document = quiet_world, protocol_with(ctcae="6.0+2026-01-20")
    document["dlt"]["dlt_definition"]["ctcae"] = "6.0+2026-01-20"
    document["dlt"]["criteria"] = [{"id": "g3", "any_term": True, "grade_at_least": 3}]
    await world.open_trial(document)
    await world.treat()

    receipt = await world.reported(term="Fatigue", grade=5, seriousness=["death"], causality=None)

    [query] = [query for query in receipt["queries"] if query["code"] == "grade_not_defined_for_term"]
    assert query["advice"] == "code_the_cause_of_death"
    event = (await world.running.published("safety.adverse-event.reported.v1"))[0]["body"]
    assert (event["term"], event["grade"], event["dictionary"]) == ("Fatigue", None, "6.0+2026-01-20")
    assert (await world.verdict())["provisional"] == "dlt"


async def test_saf_15_grade_and_seriousness_are_two_axes(world: Any) -> None:
    await world.treat()

    laboratory = await world.reported(term="Neutrophil count decreased", grade=4, seriousness=[])
    rash = await world.reported(term="Rash maculo-papular", grade=1, seriousness=["hospitalisation"])

    assert laboratory["serious"] is False
    assert rash["serious"] is True
    assert [alert["kind"] for alert in rash["alerts"]] == ["serious_adverse_event"]


async def test_saf_16_before_consent_is_history_and_before_dosing_is_no_reaction(world: Any) -> None:
    at = await world.treat()
    await world.tell(world.enrolment, world.consented(at=at - timedelta(days=7)))
    days_ago = {days: (at - timedelta(days=days)).date().isoformat() for days in (3, 10)}

    history = await world.reported(onset=days_ago[10])
    procedure = await world.reported(onset=days_ago[3], seriousness=["hospitalisation"])

    assert "onset_before_consent" in [query["code"] for query in history["queries"]]
    assert await _emergence(world, history) == "medical_history"
    assert await _emergence(world, procedure) == "pre_treatment"
    assert procedure["site_due_at"] is not None
    assert (await world.verdict())["verdict"] == "pending"


async def test_saf_17_after_withdrawal_from_treatment_reports_are_taken_and_clocks_run(world: Any) -> None:
    at = await world.treat()
    await world.tell(
        world.enrolment,
        world.participation({"treatment": "stopped", "data_from_routine_records": "stopped"}, at=at),
        world.ended("participant_choice", at=at),
    )
    await world.move(at + timedelta(days=20))

    receipt = await world.reported(seriousness=["life_threatening"])

    assert receipt["matched"] == "matched"
    assert [alert["kind"] for alert in receipt["alerts"]] == ["life_threatening"]
    assert receipt["site_due_at"] > format_instant(await world.now())


async def test_saf_19_a_grade_that_is_lowered_recomputes_the_verdict_and_keeps_the_old_one(
    world: Any,
) -> None:
    await world.treat()
    receipt = await world.reported(grade=3, causality="probable")

    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/amendments",
        {
            "verbatim": "very tired",
            "term": "Fatigue",
            "grade": 2,
            "onset": (await world.today()).isoformat(),
            "aware_at": receipt["aware_at"],
            "seriousness": [],
            "reason": "graded by the wrong table",
        },
    )

    assert (answer.status_code, answer.json()["changed"]) == (201, ["grades"])
    told = [event["body"] for event in await world.running.published("safety.dlt-verdict.recorded.v1")]
    assert [(one["verdict"], one["report_id"] is not None) for one in told] == [
        ("pending", False),
        ("dlt", True),
        ("pending", True),
    ]
    history = (await world.officer.get("/participants/participant-1/dlt-verdicts")).json()
    assert history["versions"][1]["criteria"] == ["nonhaem-g3"]


async def test_saf_23_an_alert_climbs_each_step_is_audited_and_an_edit_repeats_nothing(world: Any) -> None:
    await world.on_duty("first")
    await world.on_duty("second", "second_officer")
    await world.treat()
    receipt = await world.reported(seriousness=["death"], by=world.officer)
    raised_at = await world.now()

    await world.move(raised_at + timedelta(hours=2))
    await world.officer.post(
        f"/adverse-events/{receipt['report_id']}/amendments",
        {"verbatim": "died at home", "term": "Fatigue", "grade": 2, "seriousness": ["death"], "reason": "x"},
    )
    await world.running.run_timers()

    alerts = await world.alerts()
    assert [alert["kind"] for alert in alerts] == ["death"]
    steps = (await world.alert(alerts[0]["alert_id"]))["steps"]
    assert [step["called"] for step in steps] == [["first"], ["second"], [], ["first", "second"]]
    assert (await world.audited()).count("alert.step-taken") == 4


async def _emergence(world: Any, receipt: dict[str, Any]) -> str:
    shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()
    return str(shown["versions"][0]["conclusion"]["emergence"])
