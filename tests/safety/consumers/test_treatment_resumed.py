"""A death entered for the wrong child is taken back: the treatment has not ended, and the window is open again."""

from datetime import timedelta
from typing import Any

from services.enrolment.events.afterwards_events import TreatmentResumedV1
from shared.clock import server_now


def resumed(world: Any) -> Any:
    body = TreatmentResumedV1(
        trial_id=world.trial_id, participant_id="participant-1", resumed_at=server_now()
    )
    return world.say(body)


async def test_a_treatment_end_that_is_taken_back_leaves_the_window_as_it_was(world: Any) -> None:
    await world.treat()
    before = (await world.verdict())["provisional"]
    await world.tell(world.enrolment, world.ended("death", at=server_now() + timedelta(seconds=1)))
    ended = (await world.verdict())["provisional"]

    await world.tell(world.enrolment, resumed(world))

    after = await world.verdict()
    assert (before, ended, after["provisional"], after["verdict"]) == ("none", "dlt", "none", "pending")
    assert [tuple(row) for row in await world.rows("SELECT ended_at, ended_reason FROM course_copy")] == [
        (None, None)
    ]
