"""Assessments through the routes: whose view is whose, reasons, telephone notes, products, disagreements."""

from datetime import timedelta
from typing import Any

import pytest

SERIOUS = {"term": "Fatigue", "grade": 2, "seriousness": ["hospitalisation"]}


async def assess(world: Any, report_id: str, by: Any, **stated: Any) -> Any:
    return await by.post(f"/adverse-events/{report_id}/assessments", stated)


async def follow_up(world: Any, report_id: str) -> dict[str, Any]:
    answer = await world.officer.get(f"/adverse-events/{report_id}/follow-up")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def newest(shown: dict[str, Any], product: str = "example") -> dict[str, Any]:
    found: dict[str, Any] = [one for one in shown["classes"] if one["product"] == product][-1]
    return found


async def test_what_a_report_states_becomes_assessments_of_their_own(world: Any) -> None:
    await world.treat()

    receipt = await world.reported(**SERIOUS, causality="possible", outcome="recovering")

    held = (await follow_up(world, receipt["report_id"]))["assessments"]
    assert {(one["kind"], one["party"], tuple(one["value"]), one["version"]) for one in held} == {
        ("seriousness", "investigator", ("hospitalisation",), 1),
        ("causality", "investigator", ("possible",), 1),
        ("outcome", "investigator", ("recovering",), 1),
    }


async def test_the_sponsor_may_upgrade_and_the_clock_counts_from_the_beginning(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="unrelated")
    day_0 = (await world.now()).date()
    assert (await follow_up(world, receipt["report_id"]))["obligations"] == []
    await world.move(await world.now() + timedelta(days=4))

    answer = await assess(
        world, receipt["report_id"], world.monitor, kind="causality", party="sponsor", value=["possible"]
    )

    assert (answer.status_code, answer.json()["event_class"]) == (201, "SUSAR")
    shown = await follow_up(world, receipt["report_id"])
    (obligation,) = shown["obligations"]
    assert obligation["day_0"] == str(day_0)
    assert newest(shown)["details"]["causality_disagreement"] is True
    kinds = [alert["kind"] for alert in answer.json()["alerts"]]
    assert kinds == ["susar", "causality_disagreement"]
    published = (await world.running.published("safety.adverse-event.amended.v1"))[-1]["body"]
    assert (published["suspected"], published["sponsor_causality"]) == (True, "possible")
    register = (await world.officer.get("/causality-disagreements", trial="EP01")).json()["items"]
    assert [one["opinions"] for one in register] == [{"investigator": "unrelated", "sponsor": "possible"}]


async def test_the_sponsor_never_lowers_the_investigators_opinion(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="probable")
    (before,) = (await follow_up(world, receipt["report_id"]))["obligations"]

    answer = await assess(
        world, receipt["report_id"], world.monitor, kind="causality", party="sponsor", value=["unrelated"]
    )

    assert answer.json()["event_class"] == "SUSAR"
    (after,) = (await follow_up(world, receipt["report_id"]))["obligations"]
    assert (after["state"], after["due_at"]) == ("open", before["due_at"])


@pytest.mark.parametrize(
    ("who", "party", "code"),
    [
        ("monitor", "investigator", "investigator_causality_protected"),
        ("officer", "investigator", "investigator_causality_protected"),
        ("investigator", "sponsor", "sponsor_causality_protected"),
    ],
)
async def test_an_attempt_to_write_another_partys_view_is_refused_and_on_record(
    world: Any, who: str, party: str, code: str
) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="probable")

    answer = await assess(
        world, receipt["report_id"], getattr(world, who), kind="causality", party=party, value=["unrelated"]
    )

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await world.audited()).count("assessment.denied") == 1
    held = (await follow_up(world, receipt["report_id"]))["assessments"]
    assert [one["value"] for one in held if one["kind"] == "causality"] == [["probable"]]


async def test_a_view_changes_only_with_a_reason_and_the_old_version_stays(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="probable")
    change = {"kind": "causality", "party": "investigator", "value": ["unlikely"]}

    bare = await assess(world, receipt["report_id"], world.investigator, **change)
    given = await assess(world, receipt["report_id"], world.investigator, **change, reason="virus found")
    again = await assess(world, receipt["report_id"], world.investigator, **change, reason="virus found")

    assert (bare.status_code, bare.json()["code"]) == (422, "reason_required")
    assert (given.status_code, given.json()["assessment"]["version"]) == (201, 2)
    assert (again.status_code, again.json()["code"]) == (409, "nothing_changed")
    shown = await follow_up(world, receipt["report_id"])
    versions = [one["value"] for one in shown["assessments"] if one["kind"] == "causality"]
    assert versions == [["probable"], ["unlikely"]]
    assert newest(shown)["event_class"] == "SAE"
    assert [one["state"] for one in shown["obligations"]] == ["open"]


