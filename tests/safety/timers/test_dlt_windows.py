from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def _day_begins(first_dose_at: datetime, day: int) -> datetime:
    """First instant of a day of the window, day 1 being the local date of the first dose."""
    on = first_dose_at.astimezone(LONDON).date() + timedelta(days=day - 1)
    return datetime.combine(on, time.min, tzinfo=LONDON).astimezone(UTC)


async def _give_all_doses(world: Any, first_dose_at: datetime) -> None:
    await world.tell(world.enrolment, world.doses([first_dose_at + timedelta(hours=n) for n in range(4)]))


async def test_a_window_that_time_closes_without_toxicity_is_no_dlt(world: Any) -> None:
    at = await world.treat()
    await _give_all_doses(world, at)
    closes_at = _day_begins(at, 29)

    await world.move(closes_at - timedelta(seconds=1))
    open_still = await world.verdict()
    await world.move(closes_at)
    closed = await world.verdict()

    assert (open_still["verdict"], open_still["reasons"]) == ("pending", ["window_open"])
    assert open_still["next_check_at"] == open_still["closes_at"]
    assert (closed["verdict"], closed["cause"], closed["next_check_at"]) == ("no_dlt", "timer", None)
    events = await world.running.published("safety.dlt-window.closed.v1")
    assert len(events) == 1
    assert events[0]["body"]["closed_at"].startswith(closes_at.isoformat()[:19])


async def test_a_closed_window_is_told_once_whatever_happens_later(world: Any) -> None:
    at = await world.treat()
    await _give_all_doses(world, at)
    await world.move(_day_begins(at, 29))

    await world.running.run_timers()
    await world.reported(grade=3, onset=at.date().isoformat(), causality="probable")
    await world.move(_day_begins(at, 40))

    assert len(await world.running.published("safety.dlt-window.closed.v1")) == 1
    assert (await world.verdict())["verdict"] == "dlt"


async def test_a_window_settled_long_before_is_told_closed_all_the_same(world: Any) -> None:
    at = await world.treat()
    await world.reported(grade=3, causality="probable")
    await world.move(_day_begins(at, 28))
    early = await world.running.published("safety.dlt-window.closed.v1")

    await world.move(_day_begins(at, 29))

    assert (await world.verdict())["verdict"] == "dlt"
    assert early == []
    assert len(await world.running.published("safety.dlt-window.closed.v1")) == 1


async def test_a_duration_criterion_comes_true_as_its_day_begins(world: Any) -> None:
    at = await world.treat()
    await world.move(_day_begins(at, 3) + timedelta(hours=12))
    await world.reported(
        term="Neutrophil count decreased",
        grade=4,
        onset=(await world.today()).isoformat(),
        causality="probable",
    )
    running = await world.verdict()

    await world.move(_day_begins(at, 9) - timedelta(seconds=1))
    before = await world.verdict()
    await world.move(_day_begins(at, 9))
    after = await world.verdict()

    assert (running["verdict"], running["reasons"]) == ("pending", ["duration_running", "window_open"])
    assert before["verdict"] == "pending"
    assert (after["verdict"], after["criteria"], after["cause"]) == ("dlt", ["anc-long"], "timer")
    assert after["findings"][0]["assumed_ongoing"] is True
    assert set(await world.alert_kinds()) == {"dlt", "result_missing"}


async def test_a_duration_that_ended_in_time_is_no_dlt(world: Any) -> None:
    at = await world.treat()
    await _give_all_doses(world, at)
    await world.move(_day_begins(at, 3) + timedelta(hours=12))
    onset = await world.today()
    await world.move(_day_begins(at, 8) + timedelta(hours=1))
    await world.reported(
        term="Neutrophil count decreased",
        grade=4,
        onset=onset.isoformat(),
        end=(onset + timedelta(days=4)).isoformat(),
        causality="probable",
    )

    await world.move(_day_begins(at, 29))

    assert (await world.verdict())["verdict"] == "no_dlt"


async def test_doses_that_nobody_recorded_keep_the_verdict_pending_and_somebody_is_asked(world: Any) -> None:
    at = await world.treat()

    await world.move(_day_begins(at, 29))
    pending = await world.verdict()
    await world.tell(
        world.enrolment,
        world.doses([at + timedelta(days=n) for n in (1, 2)], [(at + timedelta(days=3), "other")]),
    )

    assert (pending["verdict"], pending["reasons"]) == ("pending", ["doses_not_known"])
    assert "result_missing" in await world.alert_kinds()
    settled = await world.verdict()
    assert (settled["verdict"], settled["cause"]) == ("no_dlt", "dose")


async def test_too_few_doses_are_not_evaluable_when_the_window_is_over(world: Any) -> None:
    at = await world.treat()
    missed = [(at + timedelta(days=n), "logistics") for n in (1, 2, 3)]
    await world.tell(world.enrolment, world.doses([], missed))

    await world.move(_day_begins(at, 29))

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["reasons"]) == ("not_evaluable", ["exposure_below_minimum"])


async def test_doses_missed_for_toxicity_are_a_dlt_before_the_window_is_over(world: Any) -> None:
    at = await world.treat()
    await world.move(at + timedelta(days=4))

    await world.tell(world.enrolment, world.doses([], [(at + timedelta(days=n), "toxicity") for n in (1, 2)]))

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["criteria"], verdict["cause"]) == ("dlt", ["missed"], "dose")
    assert "dlt" in await world.alert_kinds()


async def test_the_window_of_a_voided_registration_is_never_looked_at_again(world: Any) -> None:
    await world.tell(world.enrolment, world.registered(), world.voided())

    await world.move(await world.now() + timedelta(days=60))

    assert await world.rows("SELECT version, next_check_at FROM dlt_window") == [(1, None)]
    assert (await world.officer.get("/dlt-verdicts", trial="EP01")).json()["items"] == []
    assert (await world.audited()).count("dlt-window.voided") == 1


async def test_a_turn_of_the_timers_with_nothing_due_writes_nothing(world: Any) -> None:
    await world.treat()
    await world.reported()
    await world.running.run_timers()
    before = await world.audited()

    await world.running.run_timers()

    assert await world.audited() == before
