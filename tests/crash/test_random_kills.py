"""kill -9 at random moments under load, and SIGTERM: who was told yes has it, once; who was not has it at most once."""

import asyncio
import json
from collections import Counter
from random import Random

from shared.testing.stores import wait_until
from tests.crash import ledger
from tests.crash.conftest import Prepared
from tests.crash.load import RIGHTLY_REFUSED, WORKERS, Load
from tests.crash.served import Reply, Served
from tests.crash.story import PART, PLACES, Trial, join

SEED = 20261121
KILLS = 5
SECONDS_BEFORE_KILL = (0.15, 1.2)
REPEATED = 20
ENOUGH_ANSWERS = 40
SCREENED_BEFORE = 3


async def test_everything_acknowledged_survives_kills_at_random_moments_exactly_once(
    served: Served, trial: Trial, prepared: Prepared
) -> None:
    rng = Random(SEED)
    load = Load(trial, rng, (prepared.one, prepared.other))
    for _ in range(KILLS):
        await served.start()
        await join(trial)
        working = load.start()
        await asyncio.wait([working], timeout=rng.uniform(*SECONDS_BEFORE_KILL))
        served.kill()
        await working

    await served.start()
    await join(trial)
    await load.finish()

    await _assert_each_once(trial, prepared, load)
    await _assert_answers_are_repeated(trial, load, rng)
    assert await served.stop() == 0
    await ledger.assert_files_are_clean(served.home.folder)
    kept = ledger.keys_answered(served.home.folder)
    assert all(kept[command.key] == 1 for command, _ in load.acknowledged)


async def test_a_stop_under_load_answers_what_was_accepted_and_ends_in_good_order(
    served: Served, trial: Trial, prepared: Prepared
) -> None:
    load = Load(trial, Random(SEED), (prepared.one, prepared.other))
    await served.start()
    await join(trial)
    working = load.start()
    await wait_until(lambda: len(load.answered) >= ENOUGH_ANSWERS, seconds=60, what="some load")

    status = await served.stop()
    await working

    assert status == 0
    assert "Traceback" not in served.said()
    kept = ledger.keys_answered(served.home.folder)
    assert all(kept[command.key] == 1 for command, _ in load.acknowledged)
    assert [one.path for one in load.open if one.key in kept] == []  # what was done was answered
    await served.start()
    await join(trial)
    await load.finish()
    await _assert_each_once(trial, prepared, load)
    assert await served.stop() == 0
    await ledger.assert_files_are_clean(served.home.folder)


async def _assert_each_once(trial: Trial, prepared: Prepared, load: Load) -> None:
    """What was acknowledged is there, once; and there is nothing else."""
    books = await ledger.assert_books_are_clean(trial)
    reports, places = load.done("/adverse-events"), load.done("/reservation-requests")
    assert len(reports) > WORKERS, "too little load to say anything"
    assert load.refusals() <= RIGHTLY_REFUSED
    ids = [json.loads(reply.content)["report_id"] for _, reply in reports]
    assert Counter(ids) == Counter(set(ids))
    assert set(ids) == await _listed_reports(trial) - _reports_before(prepared)
    assert ledger.count(books, "safety", "adverse-event.reported") == len(ids) + 1
    started = [json.loads(reply.content)["screening_number"] for _, reply in load.done("/screenings")]
    assert Counter(started) == Counter(set(started))
    assert ledger.count(books, "enrolment", "screening.started") == len(started) + SCREENED_BEFORE
    await _assert_places(trial, prepared, [json.loads(reply.content) for _, reply in places])


async def _assert_answers_are_repeated(trial: Trial, load: Load, rng: Random) -> None:
    for command, reply in rng.sample(load.acknowledged, min(REPEATED, len(load.acknowledged))):
        again = await trial.clients.send(command)
        assert again == Reply(reply.status, reply.content, replayed=True)


async def _listed_reports(trial: Trial) -> set[str]:
    found: set[str] = set()
    query = {"trial": trial.code, "limit": 200}
    while True:
        page = await trial.office.monitor.get("safety", "/adverse-events", **query)
        found |= {one["report_id"] for one in page["items"]}
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


def _reports_before(prepared: Prepared) -> set[str]:
    statement = "SELECT aggregate_id FROM outbox WHERE type = 'safety.adverse-event.reported.v1'"
    return {row[0] for row in ledger.rows(prepared.home, "safety", statement)}


async def _assert_places(trial: Trial, prepared: Prepared, answers: list[dict[str, object]]) -> None:
    board = await trial.office.manager.get("enrolment", "/slot-board", trial=trial.code)
    level = next(one for one in board["levels"] if (one["part"], one["level"]) == (PART, 1))
    reserved = {slot["slot_id"] for slot in level["slots"] if slot["state"] == "reserved"}
    given = Counter(one["slot_id"] for one in answers if one["outcome"] == "reserved")
    assert set(given.values()) <= {1}
    assert set(given) == reserved - {prepared.slot_id}
    assert len(reserved) + level["n"] <= PLACES