async def test_a_note_by_telephone_is_provisional_until_the_investigator_confirms_it(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(by=world.nurse, **SERIOUS, causality=None)
    note = {"kind": "causality", "party": "investigator", "value": ["unrelated"]}

    noted = await assess(world, receipt["report_id"], world.officer, **note, stated_by="dr-site")
    confirmed = await assess(world, receipt["report_id"], world.investigator, **note)

    assert (noted.json()["assessment"]["standing"], noted.json()["event_class"]) == ("stated", "SUSAR")
    assert noted.json()["provisional"] is True
    assert (confirmed.json()["assessment"]["standing"], confirmed.json()["event_class"]) == ("own", "SAE")
    assert confirmed.json()["assessment"]["reason"] == "confirmed by the investigator"


async def test_each_product_is_assessed_alone_and_the_event_takes_the_worst(
    quiet_world: Any, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with(safety={"products": ["XB-1", "Comparator"]}))
    await world.treat()
    receipt = await world.reported(by=world.nurse, **SERIOUS, causality=None)

    for product, value in (("XB-1", "unrelated"), ("Comparator", "probable")):
        answer = await assess(
            world,
            receipt["report_id"],
            world.investigator,
            kind="causality",
            party="investigator",
            product=product,
            value=[value],
        )
        assert answer.status_code == 201, answer.text

    shown = await follow_up(world, receipt["report_id"])
    assert newest(shown, "XB-1")["event_class"] == "SAE"
    assert newest(shown, "Comparator")["event_class"] == "SUSAR"
    assert answer.json()["event_class"] == "SUSAR"
    assert [one["rule"] for one in shown["obligations"]] == ["uk.susar.other"]


async def test_expectedness_is_the_sponsors_and_of_a_product(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="probable")
    view = {"kind": "expectedness", "product": "example", "value": ["expected"]}

    wrong = await assess(world, receipt["report_id"], world.investigator, party="investigator", **view)
    unknown = await assess(
        world, receipt["report_id"], world.monitor, party="sponsor", **(view | {"product": "other"})
    )
    judged = await assess(world, receipt["report_id"], world.monitor, party="sponsor", **view)

    assert wrong.json()["code"] == unknown.json()["code"] == "assessment_invalid"
    assert judged.json()["event_class"] == "SAR"


async def test_a_sponsor_adds_a_criterion_and_takes_none_away(world: Any) -> None:
    await world.treat()
    mild = await world.reported(term="Fatigue", grade=2, seriousness=[], causality="probable")
    grave = await world.reported(**SERIOUS, causality="probable")
    added = {"kind": "seriousness", "party": "sponsor", "value": ["life_threatening"]}
    removed = {"kind": "seriousness", "party": "sponsor", "value": []}

    first = await assess(world, mild["report_id"], world.monitor, **added)
    second = await assess(world, grave["report_id"], world.monitor, **removed)

    assert first.json()["event_class"] == "SUSAR"
    assert "life_threatening" in [alert["kind"] for alert in first.json()["alerts"]]
    (obligation,) = (await follow_up(world, mild["report_id"]))["obligations"]
    assert obligation["rule"] == "uk.susar.fatal"
    assert second.json()["event_class"] == "SUSAR"


async def test_an_assessment_is_told_with_its_version_and_without_words(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="probable")

    await assess(
        world,
        receipt["report_id"],
        world.monitor,
        kind="causality",
        party="sponsor",
        value=["possible"],
        reason="seen the films of Jane Doe",
    )

    (event,) = await world.running.published("safety.assessment.recorded.v1")
    assert (event["body"]["version"], event["body"]["value"], event["body"]["event_class"]) == (
        *(1, ["possible"], "SUSAR"),
    )
    assert "Jane" not in str(event["body"])


async def test_an_assessor_who_has_seen_an_older_version_is_told_so(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS, causality="probable")
    view = {"kind": "causality", "party": "sponsor", "value": ["possible"]}
    await assess(world, receipt["report_id"], world.monitor, **view)

    stale = await assess(
        world, receipt["report_id"], world.monitor, **(view | {"value": ["definite"]}), version=1, reason="x"
    )

    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")
