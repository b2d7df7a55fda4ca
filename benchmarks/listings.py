"""B17: the yearly listing of a trial's adverse events at a lock point, read from the store to its last byte.

Time is measured without, peak memory with the interpreter's tracing of allocations, for a quarter of the events and
for all: neither may grow faster than its input. Every run checks that each event of the year was counted and that the
bytes are the same again.
"""

import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from benchmarks.measure import Result
from benchmarks.size import Size
from benchmarks.surroundings import Surroundings
from services.safety.app import program
from services.safety.domain.causality import Writer
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import decide_report, first_version
from services.safety.domain.listing import ListingKind, ListingRequest
from services.safety.domain.matching import Matched
from services.safety.domain.report import (
    Author,
    Dosing,
    ParticipantContext,
    Report,
    ReportContext,
    ReportedGrade,
)
from services.safety.domain.report_record import ReportRecord, Statement
from services.safety.queries.listings import build_listing
from services.safety.store.adverse_events import new_report
from services.safety.store.dictionaries import dictionary_for
from shared.database import Database, Sql, Tx
from shared.migrations import upgrade_on
from shared.writes import write_together

TRIAL = "B17"
LONDON = ZoneInfo("Europe/London")
RECEIVED = datetime(2026, 6, 1, 12, tzinfo=UTC)
REQUEST = ListingRequest(
    trial=TRIAL,
    kind=ListingKind.ANNUAL,
    from_on=date(2026, 1, 1),
    to_on=date(2026, 12, 31),
    lock_at=datetime(2027, 1, 31, tzinfo=UTC),
    zone=LONDON,
)
SHARE = 4
AT_ONCE = 5_000
_KINDS: tuple[tuple[str, int, Sequence[str], str], ...] = (
    ("Fatigue", 2, (), "unrelated"),
    ("Neutrophil count decreased", 4, (), "probable"),
    ("Sepsis", 4, ("life_threatening", "hospitalisation"), "probable"),
    ("Fever", 2, ("hospitalisation",), "unrelated"),
    ("Sepsis", 5, ("death",), "unrelated"),
)


class WrongResult(Exception):
    """A run was fast and wrong."""


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    sha256: str
    size: int


async def listing(around: Surroundings, size: Size) -> AsyncIterator[Result]:
    """Events a second, and the peak of memory, for a quarter of the year's events and for all."""
    for kind in around.stores:
        async with around.store(kind, "safety-listing", _migrate) as store:
            rate: dict[int, float] = {}
            peak: dict[int, float] = {}
            filled = 0
            for events in (size.listed // SHARE, size.listed):
                await _fill(store, filled, events)
                filled = events
                runs = [await _read(store, events) for _ in range(size.runs)]
                if len({(run.sha256, run.size) for run in runs}) != 1:
                    raise WrongResult("two listings at one lock point differ")
                rate[events] = median(events / run.seconds for run in runs)
                peak[events] = await _peak(store, events)
        for row in _rows(kind, size, rate, peak):
            yield row


def _rows(kind: str, size: Size, rate: dict[int, float], peak: dict[int, float]) -> list[Result]:
    few, many = size.listed // SHARE, size.listed

    def row(what: str, ours: float, anchor: float, unit: str, floor: float | None) -> Result:
        return Result(
            id="B17",
            what=what,
            store=kind,
            transport="-",
            ours=ours,
            anchor=anchor,
            unit=unit,
            runs=size.runs,
            floor=floor,
        )

    return [
        row(f"yearly listing of {many:,} events v of {few:,}", rate[many], rate[few], "events/s", 0.7),
        row(
            f"its peak of memory, {few:,} events v {many:,}",
            peak[few],
            peak[many],
            "MiB",
            0.7,
        ),
    ]


def _migrate(connection: Connection) -> None:
    upgrade_on(connection, program.folder / "store" / "migrations")


async def _read(store: Database, events: int) -> Run:
    began, size, total = perf_counter(), 0, b""
    digest = sha256()
    async for piece in build_listing(store, REQUEST):
        digest.update(piece)
        size += len(piece)
        total = next((line for line in piece.splitlines() if line.startswith(b"total,")), total)
    seconds = perf_counter() - began
    serious = sum(1 for n in range(events) if _KINDS[n % len(_KINDS)][2])
    if total != f"total,,{serious}".encode():
        raise WrongResult(f"{total!r} were counted, not {serious}")
    return Run(seconds, digest.hexdigest(), size)


async def _peak(store: Database, events: int) -> float:
    tracemalloc.start()
    try:
        await _read(store, events)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


async def _fill(store: Database, begun: int, until: int) -> None:
    """One event of each kind is stored as the service does it; the others are its copies under ids of their own."""
    if not begun:
        await store.write(_originals)
    for first in range(begun, until, AT_ONCE):
        await store.write(partial(_copies, first=first, until=min(first + AT_ONCE, until)))


async def _originals(tx: Tx) -> None:
    for n, (term, grade, seriousness, causality) in enumerate(_KINDS):
        report = Report(
            author=Author(person=PersonId("site"), writer=Writer.INVESTIGATOR),
            verbatim=term.lower(),
            term=term,
            aware_at=RECEIVED.isoformat(),
            onset="2026-05-31",
            grades=(ReportedGrade(grade=grade),),
            seriousness=seriousness,
            causality=causality,
        )
        context = ReportContext(
            dictionary=dictionary_for("5.0"),
            zone=LONDON,
            participant=ParticipantContext(dosing=Dosing.DOSED, first_dose_on=date(2026, 5, 1)),
        )
        decision = decide_report(report, context, now=RECEIVED)
        event = first_version(AdverseEventId(_original(n)), report, decision, now=RECEIVED)
        record = ReportRecord(
            event=event,
            statement=Statement(report=report, narrative="An invented course, told in a few lines. " * 10),
            scope=TRIAL,
            trial_id=TRIAL,
            trial_key="ORIGINALS",
            participant_key=f"{TRIAL}-012-0017",
            participant_id="participant-1",
            site_number="012",
            matched=Matched.MATCHED,
            received_at=RECEIVED + timedelta(minutes=n),
            reported_by=PersonId("site"),
        )
        await write_together(tx, *new_report(tx, record, decision, "5.0+0"))


async def _copies(tx: Tx, *, first: int, until: int) -> None:
    arguments: list[list[Any]] = [[f"copy-{n:08d}", _original(n % len(_KINDS))] for n in range(first, until)]
    await tx.fetch_each(_COPY_EVENT, arguments)
    await tx.fetch_each(_COPY_VERSION, arguments)


def _original(n: int) -> str:
    return f"original-{n}"


_COPY_EVENT = Sql(
    "INSERT INTO adverse_event (id, scope, trial_id, trial_key, participant_key, participant_id, site_number,"
    " matched, version, worst_grade, death_on, serious, received_at, seriousness_due_at, reported_by, flags,"
    " clearance)"
    " SELECT $1, scope, trial_id, 'B17', participant_key, participant_id, site_number, matched, version,"
    " worst_grade, death_on, serious, received_at, seriousness_due_at, reported_by, flags, clearance"
    " FROM adverse_event WHERE id = $2"
)
_COPY_VERSION = Sql(
    "INSERT INTO adverse_event_version (adverse_event_id, version, content, statement, conclusion, recorded_by,"
    " recorded_at, reason, changed)"
    " SELECT $1, version, content, statement, replace(conclusion, 'ORIGINALS', 'B17'), recorded_by, recorded_at,"
    " reason, changed FROM adverse_event_version WHERE adverse_event_id = $2"
)
