"""Which benchmarks there are: each makes its rows, for every store and transport where it makes sense.

Floors and goals are those that the figures are held to in `README.md`; a floor that is missed fails the run.
"""

import statistics
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

from benchmarks import (
    alerting,
    commands,
    consuming,
    consuming_anchors,
    latency,
    load,
    relaying,
    safe,
    sample,
    trial,
)
from benchmarks.classifying import classifying
from benchmarks.consents import CONSENT
from benchmarks.dose_finding import dose_finding
from benchmarks.enrolment_rows import board, board_follows, finder, race, registration
from benchmarks.grading import grading
from benchmarks.listings import listing
from benchmarks.measure import Result, centile, interleaved
from benchmarks.reports import REPORT, SERIOUS_REPORT
from benchmarks.size import Size
from benchmarks.surroundings import POSTGRESQL, SQLITE, Surroundings

PER_SECOND, MILLISECONDS = "events/s", "ms"


Rows = AsyncIterator[Result]
Benchmark = Callable[[Surroundings, Size], Rows]


async def consumer_on_kafka(around: Surroundings, size: Size) -> Rows:
    """B1: the complete consumer pipeline against raw records copied unchecked."""
    if around.kafka is None:
        return
    records = sample.stream(size.events)
    await consuming.load_topic(around, sample.TOPIC, records)
    ours, anchor = await interleaved(
        lambda: consuming.from_kafka(around, POSTGRESQL, records),
        lambda: consuming_anchors.raw_copy(around, sample.TOPIC, len(records)),
        runs=size.runs,
    )
    yield Result(
        id="B1",
        what="consumer, complete, v raw aiokafka + COPY",
        store=POSTGRESQL,
        transport="kafka",
        ours=ours,
        anchor=anchor,
        unit=PER_SECOND,
        runs=size.runs,
        floor=0.28,
        goal=0.60,
    )


async def consumer_against_naive(around: Surroundings, size: Size) -> Rows:
    """B2: the same against one message, one session, one commit."""
    if around.kafka is None:
        return
    records = sample.stream(size.events)
    await consuming.load_topic(around, sample.TOPIC, records)
    ours, anchor = await interleaved(
        lambda: consuming.from_kafka(around, POSTGRESQL, records),
        lambda: consuming_anchors.naive(around, sample.TOPIC, size.naive_events),
        runs=size.runs,
    )
    yield Result(
        id="B2",
        what="consumer, complete, v FastStream + SQLModel per event",
        store=POSTGRESQL,
        transport="kafka",
        ours=ours,
        anchor=anchor,
        unit=PER_SECOND,
        runs=size.runs,
        floor=40,
        goal=80,
    )


async def consumer_on_sqlite(around: Surroundings, size: Size) -> Rows:
    """B3: the inbox against the same three inserts in plain sqlite3; and with reading the producer's log."""
    records = sample.stream(size.events)
    ways = (
        ("consumer, complete, v plain executemany", consuming.handed_over, 0.20, 0.40),
        ("the same with reading the producer's log", consuming.directly, None, None),
    )
    for what, run, floor, goal in ways:
        ours, anchor = await interleaved(
            lambda run=run: run(around, records),  # type: ignore[misc]
            lambda: consuming_anchors.executemany(around, records),
            runs=size.runs,
        )
        yield Result(
            id="B3",
            what=what,
            store=SQLITE,
            transport="direct",
            ours=ours,
            anchor=anchor,
            unit=PER_SECOND,
            runs=size.runs,
            floor=floor,
            goal=goal,
        )


async def relay(around: Surroundings, size: Size) -> Rows:
    """B4: draining a full outbox."""
    records = [record for record in sample.stream(size.events) if sample.is_event(record)]
    ours, anchor = await interleaved(
        lambda: relaying.drain_directly(around, records),
        lambda: relaying.bare_marking(around, records),
        runs=size.runs,
    )
    yield Result(
        id="B4",
        what="relay drain v plain read and mark",
        store=SQLITE,
        transport="direct",
        ours=ours,
        anchor=anchor,
        unit=PER_SECOND,
        runs=size.runs,
    )
    if around.kafka is None:
        return
    await around.empty_topics([sample.TOPIC])
    ours, anchor = await interleaved(
        lambda: relaying.drain_to_kafka(around, POSTGRESQL, records),
        lambda: relaying.bare_producer(around, records),
        runs=size.runs,
    )
    yield Result(
        id="B4",
        what="relay drain v bare producer",
        store=POSTGRESQL,
        transport="kafka",
        ours=ours,
        anchor=anchor,
        unit=PER_SECOND,
        runs=size.runs,
        floor=0.30,
        goal=0.55,
    )


