from datetime import timedelta
from typing import Any


async def test_an_unanswered_question_turns_serious_after_a_day_and_not_before(world: Any) -> None:
    await world.treat()
    await world.reported(seriousness=None)
    asked_at = await world.now()

    await world.move(asked_at + timedelta(hours=23, minutes=59))
    before = await world.alert_kinds()
    await world.move(asked_at + timedelta(hours=24, minutes=1))
    after = await world.alert_kinds()
    await world.move(asked_at + timedelta(days=3))

    assert (before, after) == ([], ["serious_adverse_event"])
    assert await world.alert_kinds() == ["serious_adverse_event"]
    assert (await world.audited()).count("adverse-event.seriousness-overdue") == 1


async def test_an_answer_in_time_raises_nothing(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(seriousness=None)
    await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/amendments",
        {"verbatim": "very tired", "term": "Fatigue", "grade": 2, "seriousness": [], "reason": "answered"},
    )

    await world.move(await world.now() + timedelta(hours=25))

    assert await world.alert_kinds() == []


async def test_the_question_of_a_serious_looking_event_is_not_waited_for(world: Any) -> None:
    await world.treat()

    await world.reported(seriousness=None, grade=5, term="Sepsis")
    at_once = await world.alert_kinds()
    await world.move(await world.now() + timedelta(hours=25))

    assert at_once[0] == "death"
    assert await world.alert_kinds() == at_once


async def test_an_unmatched_report_that_has_paged_does_not_page_again_when_it_turns_serious(
    world: Any,
) -> None:
    await world.reported(participant_number="typo", seriousness=None)

    await world.move(await world.now() + timedelta(hours=25))

    assert await world.alert_kinds() == ["unmatched_report"]
