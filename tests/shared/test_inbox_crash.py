"""Killed by the kernel between commit and answer, at every place that matters: nothing lost, nothing twice."""

from pathlib import Path

import pytest

from shared.database import Sql, Tx
from shared.testing.crash import run_program, run_until_killed
from shared.testing.stores import from_metadata, sqlite_store
from shared.testing.toy import totals, toy_metadata
from shared.watermarks import all_positions

pytestmark = pytest.mark.crash

# One process: it writes commands, relays them into a file as a broker would keep them, and consumes that file.
_PROCESS = """
import asyncio, json, sys, base64
from pathlib import Path
from random import Random
from shared.envelope import Record
from shared.sqlite_store import SqliteDatabase
from shared.testing.delivery import toy_inbox, toy_relay
from shared.testing.sim_broker import SimBroker
from shared.testing.toy import TOPIC, move_counter, toy_act

folder = Path(sys.argv[1])
log = folder / "broker.jsonl"

class FileBroker(SimBroker):
    def append(self, record):
        super().append(record)
        headers = [[name, base64.b64encode(value).decode()] for name, value in record.headers]
        line = [record.topic, record.partition, headers, base64.b64encode(record.value).decode()]
        with log.open("a") as file:
            file.write(json.dumps(line) + "\\n")

    def load(self):
        if log.exists():
            for line in log.read_text().splitlines():
                topic, partition, headers, value = json.loads(line)
                headers = [(name, base64.b64decode(text)) for name, text in headers]
                record = Record(topic=topic, partition=partition, position=0, headers=headers,
                                value=base64.b64decode(value))
                SimBroker.append(self, record)

async def main():
    producer, consumer = SqliteDatabase(folder / "producer.sqlite3"), SqliteDatabase(folder / "consumer.sqlite3")
    await producer.start()
    await consumer.start()
    broker = FileBroker(Random(1))
    broker.load()
    relay, inbox = toy_relay(producer, broker), toy_inbox(consumer)
    await relay.lead_once()
    await inbox.prepare()
    await broker.deliver_all("beta", inbox, TOPIC)
    for number in range(int(sys.argv[2])):
        await producer.write(lambda tx: move_counter(tx, toy_act(), f"c{number % 3}", 1, scope=f"s{number % 4}"))
        print("accepted")
        await relay.turn()
        await broker.deliver_all("beta", inbox, TOPIC)
    while (await relay.turn())[0]:
        pass
    await broker.deliver_all("beta", inbox, TOPIC)
    await producer.stop()
    await consumer.stop()

asyncio.run(main())
"""
_COUNT = Sql("SELECT count(*), count(DISTINCT event_id) FROM inbox")


@pytest.mark.parametrize(
    "failpoint",
    [
        "pre_commit:14",
        "post_commit:14",
        "relay_before_send:3",
        "relay_after_send:3",
        "inbox_after_commit:4",
    ],
)
async def test_a_killed_process_loses_nothing_and_repeats_nothing(tmp_path: Path, failpoint: str) -> None:
    build = from_metadata(toy_metadata())
    for name in ("producer", "consumer"):
        async with sqlite_store(tmp_path, build, name=name):
            pass

    accepted = await run_until_killed(_PROCESS, str(tmp_path), "50", failpoint=failpoint)
    status, rest = await run_program(_PROCESS, str(tmp_path), "5")

    assert status == 0
    assert len(rest) == 5
    async with (
        sqlite_store(tmp_path, build, name="producer") as producer,
        sqlite_store(tmp_path, build, name="consumer") as consumer,
    ):
        written = await producer.read(totals)
        copied = await consumer.read(_copies)
        taken = tuple((await consumer.read(lambda tx: tx.fetch(_COUNT)))[0])
        states = {one.state for one in await consumer.read(lambda tx: all_positions(tx, "beta"))}
    total = sum(number for number, _ in written.values())
    assert total - len(accepted) - 5 in (0, 1)  # one may be committed and not acknowledged
    assert copied == written
    assert taken == (total, total)
    assert states == {"ok"}


async def _copies(tx: Tx) -> dict[str, tuple[int, str]]:
    return await totals(tx, "counter_copy")
