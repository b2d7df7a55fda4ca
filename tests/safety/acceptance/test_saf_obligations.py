"""Acceptance checks SAF-3, 4, 5, 7, 8, 10, 15, 16, 17 and 25 through the routes, over both stores."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.clock import format_instant

LONDON = ZoneInfo("Europe/London")
SHA = "0" * 64
FATAL = {"term": "Sepsis", "grade": 5, "outcome": "fatal", "seriousness": ["death"], "causality": "probable"}
OTHER = {"term": "Sepsis", "grade": 3, "seriousness": ["hospitalisation"], "causality": "probable"}


async def owed(world: Any, report_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Obligations of an event by rule and recipient, ended ones left out."""
    answer = await world.officer.get(f"/adverse-events/{report_id}/follow-up")
    assert answer.status_code == 200, answer.text
    return {
        (one["rule"], one["recipient"]): one
        for one in answer.json()["obligations"]
        if one["state"] not in ("superseded", "void")
    }


async def classes(world: Any, report_id: str) -> list[str]:
    answer = await world.officer.get(f"/adverse-events/{report_id}/follow-up")
    return [one["event_class"] for one in answer.json()["classes"]]


async def assess(world: Any, report_id: str, by: Any = None, **stated: Any) -> Any:
    return await (by or world.monitor).post(f"/adverse-events/{report_id}/assessments", stated)


