"""What operators watch of the news of sponsor and safety."""

from datetime import timedelta
from typing import Any

from shared.broker import Progress
from shared.clock import server_now


def sample(trial: Any, name: str, **labels: str) -> float | None:
    value: float | None = trial.running.service.metrics.registry.get_sample_value(name, labels)
    return value


def state_of(trial: Any, producer: str, state: str) -> float | None:
    return sample(trial, "producer_state", consumer="enrolment", producer=producer, state=state)


async def test_a_producer_that_says_more_than_arrived_is_shown_as_incomplete_until_it_agrees(
    trial: Any,
) -> None:
    upkeep, inbox = trial.running.service.upkeep, trial.inbox("sponsor")
    body, aggregate = trial.halt("halt-1")
    lost = trial.sponsor.event(body, aggregate_id=aggregate, scope=trial.trial_id)

    await inbox.receive(trial.sponsor.watermarks())
    await upkeep.turn()

    assert (state_of(trial, "sponsor", "incomplete"), state_of(trial, "safety", "incomplete")) == (1, 0)
    assert state_of(trial, "safety", "ok") == 1
    await trial.sponsor.deliver(inbox, lost)
    await upkeep.turn()
    assert (state_of(trial, "sponsor", "incomplete"), state_of(trial, "sponsor", "ok")) == (0, 1)


async def test_a_producer_whose_clock_is_ahead_is_shown_with_the_difference(trial: Any) -> None:
    inbox = trial.inbox("safety")

    await inbox.receive(trial.safety.watermarks(closed_at=server_now() + timedelta(seconds=30)))

    ahead = sample(trial, "clock_skew_seconds", producer="safety")
    assert ahead is not None
    assert 25 < ahead <= 30
    await trial.freshen()
    again = sample(trial, "clock_skew_seconds", producer="safety")
    assert again is not None
    assert again < 1


def test_a_feed_stands_still_while_records_wait_and_it_takes_none() -> None:
    progress = Progress(now=0.0)
    progress.verdict(({}, 3), busy=False, now=5.0)

    progress.verdict(({}, 3), busy=False, now=40.0)

    assert progress.standstill_seconds(now=45.0) == 45.0
    progress.verdict(({}, 0), busy=False, now=50.0)
    assert progress.standstill_seconds(now=52.0) == 2.0
