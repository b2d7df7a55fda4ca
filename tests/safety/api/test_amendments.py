from datetime import timedelta
from typing import Any

from shared.clock import format_instant


async def _amend(world: Any, report_id: str, *, by: Any = None, **stated: Any) -> Any:
    now = await world.now()
    body = {
        "verbatim": "very tired",
        "term": "Fatigue",
        "grade": 2,
        "onset": now.date().isoformat(),
        "aware_at": format_instant(now),
        "seriousness": [],
        "causality": "unrelated",
        "reason": "corrected",
    } | stated
    return await (by or world.investigator).post(f"/adverse-events/{report_id}/amendments", body)


async def test_an_amendment_is_the_next_version_and_names_what_changed(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()

    answer = await _amend(world, receipt["report_id"], grade=3)

    assert answer.status_code == 201
    assert (answer.json()["version"], answer.json()["changed"]) == (2, ["grades"])
    event = (await world.running.published("safety.adverse-event.amended.v1"))[0]
    assert (event["body"]["grade"], event["body"]["changed"], event["version"]) == (3, ["grades"], 2)
    shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert [version["content"]["grades"][0]["reported"] for version in shown["versions"]] == [2, 3]


async def test_a_grade_that_rises_makes_a_dlt_and_one_that_falls_unmakes_it(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(grade=2, causality="probable")

    await _amend(world, receipt["report_id"], grade=3, causality="probable")
    risen = await world.verdict()
    await _amend(world, receipt["report_id"], grade=1, causality="probable")
    fallen = await world.verdict()

    assert (risen["verdict"], risen["criteria"], risen["cause"]) == ("dlt", ["nonhaem-g3"], "report")
    assert (fallen["verdict"], fallen["criteria"]) == ("pending", [])
    verdicts = await world.running.published("safety.dlt-verdict.recorded.v1")
    assert [(v["body"]["version"], v["body"]["verdict"]) for v in verdicts] == [
        (1, "pending"),
        (2, "dlt"),
        (3, "pending"),
    ]
    assert verdicts[1]["body"]["report_id"] == receipt["report_id"]


async def test_an_event_that_turns_fatal_wakes_somebody_again_and_an_old_edit_does_not(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(seriousness=["hospitalisation"])

    await _amend(world, receipt["report_id"], seriousness=["hospitalisation"], verbatim="very, very tired")
    edited = await world.alert_kinds()
    await _amend(world, receipt["report_id"], seriousness=["hospitalisation", "death"])
    fatal = await world.alert_kinds()

    assert edited == ["serious_adverse_event"]
    assert fatal == ["serious_adverse_event", "death"]
    assert len(await world.running.published("safety.alert.raised.v1")) == 2
    assert len(await world.rows("SELECT DISTINCT alert_id FROM alert_step")) == 2


async def test_a_change_of_what_is_not_serious_needs_a_reason(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()

    answer = await _amend(world, receipt["report_id"], grade=1, reason=None)

    assert (answer.status_code, answer.json()["code"]) == (422, "reason_required")
    assert len(await world.rows("SELECT 1 FROM adverse_event_version")) == 1


async def test_a_serious_change_is_kept_without_a_reason_and_queried(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()

    answer = await _amend(world, receipt["report_id"], seriousness=["death"], reason=None)

    assert answer.status_code == 201
    assert "reason_missing" in [query["code"] for query in answer.json()["queries"]]


async def test_an_amendment_of_an_old_version_is_refused_unless_it_is_serious(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()
    await _amend(world, receipt["report_id"], grade=1, version=1)

    refused = await _amend(world, receipt["report_id"], grade=3, version=1)
    kept = await _amend(world, receipt["report_id"], seriousness=["death"], version=1)

    assert (refused.status_code, refused.json()["code"]) == (409, "version_conflict")
    assert refused.json()["version"] == 2
    assert kept.status_code == 201
    assert "version_superseded" in [query["code"] for query in kept.json()["queries"]]


async def test_an_amendment_that_changes_nothing_is_refused(world: Any) -> None:
    await world.treat()
    now = await world.now()
    same = {"aware_at": format_instant(now), "onset": now.date().isoformat()}
    receipt = await world.reported(**same)

    answer = await _amend(world, receipt["report_id"], **same)

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_changed")


async def test_the_investigators_opinion_is_not_written_by_the_nurse(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(causality="probable", grade=3)

    answer = await _amend(world, receipt["report_id"], by=world.nurse, causality="unrelated", grade=3)

    assert "causality_not_by_investigator" in [query["code"] for query in answer.json()["queries"]]
    assert (await world.verdict())["verdict"] == "dlt"


async def test_a_nurses_grade_is_provisional_until_an_investigator_confirms_it(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(by=world.nurse, grade=3, causality=None)
    before = await world.verdict()

    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/confirmations", {"grades": True, "version": 1}
    )
    graded = await world.verdict()
    await _amend(world, receipt["report_id"], grade=3, causality="possible")
    after = await world.verdict()

    assert (before["verdict"], before["provisional"]) == ("pending", "dlt")
    assert before["provisional_criteria"] == ["nonhaem-g3"]
    assert answer.status_code == 201
    assert (graded["provisional"], graded["reasons"]) == ("dlt", ["causality_missing", "window_open"])
    assert (after["verdict"], after["provisional"]) == ("dlt", "none")
    assert (await world.alert_kinds()).count("dlt") == 1


async def test_a_confirmed_exclusion_takes_the_dlt_away(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(term="Alanine aminotransferase increased", grade=3, causality="possible")
    before = await world.verdict()

    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/confirmations", {"exclusions": ["alt-brief"]}
    )

    assert before["verdict"] == "dlt"
    assert answer.status_code == 201
    assert (await world.verdict())["verdict"] == "pending"


async def test_only_exclusions_of_the_definition_can_be_confirmed(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(grade=3)
    path = f"/adverse-events/{receipt['report_id']}/confirmations"

    unknown = await world.investigator.post(path, {"exclusions": ["weather"]})
    nothing = await world.investigator.post(path, {"grades": True})
    stale = await world.investigator.post(path, {"exclusions": ["alt-brief"], "version": 7})

    assert (unknown.status_code, unknown.json()["code"]) == (422, "exclusion_not_in_definition")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_confirm")
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")


async def test_an_opinion_taken_by_telephone_counts_once_the_investigator_confirms_it(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(by=world.officer, grade=3, causality="unrelated", stated_by="dr-site")
    stated = await world.verdict()

    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/confirmations", {"causality": True, "grades": True}
    )

    assert stated["provisional"] == "dlt"
    assert answer.status_code == 201
    assert (await world.verdict())["provisional"] == "none"


async def test_an_investigator_whose_delegation_has_ended_confirms_nothing(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(by=world.nurse, grade=3)
    await world.tell(world.sponsor, world.delegation_ended())

    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/confirmations", {"grades": True}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_earliest_awareness_stays(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()
    later = format_instant(await world.now() + timedelta(days=2))

    await _amend(world, receipt["report_id"], grade=1, aware_at=later)

    shown = (await world.investigator.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert shown["adverse_event"]["aware_at"] == receipt["aware_at"]


async def test_staff_of_another_site_may_not_amend(world: Any) -> None:
    await world.treat()
    receipt = await world.reported()

    answer = await _amend(
        world, receipt["report_id"], by=world.running.person("x", "site_investigator:EP01:099"), grade=1
    )

    assert answer.status_code == 404
