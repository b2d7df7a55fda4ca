from datetime import timedelta
from typing import Any

from shared.clock import format_instant


async def _two(world: Any, **second: Any) -> tuple[str, str]:
    """One event told by two hospitals, the second time earlier known and graver."""
    now = await world.now()
    earlier = format_instant(now - timedelta(days=3))
    first = await world.reported(seriousness=["hospitalisation"], grade=2)
    again = {"seriousness": ["disability"], "grade": 3, "aware_at": earlier, "causality": "probable"} | second
    other = await world.reported(by=world.officer, **again)
    return first["report_id"], other["report_id"]


async def _merge(world: Any, master: str, duplicate: str, reason: str = "told by both hospitals") -> Any:
    return await world.officer.post(
        f"/adverse-events/{master}/merges", {"duplicate": duplicate, "reason": reason}
    )


async def test_the_same_event_told_twice_is_a_candidate_and_nothing_is_merged_by_itself(world: Any) -> None:
    await world.treat()
    one, other = await _two(world)

    shown = (await world.officer.get(f"/adverse-events/{one}/relations")).json()

    assert shown["duplicate_candidates"] == [
        {"report_id": other, "because": ["same_term", "same_organ_class"]}
    ]
    assert shown["links"] == []
    listed = (await world.officer.get("/adverse-events", trial="EP01")).json()["items"]
    assert [item["matched"] for item in listed] == ["matched", "matched"]


async def test_events_weeks_apart_are_no_candidates(world: Any) -> None:
    at = await world.treat()
    await world.reported(onset=(at - timedelta(days=30)).date().isoformat())
    other = await world.reported()

    shown = (await world.officer.get(f"/adverse-events/{other['report_id']}/relations")).json()

    assert shown["duplicate_candidates"] == []


async def test_a_merge_keeps_the_earliest_awareness_every_criterion_and_every_grade(world: Any) -> None:
    await world.treat()
    one, other = await _two(world)
    aware = {r: (await _event(world, r))["aware_at"] for r in (one, other)}

    answer = await _merge(world, one, other)

    assert answer.status_code == 201, answer.text
    assert {"merged", "aware", "seriousness", "grades"} <= set(answer.json()["changed"])
    kept, closed = await _event(world, one), await _event(world, other)
    assert kept["aware_at"] == min(aware.values())
    detail = (await world.officer.get(f"/adverse-events/{one}")).json()["versions"][-1]
    assert set(detail["conclusion"]["seriousness"]) == {"hospitalisation", "disability"}
    assert [grade["reported"] for grade in detail["content"]["grades"]] == [2, 3]
    assert (kept["matched"], closed["matched"]) == ("matched", "cleared")
    links = (await world.officer.get(f"/adverse-events/{one}/relations")).json()["links"]
    assert [(link["from_id"], link["to_id"], link["relation"]) for link in links] == [
        (other, one, "duplicate_of")
    ]


async def test_a_merge_moves_no_due_date_later(world: Any) -> None:
    await world.treat()
    one, other = await _two(world)
    before = await _due(world, one) + await _due(world, other)

    await _merge(world, one, other)

    after = await _due(world, one)
    assert after
    assert min(after) <= min(before)
    assert await _due(world, other) == []


async def test_a_toxicity_told_in_the_duplicate_stays_one_after_the_merge(world: Any) -> None:
    await world.treat()
    one, other = await _two(world)
    before = await world.verdict()

    await _merge(world, one, other)

    assert (before["provisional"], (await world.verdict())["provisional"]) == ("dlt", "dlt")


async def test_a_merge_needs_a_reason_the_earlier_report_and_one_participant(world: Any) -> None:
    await world.treat()
    one, other = await _two(world)
    nobodys = (await world.reported(by=world.officer, participant_number="typo"))["report_id"]

    answers = [
        await _merge(world, one, other, reason=" "),
        await _merge(world, other, one),
        await _merge(world, one, nobodys),
        await _merge(world, one, one),
        await _merge(world, one, other),
        await _merge(world, one, other),
    ]

    assert [answer.json().get("code") for answer in answers] == [
        "reason_required",
        "merge_into_the_earlier",
        "merge_not_possible",
        "merge_not_possible",
        None,
        "merge_not_possible",
    ]


async def test_events_that_led_to_each_other_are_linked_once(world: Any) -> None:
    await world.treat()
    one, other = await _two(world)
    body = {"to": other, "relation": "led_to"}

    first = await world.nurse.post(f"/adverse-events/{one}/links", body)
    again = await world.nurse.post(f"/adverse-events/{one}/links", body)
    itself = await world.nurse.post(f"/adverse-events/{one}/links", body | {"to": one})

    assert first.status_code == 201, first.text
    assert (again.status_code, again.json()["code"]) == (409, "link_not_possible")
    assert (itself.status_code, itself.json()["code"]) == (409, "link_not_possible")


async def _event(world: Any, report_id: str) -> dict[str, Any]:
    shown = (await world.officer.get(f"/adverse-events/{report_id}")).json()
    event: dict[str, Any] = shown["adverse_event"]
    return event


async def _due(world: Any, report_id: str) -> list[str]:
    shown = (await world.officer.get(f"/adverse-events/{report_id}/follow-up")).json()
    return [one["due_date"] for one in shown["obligations"] if one["state"] in ("open", "breached")]
