"""Checking the books from outside: what each service published against what the others took and made of it.

Nothing is assumed. Lost: published and not taken, or never sent. Doubled: a consequence that one event had twice,
an id taken that nobody published, a copy or a board that differs from its own rebuild.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.trialops.demo.stage import Stage
from deploy.trialops.home import SERVICES
from shared.clock import parse_instant


@dataclass(frozen=True, slots=True)
class Books:
    """Every service's published events, in order."""

    published: Mapping[str, Sequence[Mapping[str, Any]]]
    lost: int
    doubled: int
    details: Sequence[str] = field(default_factory=tuple)


async def read_books(stage: Stage, *codes: str) -> Books:
    """Compare both ends of every topic, every copy with its rebuild, and each trial's board with its events."""
    published = {name: await _published(stage, name) for name in SERVICES}
    lost, doubled, details = 0, 0, []
    for producer, events in published.items():
        ids = {event["event_id"] for event in events}
        for consumer in SERVICES:
            if consumer == producer:
                continue
            taken = Counter(await _taken(stage, consumer, f"{producer}.events.v1"))
            missing, foreign = ids - taken.keys(), taken.keys() - ids
            repeated = sum(number - 1 for number in taken.values())
            lost += len(missing)
            doubled += len(foreign) + repeated
            if missing or foreign or repeated:
                details.append(
                    f"{producer} to {consumer}: {len(missing)} lost, {len(foreign) + repeated} too many"
                )
    for name in SERVICES:
        state = await stage.operator.get(name, "/delivery/state")
        # Nobody here reads the unblinded topic: of its events only whether they left is known.
        unsent = state["unsent"] + (state["unblinded"] or {"unsent": 0})["unsent"]
        lost += unsent
        twice = consequences_twice(published[name])
        doubled += twice
        differing = await _differing_copies(stage, name)
        doubled += differing
        if unsent or twice or differing:
            details.append(f"{name}: {unsent} unsent, {twice} consequences twice, {differing} rows differ")
    for code in codes:
        board = await stage.operator.get("enrolment", "/slot-board/verification", trial=code)
        doubled += len(board["differences"])
    return Books(published, lost, doubled, tuple(details))


def consequences_twice(events: Sequence[Mapping[str, Any]]) -> int:
    """Events of one type on one aggregate with one cause: the second is an effect that ran twice."""
    causes = Counter(
        (event["causation_id"], event["type"], event["aggregate_id"])
        for event in events
        if event["causation_id"] is not None
    )
    return sum(number - 1 for number in causes.values())


def milliseconds_to_close(books: Books, report_id: str, part_level_id: str) -> float:
    """Server time from the stored report to the stored closing of the level.

    Args:
        books: of an installation whose services share one machine's clock.
        report_id: the report that closed the level.
        part_level_id: id of the dose level.
    """
    reports = [
        event
        for event in books.published["safety"]
        if event["aggregate_id"] == report_id and event["type"] == "safety.adverse-event.reported.v1"
    ]
    closings = [
        event
        for event in books.published["enrolment"]
        if event["aggregate_id"] == part_level_id and event["type"] == "enrolment.dose-level.closed.v1"
    ]
    reported = parse_instant(reports[0]["stored_at"])
    after = [parse_instant(event["stored_at"]) for event in closings]
    closed = min(at for at in after if at >= reported)
    return (closed - reported).total_seconds() * 1000


async def _published(stage: Stage, service: str) -> list[dict[str, Any]]:
    return await pages(stage, service, "/delivery/outbox")


async def _taken(stage: Stage, consumer: str, topic: str) -> list[str]:
    return await pages(stage, consumer, "/delivery/inbox", topic=topic)


async def pages(stage: Stage, service: str, path: str, **query: Any) -> list[Any]:
    """Every entry of a list about delivery."""
    found: list[Any] = []
    while True:
        page = await stage.operator.get(service, path, **query)
        found.extend(page["items"])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def _differing_copies(stage: Stage, service: str) -> int:
    check = await stage.operator.post(service, "/delivery/rebuild-checks")
    if not check["comparable"]:
        return 1
    return sum(one["only_living"] + one["only_rebuilt"] for one in check["differences"])
