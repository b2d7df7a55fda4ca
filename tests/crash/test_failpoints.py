"""Killed at each place that matters, while a report that must close a dose level is under way."""

import pytest

from deploy.trialops.calls import Refused
from shared.testing.stores import wait_until
from tests.crash import ledger
from tests.crash.conftest import Prepared
from tests.crash.served import Reply, Served
from tests.crash.story import Trial, join, level_state, nausea, toxicity

ATTEMPTS = 6


@pytest.mark.parametrize(
    "failpoint",
    ["pre_commit", "post_commit", "relay_before_send", "relay_after_send", "inbox_after_commit"],
)
async def test_a_report_around_a_kill_closes_its_level_exactly_once(
    served: Served, trial: Trial, prepared: Prepared, failpoint: str
) -> None:
    await served.start(failpoint)
    await join(trial)
    before = await level_state(trial)
    command = toxicity(trial, prepared.other)
    served.arm()
    first = await trial.clients.send(command)
    await served.killed_at_failpoint()

    await served.start()
    second = await trial.clients.send(command)

    assert before == "open"
    assert second is not None
    assert second.status == 201
    if first is not None:
        assert second == Reply(first.status, first.content, replayed=True)
    await wait_until(lambda: _closed(trial), what="the closed level")
    with pytest.raises(Refused) as refusal:
        await trial.hospitals.register(prepared.waiting, prepared.slot_id)
    assert refusal.value.problem["code"] == "dose_level_closed"
    books = await ledger.assert_books_are_clean(trial)
    assert ledger.count(books, "safety", "adverse-event.reported") == 2
    assert ledger.count(books, "enrolment", "dose-level.closed") == 1
    assert await served.stop() == 0
    await ledger.assert_files_are_clean(served.home.folder)
    assert ledger.keys_answered(served.home.folder)[command.key] == 1


async def _closed(trial: Trial) -> bool:
    return await level_state(trial) == "closed"


async def test_a_retry_after_a_kill_between_commit_and_reply_gets_the_first_answer(
    served: Served, trial: Trial, prepared: Prepared
) -> None:
    """The store commits other work too, so the kill may meet that instead; then it is tried again."""
    reports = 1
    while reports <= ATTEMPTS:
        await served.start("post_commit")
        await join(trial)
        command = nausea(trial, prepared.one)
        served.arm()
        lost = await trial.clients.send(command)
        await served.killed_at_failpoint()
        await served.start()
        retried = await trial.clients.send(command)
        reports += 1
        assert lost is None
        assert retried is not None
        if retried.replayed:
            break
        served.kill()

    assert retried is not None
    assert retried.replayed
    assert retried == await trial.clients.send(command)
    books = await ledger.assert_books_are_clean(trial)
    assert ledger.count(books, "safety", "adverse-event.reported") == reports
    assert await served.stop() == 0
    await ledger.assert_files_are_clean(served.home.folder)
