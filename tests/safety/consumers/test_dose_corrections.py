"""Doses that enrolment corrected or voided: the window moves, also later, and the verdict is judged anew."""

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.envelope import Record
from shared.rebuild import check_rebuild

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def window_ends(first_dose_at: datetime) -> datetime:
    """End of the 28th local day, the first dose's date being day 1."""
    on = first_dose_at.astimezone(LONDON).date() + timedelta(days=28)
    return datetime.combine(on, time.min, tzinfo=LONDON).astimezone(UTC)


async def treated(world: Any, at: datetime, participant: str = "participant-1") -> None:
    """A participant with all four planned doses within three hours."""
    number = f"EP01-012-{participant}"
    await world.tell(
        world.enrolment,
        world.registered(participant, number),
        world.first_dose(participant, at=at),
        world.doses([at + n * HOUR for n in range(4)], participant_id=participant),
    )


async def told(world: Any, kind: str) -> list[dict[str, Any]]:
    return [event["body"] for event in await world.running.published(f"safety.{kind}.v1")]


async def test_a_corrected_first_dose_moves_the_window_later(world: Any) -> None:
    at = await world.now() - 5 * DAY
    await treated(world, at)
    later = at + 3 * DAY

    await world.tell(world.enrolment, world.dose_corrected(at, later), world.first_dose_corrected(at, later))

    verdict = await world.verdict()
    assert datetime.fromisoformat(verdict["closes_at"]) == window_ends(later)
    rows = await world.rows("SELECT first_dose_at FROM course_copy")
    assert len(rows) == 1
    assert await world.rows("SELECT count(*) FROM dose_copy") == [(4,)]


async def test_a_closed_window_that_moves_later_is_open_again_and_closes_again(world: Any) -> None:
    at = await world.now() - HOUR
    await treated(world, at)
    await world.move(window_ends(at))
    assert (await world.verdict())["verdict"] == "no_dlt"
    later = at + 10 * DAY
    doses = [later + n * HOUR for n in range(1, 4)]

    await world.tell(
        world.enrolment,
        world.dose_corrected(at, later),
        world.first_dose_corrected(at, later),
        world.doses(doses),
    )

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["reasons"], verdict["cause"]) == (
        "pending",
        ["window_open"],
        "correction",
    )
    (reopened,) = await told(world, "dlt-window.reopened")
    assert datetime.fromisoformat(reopened["closes_at"]) == window_ends(later)
    await world.move(window_ends(later))
    assert (await world.verdict())["verdict"] == "no_dlt"
    assert len(await told(world, "dlt-window.closed")) == 2


async def test_a_voided_first_dose_leaves_no_window(world: Any) -> None:
    at = await world.treat()
    await world.reported(grade=3, causality="probable")
    assert (await world.verdict())["verdict"] == "dlt"

    await world.tell(world.enrolment, *world.dose_voided(at))

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["level_received"], verdict["closes_at"]) == ("pending", None, None)
    assert (await told(world, "dlt-verdict.recorded"))[-1]["cause"] == "correction"
    assert await world.rows("SELECT count(*) FROM dose_copy") == [(0,)]


async def test_nothing_is_judged_between_a_dose_and_the_first_dose_that_follows(world: Any) -> None:
    at = await world.now() - HOUR
    await treated(world, at)
    await world.move(window_ends(at))
    before = (await world.verdict())["version"]

    await world.tell(world.enrolment, world.dose_corrected(at, at - HOUR))
    between = (await world.verdict())["version"]
    await world.tell(world.enrolment, world.first_dose_corrected(at, at - HOUR))

    assert between == before
    assert (await world.verdict())["verdict"] == "no_dlt"


async def test_a_level_received_that_was_corrected_is_told_although_the_verdict_stays(world: Any) -> None:
    at = await world.treat()
    before = await told(world, "dlt-verdict.recorded")

    await world.tell(
        world.enrolment,
        world.dose_corrected(at, at, newly_unauthorised=True),
        world.first_dose_corrected(at, at, level=2),
    )

    after = await told(world, "dlt-verdict.recorded")
    assert len(after) == len(before) + 1
    assert (after[-1]["verdict"], after[-1]["level_received"]) == ("pending", 2)
    assert await world.alert_kinds() == ["dose_without_authorisation"]


async def test_a_corrected_later_dose_is_judged_by_itself(world: Any) -> None:
    at = await world.now() - HOUR
    await treated(world, at)
    await world.move(window_ends(at))

    await world.tell(
        world.enrolment,
        *(
            world.dose_corrected(at + n * HOUR, at + (40 + n) * DAY, first_dose_follows=False)
            for n in (1, 2, 3)
        ),
    )

    assert (await world.verdict())["verdict"] != "no_dlt"


async def test_the_verdict_is_the_same_in_whatever_order_report_and_correction_come(world: Any) -> None:
    at = await world.now() - 5 * DAY
    later, onset = at + 3 * DAY, (at + DAY).date().isoformat()

    async def correct(participant: str) -> None:
        await world.tell(
            world.enrolment,
            world.dose_corrected(at, later, participant_id=participant),
            world.first_dose_corrected(at, later, participant_id=participant),
        )

    async def report(participant: str) -> None:
        number = f"EP01-012-{participant}"
        await world.reported(participant_number=number, grade=3, onset=onset, causality="probable")

    async def end(participant: str) -> None:
        ended = world.ended("progression", at=later + DAY, participant_id=participant)
        await world.tell(world.enrolment, ended)

    results = set()
    for n, order in enumerate(itertools.permutations([correct, report, end])):
        participant = f"00{n}7"
        await treated(world, at, participant)
        for step in order:
            await step(participant)
        verdict = await world.verdict(participant)
        results.add((verdict["verdict"], tuple(verdict["criteria"]), verdict["closes_at"]))

    assert len(results) == 1


async def test_copies_built_anew_hold_what_was_corrected(world: Any) -> None:
    at = await world.now() - 5 * DAY
    await treated(world, at)
    await world.tell(
        world.enrolment, world.dose_corrected(at, at + DAY), world.first_dose_corrected(at, at + DAY)
    )
    await treated(world, at, "participant-2")
    await world.tell(world.enrolment, *world.dose_voided(at, participant_id="participant-2"))
    definition = world.running.service.definition

    async def read(topic: str) -> AsyncIterator[Sequence[Record]]:
        for record in world.history:
            if record.topic == topic:
                yield [record]

    check = await check_rebuild(
        world.running.service.database,
        definition.metadata,
        list(definition.consumers),
        definition.projections,
        read,
    )

    assert (check.comparable, check.differing_rows) == (True, 0)
    rows = {one.table: one.rows for one in check.differences}
    assert (rows["dose_copy"], rows["course_copy"]) == (7, 2)


async def test_a_dose_authorised_by_exception_wakes_somebody_at_once(world: Any) -> None:
    await world.treat()

    await world.tell(world.enrolment, world.authorised_by_exception())
    await world.tell(world.enrolment, world.not_countersigned())

    found = sorted((one["kind"], one["priority"]) for one in await world.alerts(trial="EP01"))
    assert found == [("countersignature_overdue", "P2"), ("exceptional_authorisation", "P1")]