async def submit(
    world: Any, report_id: str, *recipients: str, at: datetime | None = None, **stated: Any
) -> Any:
    body = {
        "recipients": list(recipients) or ["MHRA"],
        "sent_at": format_instant(at or await world.now()),
        "reference": "portal 7",
        "receipt": "received, thank you",
        "file_sha256": SHA,
    } | stated
    answer = await world.officer.post(f"/adverse-events/{report_id}/submissions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def local_day(world: Any) -> date:
    now: datetime = await world.now()
    return now.astimezone(LONDON).date()


async def at(world: Any, text: str) -> None:
    """Move to an instant, if the machine's clock is not past it."""
    moment = datetime.fromisoformat(text)
    if await world.now() < moment:
        await world.move(moment)


async def test_saf_3_the_clock_counts_local_dates_from_the_receipt(world: Any) -> None:
    await at(world, "2027-10-21T23:30:00+00:00")  # 00:30 in London, still summer time
    await world.treat()

    grave, other = await world.reported(**FATAL), await world.reported(**OTHER)

    day_0 = await local_day(world)
    for receipt, rule, days in ((grave, "uk.susar.fatal", 7), (other, "uk.susar.other", 15)):
        one = (await owed(world, receipt["report_id"]))[rule, "MHRA"]
        assert (one["day_0"], one["due_date"]) == (str(day_0), str(day_0 + timedelta(days=days)))
        assert one["state"] == "open"


async def test_saf_4_by_the_new_rules_the_mhra_alone_is_told(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(**FATAL)

    day_0 = await local_day(world)
    found = await owed(world, receipt["report_id"])
    assert found.keys() == {("uk.susar.fatal", "MHRA")}
    assert found["uk.susar.fatal", "MHRA"]["due_date"] == str(day_0 + timedelta(days=7))
    assert found["uk.susar.fatal", "MHRA"]["rule_version"] == 2
    assert found["uk.susar.fatal", "MHRA"]["proof"]["cite"].startswith("SI 2004/1031 reg 33")


async def test_saf_4_under_the_elected_old_rules_committee_and_investigators_are_told_too(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with(reporting_regimes=["uk-2004-transitional"]))
    await world.treat()

    receipt = await world.reported(**FATAL)
    found = await owed(world, receipt["report_id"])

    assert {recipient for _, recipient in found} == {"MHRA", "REC", "investigators"}
    assert {one["rule_version"] for one in found.values()} == {1}

    await submit(world, receipt["report_id"], "MHRA")
    states = {key: one["state"] for key, one in (await owed(world, receipt["report_id"])).items()}
    assert states["uk.susar.fatal", "MHRA"] == "met"
    assert states["uk.susar.fatal", "REC"] == states["uk.susar.fatal", "investigators"] == "open"
    assert states["uk.susar.additional", "MHRA"] == "open"


async def test_saf_5_additional_information_is_due_eight_days_after_the_report(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**FATAL)
    await world.move(await world.now() + timedelta(days=3))

    submission = await submit(world, receipt["report_id"])

    sent_on = await local_day(world)
    found = await owed(world, receipt["report_id"])
    first, additional = found["uk.susar.fatal", "MHRA"], found["uk.susar.additional", "MHRA"]
    assert (first["state"], first["in_time"], first["submission_id"]) == (
        *("met", True, submission["submission_id"]),
    )
    assert additional["due_date"] == str(sent_on + timedelta(days=8))
    assert additional["state"] == "open"

    await world.move(await world.now() + timedelta(days=2))
    await submit(world, receipt["report_id"])
    assert (await owed(world, receipt["report_id"]))["uk.susar.additional", "MHRA"]["state"] == "met"


@pytest.mark.parametrize(
    ("regimes", "rules"),
    [
        (["uk-2026"], {"protocol.P-7"}),
        (["eu-ctr"], {"eu.susar.other"}),
        (["uk-2026", "eu-ctr"], {"protocol.P-7", "eu.susar.other"}),
    ],
)
async def test_saf_7_an_exempt_susar_follows_the_protocols_period_in_the_united_kingdom_alone(
    quiet_world: Any, protocol_with: Any, regimes: list[str], rules: set[str]
) -> None:
    world = quiet_world
    safety = {"exempt_susars": [{"rule": "P-7", "term": "Sepsis", "period_days": 30}]}
    await world.open_trial(protocol_with(reporting_regimes=regimes, safety=safety))
    await world.treat()

    receipt = await world.reported(**OTHER)

    found = await owed(world, receipt["report_id"])
    assert {rule for rule, _ in found} == rules
    if "protocol.P-7" in rules:
        due = found["protocol.P-7", "MHRA"]["due_date"]
        assert due == str(await local_day(world) + timedelta(days=30))


async def test_saf_8_a_missing_opinion_starts_the_clock_and_the_report_may_leave(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(by=world.nurse, **(OTHER | {"causality": None}))

    shown = (await world.officer.get(f"/adverse-events/{receipt['report_id']}/follow-up")).json()
    (found,) = shown["classes"]
    assert (found["event_class"], found["provisional"]) == ("SUSAR", True)
    assert "causality_missing" in found["details"]["queries"]
    assert found["details"]["submission_blocked"] is False
    assert [one["rule"] for one in shown["obligations"]] == ["uk.susar.other"]
    await submit(world, receipt["report_id"])
    assert (await owed(world, receipt["report_id"]))["uk.susar.other", "MHRA"]["state"] == "met"


async def test_saf_10_the_version_approved_and_in_force_at_onset_decides(world: Any) -> None:
    await world.tell(world.enrolment, world.registered())  # of a first dose nothing is known: read as dosed
    today = await local_day(world)

    async def version(label: str, approved: int | None, terms: list[str]) -> None:
        issued = {
            "trial": "EP01",
            "product": "example",
            "label": label,
            "document": "Investigator's brochure",
            "issued_on": str(today - timedelta(days=40)),
            "entries": [{"term": term, "max_grade": 4} for term in terms],
        }
        answer = await world.officer.post("/reference-versions", issued)
        assert answer.status_code == 201, answer.text
        if approved is not None:
            body = {"approved_on": str(today - timedelta(days=approved)), "reference": "CTA 1"}
            route = f"/reference-versions/{answer.json()['reference_id']}/approvals"
            assert (await world.officer.post(route, body)).status_code == 201

    await version("1", 30, [])
    await version("2", 10, ["Sepsis"])
    await version("3", None, [])

    before = await world.reported(**OTHER, onset=str(today - timedelta(days=19)))
    after = await world.reported(**OTHER, onset=str(today - timedelta(days=9)))

    async def expected(receipt: dict[str, Any]) -> tuple[str, str, bool]:
        shown = (await world.officer.get(f"/adverse-events/{receipt['report_id']}/follow-up")).json()
        details = shown["classes"][-1]["details"]
        return shown["classes"][-1]["event_class"], details["reference_version"], details["expected"]

    assert await expected(before) == ("SUSAR", "1", False)
    assert await expected(after) == ("SAR", "2", True)


async def test_saf_15_a_planned_admission_is_no_sae_where_the_protocol_says_so(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    safety = {"not_serious": [{"rule": "P-2", "admission": "planned_protocol_procedure"}]}
    await world.open_trial(protocol_with(safety=safety))
    await world.treat()

    planned = await world.reported(**OTHER, admission="planned_protocol_procedure")
    unplanned = await world.reported(**OTHER)

    shown = (await world.officer.get(f"/adverse-events/{planned['report_id']}")).json()
    assert planned["serious"] is False
    assert shown["versions"][0]["conclusion"]["rules_applied"] == ["P-2"]
    assert await owed(world, planned["report_id"]) == {}
    assert unplanned["serious"] is True


async def test_saf_16_before_the_first_dose_there_is_no_susar(world: Any) -> None:
    dosed = await world.treat()
    await world.tell(world.enrolment, world.consented(at=dosed - timedelta(days=7)))

    history = await world.reported(**OTHER, onset=str((dosed - timedelta(days=10)).date()))
    procedure = await world.reported(**OTHER, onset=str((dosed - timedelta(days=3)).date()))

    assert await classes(world, history["report_id"]) == ["medical_history"]
    assert await classes(world, procedure["report_id"]) == ["pre_treatment_sae"]
    assert await owed(world, history["report_id"]) == await owed(world, procedure["report_id"]) == {}


async def test_saf_17_after_withdrawal_from_treatment_the_clock_runs(world: Any) -> None:
    dosed = await world.treat()
    await world.tell(world.enrolment, world.ended("participant_choice", at=dosed))
    await world.move(dosed + timedelta(days=20))

    receipt = await world.reported(**FATAL)

    assert (await owed(world, receipt["report_id"]))["uk.susar.fatal", "MHRA"]["state"] == "open"


async def test_saf_25_every_susar_that_was_sent_is_met_and_every_other_is_still_owed(world: Any) -> None:
    await world.treat()
    sent, waiting = await world.reported(**OTHER), await world.reported(**OTHER)

    await submit(world, sent["report_id"])

    listed = (await world.officer.get("/obligations", trial="EP01")).json()["items"]
    states = {one["report_id"]: one["state"] for one in listed}
    assert states == {sent["report_id"]: "met", waiting["report_id"]: "open"}


async def test_the_protocols_own_time_is_the_sites_limit(quiet_world: Any, protocol_with: Any) -> None:
    world = quiet_world
    await world.open_trial(protocol_with(safety={"site_report_hours": 48}))
    await world.treat()

    receipt = await world.reported(**OTHER)

    aware = datetime.fromisoformat(receipt["aware_at"])
    assert datetime.fromisoformat(receipt["site_due_at"]) == aware + timedelta(hours=48)
