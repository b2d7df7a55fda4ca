"""A seeded year against an answer file of its own: nothing missed, nothing due later, nobody woken for nothing."""

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from shared.clock import format_instant
from tests.safety import seeded_year
from tests.safety.seeded_year import PARTICIPANTS, Truth, first_dose_day, year

SEED = 20261122
MOST_PAGES_PER_TRUE = 2


@pytest.mark.slow
async def test_over_a_year_nothing_is_missed_nothing_is_due_later_and_nobody_is_woken_for_nothing(
    world: Any,
) -> None:
    truths = year(Random(SEED))

    await _live(world, truths)

    assert len(truths) == seeded_year.EVENTS
    assert (
        sum("grade" in one.body and one.urgent and one.toxicity for one in truths) == seeded_year.TOXICITIES
    )
    assert sum(one.susar for one in truths) == seeded_year.SUSARS
    await _assert_alerts(world, truths)
    await _assert_toxicities(world, truths)
    await _assert_due_dates(world, truths)


def _number(participant: int) -> str:
    return f"EP01-012-{participant + 100:04}"


async def _live(world: Any, truths: list[Truth]) -> None:
    """Day by day: who begins treatment, what is reported, and what is answered a day later."""
    start = (await world.now()).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for participant in range(PARTICIPANTS):
        await world.tell(world.enrolment, world.registered(_id(participant), _number(participant)))
    waiting: list[Truth] = []
    grave: list[Truth] = []
    for day in range(366):
        await world.move(start + timedelta(days=day))
        for participant in range(PARTICIPANTS):
            if first_dose_day(participant) == day:
                await _begin(world, participant)
        for one in grave:
            await _submit(world, one)
        for one in waiting:
            await _answer(world, one)
        grave = [one for one in waiting if one.susar and one.urgent]
        waiting = [one for one in truths if one.day == day]
        for one in waiting:
            await _report(world, one)


def _id(participant: int) -> str:
    return f"participant-{participant}"


async def _begin(world: Any, participant: int) -> None:
    at = await world.now()
    doses = world.doses([at], participant_id=_id(participant))
    await world.tell(world.enrolment, world.first_dose(_id(participant), at=at), doses)


async def _report(world: Any, one: Truth) -> None:
    receipt = await world.reported(participant_number=_number(one.participant), **one.body)
    assert receipt["matched"] == "matched"
    one.received(receipt["report_id"], await world.now())


async def _answer(world: Any, one: Truth) -> None:
    """The next morning: the question on seriousness, and whether the reference lists a suspected serious event."""
    if one.answered_later:
        today = (await world.today()).isoformat()
        statement = {"verbatim": "very tired", "onset": today, "reason": "answered"} | one.body
        answer = await world.investigator.post(
            f"/adverse-events/{one.report_id}/amendments", statement | {"seriousness": []}
        )
        assert answer.status_code == 201, answer.text
    if one.expected:
        stated = {"kind": "expectedness", "party": "sponsor", "value": ["expected"], "reason": "listed"}
        answer = await world.monitor.post(f"/adverse-events/{one.report_id}/assessments", stated)
        assert answer.status_code == 201, answer.text
        await _end(world, one, "assessed as expected against the reference")
    if one.susar:
        await _submit(world, one)


async def _end(world: Any, one: Truth, reason: str) -> None:
    """A report that is not owed after all is ended by a person; by itself none ever is."""
    for each in await _owed(world, one):
        answer = await world.officer.post(f"/obligations/{each['obligation_id']}/endings", {"reason": reason})
        assert answer.status_code == 201, answer.text


async def _owed(world: Any, one: Truth) -> list[dict[str, Any]]:
    shown = (await world.officer.get(f"/adverse-events/{one.report_id}/follow-up")).json()
    return [each for each in shown["obligations"] if each["state"] in ("open", "breached")]


async def _submit(world: Any, one: Truth) -> None:
    """The report; a grave one's additional information goes the day after it."""
    body = {
        "recipients": ["MHRA"],
        "sent_at": format_instant(await world.now()),
        "reference": "portal",
        "receipt": "received",
        "file_sha256": "0" * 64,
    }
    answer = await world.officer.post(f"/adverse-events/{one.report_id}/submissions", body)
    assert answer.status_code == 201, answer.text


async def _assert_alerts(world: Any, truths: list[Truth]) -> None:
    """Whoever must be woken is; of pages there are at most two for each that was needed."""
    rows = await world.rows("SELECT cause_id, priority, kind FROM alert")
    told = {row[0] for row in rows}
    paged = {row[0] for row in rows if row[1] == "P1"}
    pages = Counter(row[2] for row in rows if row[1] == "P1")
    needed = [one for one in truths if one.urgent]
    assert [one for one in needed if one.report_id not in paged] == []
    assert [one for one in truths if one.serious and one.report_id not in told] == []
    assert pages.total() <= MOST_PAGES_PER_TRUE * len(needed), pages
    mild = {one.report_id for one in truths if not one.urgent and not one.serious}
    assert paged & mild == set()


async def _assert_toxicities(world: Any, truths: list[Truth]) -> None:
    rows = await world.rows(
        "SELECT participant_id FROM dlt_window WHERE verdict = 'dlt' OR provisional = 'dlt'"
    )
    assert sorted(row[0] for row in rows) == sorted(_id(one.participant) for one in truths if one.toxicity)


async def _assert_due_dates(world: Any, truths: list[Truth]) -> None:
    """Every SUSAR is owed to the regulator, and by the answer file's date or sooner."""
    for one in truths:
        if one.due_on is None:
            continue
        shown = (await world.officer.get(f"/adverse-events/{one.report_id}/follow-up")).json()
        assert {each["event_class"] for each in shown["classes"]} >= {"SUSAR"}, one
        dates = [date.fromisoformat(each["due_date"]) for each in shown["obligations"]]
        assert dates, one
        assert min(dates) <= one.due_on, (one, shown["obligations"])
        reported = [each for each in shown["obligations"] if each["recipient"] == "MHRA"]
        assert all(each["in_time"] for each in reported if each["state"] == "met")
