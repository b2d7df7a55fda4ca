"""The warning before a reservation or an offer ends: once for each deadline, never while the clock stands."""

from datetime import timedelta
from typing import Any

from services.enrolment.timers.slot_warnings import SLOT_WARNINGS
from shared.clock import format_instant, parse_instant

HOUR = timedelta(hours=1)
RESERVED_FOR = timedelta(hours=72)
WARN_BEFORE = timedelta(hours=24)


async def warnings(trial: Any) -> list[dict[str, Any]]:
    return [event["body"] for event in await trial.running.published("enrolment.slot.expiring.v1")]


async def reserve(trial: Any) -> dict[str, Any]:
    """A reservation just made, for 72 hours."""
    reserved: dict[str, Any] = (await trial.request((await trial.screen())["screening_id"])).json()
    return reserved


async def soon(trial: Any) -> list[bool]:
    return [slot["expires_soon"] for slot in (await trial.level())["slots"] if slot["site_number"]]


async def test_a_site_is_warned_once_a_day_before_its_reservation_ends(trial: Any) -> None:
    reserved = await reserve(trial)
    await trial.pass_time(RESERVED_FOR - WARN_BEFORE - HOUR)
    assert (await warnings(trial), await soon(trial)) == ([], [False])

    await trial.pass_time(HOUR)
    await trial.pass_time(HOUR)

    (warning,) = await warnings(trial)
    assert SLOT_WARNINGS.name == "slot-warnings"
    assert (warning["slot_id"], warning["site_number"]) == (reserved["slot_id"], "012")
    assert (warning["part"], warning["level"]) == ("escalation", 1)
    assert warning["expires_at"] == reserved["expires_at"]
    assert await soon(trial) == [True]
    await trial.board_matches_events()


async def test_an_extension_arms_the_warning_again(trial: Any) -> None:
    reserved = await reserve(trial)
    await trial.pass_time(RESERVED_FOR - WARN_BEFORE)

    path = f"/slots/{reserved['slot_id']}/extensions"
    later = (
        await trial.ok(trial.investigator(), path, {"reason": "wash-out ends on Monday", "hours": 48})
    ).json()

    assert await soon(trial) == [False]
    await trial.pass_time(timedelta(hours=47))
    assert len(await warnings(trial)) == 1
    await trial.pass_time(HOUR)
    assert [one["expires_at"] for one in await warnings(trial)] == [
        reserved["expires_at"],
        later["expires_at"],
    ]
    await trial.board_matches_events()


async def test_a_frozen_reservation_is_not_warned_and_an_unfrozen_one_is_by_its_new_deadline(
    trial: Any,
) -> None:
    reserved = await reserve(trial)
    await trial.sponsor_says(trial.halt())
    await trial.pass_time(timedelta(days=10))
    assert (await warnings(trial), await soon(trial)) == ([], [False])

    await trial.sponsor_says(trial.lifted())

    await trial.pass_time(RESERVED_FOR - WARN_BEFORE - HOUR)
    assert await warnings(trial) == []
    await trial.pass_time(HOUR)
    (warning,) = await warnings(trial)
    stood = parse_instant(warning["expires_at"]) - parse_instant(reserved["expires_at"])
    assert timedelta(days=10) <= stood < timedelta(days=10) + HOUR
    await trial.board_matches_events()


async def test_one_that_was_warned_and_then_frozen_is_warned_of_its_moved_deadline(trial: Any) -> None:
    await reserve(trial)
    await trial.pass_time(RESERVED_FOR - WARN_BEFORE)
    await trial.sponsor_says(trial.halt())
    await trial.pass_time(timedelta(days=3))

    await trial.sponsor_says(trial.lifted())
    await trial.running.run_timers()
    await trial.running.run_timers()

    deadlines = [one["expires_at"] for one in await warnings(trial)]
    assert len(deadlines) == len(set(deadlines)) == 2


async def test_an_offer_is_warned_of_as_well(world: Any) -> None:
    trial = world
    await trial.set_up(places=1)
    held = await reserve(trial)
    await trial.request((await trial.screen("034"))["screening_id"], "034")
    await trial.ok(trial.investigator(), f"/slots/{held['slot_id']}/releases")

    await trial.pass_time(RESERVED_FOR - WARN_BEFORE)

    (warning,) = await warnings(trial)
    assert warning["site_number"] == "034"


async def test_what_was_registered_or_given_back_is_not_warned_of(trial: Any) -> None:
    await trial.enrol()
    given_back = await reserve(trial)
    await trial.ok(trial.investigator(), f"/slots/{given_back['slot_id']}/releases")

    await trial.pass_time(RESERVED_FOR - HOUR)

    assert await warnings(trial) == []


async def test_what_has_ended_by_the_time_of_the_look_is_expired_and_not_warned_of(trial: Any) -> None:
    await reserve(trial)

    await trial.pass_time(RESERVED_FOR)

    assert await warnings(trial) == []
    assert "slot.expired" in await trial.types()


async def test_the_protocol_says_how_long_before(world: Any) -> None:
    trial = world
    policy = {"policy": "fifo_by_notification", "reserve_window_hours": 72, "warn_hours_before_expiry": 6}
    await trial.set_up(slots=policy)
    await reserve(trial)
    await trial.pass_time(timedelta(hours=65))
    assert await warnings(trial) == []

    await trial.pass_time(HOUR)

    assert len(await warnings(trial)) == 1


async def test_every_trial_is_warned_in_one_turn(trial: Any) -> None:
    other = type(trial)(
        trial.running,
        trial_id="01993f6e-0000-7000-8000-0000000000e2",
        code="EP02",
        sponsor=trial.sponsor,
        safety=trial.safety,
    )
    await other.set_up(sites=("012",), decide=False)
    await other.sponsor_says(other.decision("decision-of-another"))
    for world in (trial, trial, other):
        await reserve(world)

    await trial.pass_time(RESERVED_FOR - WARN_BEFORE)

    assert len(await warnings(trial)) == 3


async def test_the_deadline_is_shown_by_the_clock_of_the_site(trial: Any) -> None:
    reserved = await reserve(trial)

    (slot,) = [slot for slot in (await trial.level())["slots"] if slot["site_number"]]

    local = parse_instant(slot["expires_at_local"])
    assert format_instant(local) == reserved["expires_at"] == slot["expires_at"]
    assert slot["expires_at_local"].endswith(("+00:00", "+01:00", "Z"))