async def command(around: Surroundings, size: Size) -> Rows:
    """B5: commands over HTTP."""
    for kind in around.stores:
        for comparison in (CONSENT, REPORT, SERIOUS_REPORT):
            async with commands.servers(around, kind, comparison) as servers:
                ours, anchor = await interleaved(
                    lambda: load.rate(servers.ours, servers.request, requests=size.requests),
                    lambda: load.rate(servers.anchor, servers.bare, requests=size.requests),
                    runs=size.runs,
                )
            yield Result(
                id="B5",
                what=comparison.what,
                store=kind,
                transport="direct" if kind == SQLITE else "kafka",
                ours=ours,
                anchor=anchor,
                unit="requests/s",
                runs=size.runs,
                floor=comparison.floor,
                goal=0.50,
            )


async def latency_direct(around: Surroundings, size: Size) -> Rows:
    """B6: accepted here to applied there, directly."""
    for kind in around.stores:
        async for row in _latency(around, size, "B6", kind, (25, 150), (10, 50)):
            yield row


async def latency_kafka(around: Surroundings, size: Size) -> Rows:
    """B7: accepted here to applied there, over Kafka."""
    if around.kafka is None:
        return
    async for row in _latency(around, size, "B7", POSTGRESQL, (60, 250), (10, 30)):
        yield row


async def _latency(
    around: Surroundings, size: Size, id: str, kind: str, floors: tuple[int, int], goals: tuple[int, int]
) -> Rows:
    runs = [
        await latency.between_services(around, kind, kafka=id == "B7", events=size.latency_events)
        for _ in range(size.runs)
    ]
    for n, name in enumerate(("p50", "p99")):
        yield Result(
            id=id,
            what=f"accepted to applied at {latency.EVENTS_PER_SECOND} events/s, {name}",
            store=kind,
            transport="kafka" if id == "B7" else "direct",
            ours=statistics.median(run[n] for run in runs),
            unit=MILLISECONDS,
            runs=size.runs,
            floor=floors[n],
            goal=goals[n],
        )


async def alerted(around: Surroundings, size: Size) -> Rows:
    """B14: a death accepted to its first call at the receiver of a webhook, one after the other and in a flood."""
    for kind in around.stores:
        for flood in (False, True):
            times = await alerting.accept_to_call(around, kind, reports=size.alerts, flood=flood)
            for name, share in (("p50", 0.5), ("p99", 0.99)):
                yield Result(
                    id="B14",
                    what=f"a death accepted to its call, {'all at once' if flood else 'singly'}, {name}",
                    store=kind,
                    transport="direct" if kind == SQLITE else "kafka",
                    ours=centile(times, share),
                    unit=MILLISECONDS,
                    runs=len(times),
                    floor=None if name == "p50" else 10_000.0 if flood else 2_000.0,
                )


async def time_to_safe(around: Surroundings, size: Size) -> Rows:
    """B8: accepted halt or DLT to the last registration that was not stopped by it; alone, then in traffic."""
    for kind in around.stores:
        async with trial.opened_trials(around, kind, parts=size.restrictions) as network:
            half = len(network.parts) // 2
            for row in _safe_rows(kind, await _restrict(network, network.parts[:half]), "alone"):
                yield row
            async with safe.background(network) as everyday:
                took = await _restrict(network, network.parts[half:])
                beside = f"beside {everyday.per_second:.0f} commands/s"
            for row in _safe_rows(kind, took, beside, floor=500.0, goal=_SAFE_GOAL[kind]):
                yield row


async def _restrict(network: trial.Network, parts: Sequence[trial.Part]) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {"DLT": [], "halt": []}
    for part in parts:
        cause = "halt" if part.next_dlt is None else "DLT"
        took[cause].append(await safe.time_to_safe(network, part))
    return took


def _safe_rows(
    kind: str,
    took: Mapping[str, Sequence[float]],
    beside: str,
    *,
    floor: float | None = None,
    goal: float | None = None,
) -> Iterator[Result]:
    for cause, times in took.items():
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            limits = (floor, goal) if name == "p99" else (None, None)
            yield Result(
                id="B8",
                what=f"{cause} accepted to last registration, {beside}, {name}",
                store=kind,
                transport="direct" if kind == SQLITE else "kafka",
                ours=centile(times, share),
                unit=MILLISECONDS,
                runs=len(times),
                floor=limits[0],
                goal=limits[1],
            )


_SAFE_GOAL: Mapping[str, float] = {SQLITE: 25.0, POSTGRESQL: 60.0}
BENCHMARKS: Mapping[str, Benchmark] = {
    "B1": consumer_on_kafka,
    "B2": consumer_against_naive,
    "B3": consumer_on_sqlite,
    "B4": relay,
    "B5": command,
    "B6": latency_direct,
    "B7": latency_kafka,
    "B8": time_to_safe,
    "B9": registration,
    "B10": race,
    "B11": board,
    "B12": board_follows,
    "B13": finder,
    "B14": alerted,
    "B15": dose_finding,
    "B16": grading,
    "B18": classifying,
    "B17": listing,
}
