"""B9 to B13: what trial units wait for: a registration, the race for the last places, the board and its news."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from time import perf_counter

from benchmarks import bare, following, load
from benchmarks.enrolling import Network, trial_code
from benchmarks.measure import Result, centile, interleaved
from benchmarks.people import Enrolling, Waiting, enrolling
from benchmarks.programs import program
from benchmarks.size import Size
from benchmarks.surroundings import SQLITE, Surroundings

Rows = AsyncIterator[Result]

TRIALS, SITES_OF_TRIAL = 25, 4
RACING_SITES, RACED_PLACES = 50, 10
BOARD = Network(trials=1, parts=20, sites=40, places=40)
FINDER = Network(trials=500, parts=1, sites=2, places=2)


def _transport(kind: str) -> str:
    return "direct" if kind == SQLITE else "kafka"


async def registration(around: Surroundings, size: Size) -> Rows:
    """B9: a registration with every guard, against one bare INSERT."""
    requests = size.requests // 4
    wanted = [(n % TRIALS, 0, n % SITES_OF_TRIAL) for n in range(requests * (size.runs + 1))]
    network = Network(
        trials=TRIALS, parts=1, sites=SITES_OF_TRIAL, places=len(wanted) // TRIALS + SITES_OF_TRIAL
    )
    for kind in around.stores:
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(enrolling(around, kind, network))
            store = await stack.enter_async_context(around.store_url(kind, "bare", bare.make_table))
            anchor_url = await stack.enter_async_context(program("benchmarks.bare", "--store", store))
            people = await service.ready(wanted, places=True)
            ours, anchor = await _registering(service, anchor_url, people, requests, size.runs)
        yield Result(
            id="B9",
            what=f"registration with every guard, {TRIALS} trials, v bare FastAPI + one INSERT",
            store=kind,
            transport=_transport(kind),
            ours=ours,
            anchor=anchor,
            unit="requests/s",
            runs=size.runs,
            floor=0.15,
        )


async def _registering(
    service: Enrolling, anchor_url: str, people: list[Waiting], requests: int, runs: int
) -> tuple[float, float]:
    """Registrations a second of these people, and bare INSERTs a second of as many bodies."""
    registrations = (service.registration(one) for one in people)

    def bare_request(n: int) -> bytes:
        return load.post("/reports", {"screening_id": people[n].screening_id}, service.headers(0, 0))

    return await interleaved(
        lambda: load.rate(service.url, lambda _: next(registrations), requests=requests),
        lambda: load.rate(anchor_url, bare_request, requests=requests),
        runs=runs,
    )


async def race(around: Surroundings, size: Size) -> Rows:
    """B10: fifty sites ask at once for ten places; ten get one, and then register at once."""
    network = Network(trials=size.runs + 1, parts=1, sites=RACING_SITES, places=RACED_PLACES)
    for kind in around.stores:
        took: list[float] = []
        async with enrolling(around, kind, network) as service:
            for trial in range(network.trials):
                sites = [(trial, 0, site) for site in range(RACING_SITES)]
                took.append(await _race(service, await service.ready(sites, places=False)))
        yield Result(
            id="B10",
            what=f"{RACING_SITES} sites race for {RACED_PLACES} places, asked at once to all answered",
            store=kind,
            transport=_transport(kind),
            ours=statistics.median(took[1:]),
            unit="ms",
            runs=size.runs,
        )


async def _race(service: Enrolling, people: list[Waiting]) -> float:
    """Milliseconds from the first question to the last answer.

    Raises:
        load.Unexpected: other than ten got a place, or other than ten are registered at the end.
    """
    pool = load.Pool(service.url)
    began = perf_counter()
    answers = await asyncio.gather(*(pool.ask(service.place_request(one)) for one in people))
    took = (perf_counter() - began) * 1000
    statuses = sorted(answer.status for answer in answers)
    if statuses != [201] * RACED_PLACES + [202] * (len(people) - RACED_PLACES):
        raise load.Unexpected(f"answers of the race: {statuses}")
    slots = [load.read(answer).get("slot_id") for answer in answers]
    # Everybody tries every place that was given away: the holders alone get in.
    tries = [
        Waiting(one.trial, one.part, one.site, one.screening_id, slot)
        for one in people
        for slot in {slot for slot in slots if slot}
    ]
    registered = [answer.status for answer in await _in_turn(service, tries)]
    pool.close()
    if registered.count(201) != RACED_PLACES:
        raise load.Unexpected(f"{registered.count(201)} registered for {RACED_PLACES} places")
    return took


async def _in_turn(service: Enrolling, tries: list[Waiting]) -> list[load.Answer]:
    """Every registration, sixteen at a time."""
    answers: list[load.Answer] = []
    waiting = iter(tries)

    async def ask_on() -> None:
        connection = load.Connection(service.url)
        for one in waiting:
            answers.append(await connection.ask(service.registration(one)))
        connection.close()

    await asyncio.gather(*(ask_on() for _ in range(load.CONNECTIONS)))
    return answers


async def board(around: Surroundings, size: Size) -> Rows:
    """B11: the slot board of 20 levels with 40 sites, each of which holds a place at every level."""
    wanted = [(0, part, site) for part in range(BOARD.parts) for site in range(BOARD.sites)]
    for kind in around.stores:
        async with enrolling(around, kind, BOARD) as service:
            await service.ready(wanted, places=True)
            times = await _look(service, f"/slot-board?trial={trial_code(0)}", looks=size.requests // 4)
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            yield Result(
                id="B11",
                what=f"slot board, 20 levels x 40 sites, 4 looking on, {name}",
                store=kind,
                transport=_transport(kind),
                ours=centile(times, share),
                unit="ms",
                runs=len(times),
            )


async def _look(service: Enrolling, path: str, *, looks: int, at_once: int = 4) -> list[float]:
    """Milliseconds of each look, by so many people who look again as soon as they have seen."""
    times: list[float] = []
    numbers = iter(range(looks))
    request = load.get(f"/enrolment/api/v1{path}", service.headers(0, 0))

    async def look_on() -> None:
        connection = load.Connection(service.url)
        for _ in numbers:
            began = perf_counter()
            answer = await connection.ask(request)
            times.append((perf_counter() - began) * 1000)
            if answer.status != 200:
                raise load.Unexpected(f"{path} {answer.status}: {answer.body[:300]!r}")
        connection.close()

    await asyncio.gather(*(look_on() for _ in range(at_once)))
    return times


async def board_follows(around: Surroundings, size: Size) -> Rows:
    """B12: from what happened to the board that shows it."""
    trials = max(2, size.restrictions // 2)
    for kind in around.stores:
        took = await following.follow(around, kind, trials=trials)
        for cause, times in took.items():
            for name, share in (("p50", 0.5), ("p99", 0.99)):
                yield Result(
                    id="B12",
                    what=f"{cause} accepted to seen on the slot board, {name}",
                    store=kind,
                    transport=_transport(kind),
                    ours=centile(times, share),
                    unit="ms",
                    runs=len(times),
                )


async def finder(around: Surroundings, size: Size) -> Rows:
    """B13: the trial finder over 500 trials: all of them, page by page, and a search that few fit."""
    searches = {"first page": "", "a search": "&condition=medullo&age=12&location=hospital&status=open"}
    for kind in around.stores:
        async with enrolling(around, kind, FINDER) as service:
            for what, query in searches.items():
                times = await _look(service, f"/trial-finder?limit=50{query}", looks=size.requests // 4)
                for name, share in (("p50", 0.5), ("p99", 0.99)):
                    yield Result(
                        id="B13",
                        what=f"trial finder over 500 trials, {what}, 4 looking on, {name}",
                        store=kind,
                        transport=_transport(kind),
                        ours=centile(times, share),
                        unit="ms",
                        runs=len(times),
                    )
