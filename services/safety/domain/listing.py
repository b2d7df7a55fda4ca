"""Listings as of a lock point: the same question gives the same bytes for ever. No arm stands in any of them.

Sources: SI 2004/1031 reg. 35 as amended by SI 2025/538 reg. 26 (list of SAR and SAE records); ICH E2F (interval line
listing of serious reactions, cumulative tabulation of serious events by system organ class and term).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from services.safety.domain.event_class import EventClass
from services.safety.domain.refusals import Refused

SETTLED = timedelta(minutes=1)
"""A lock point is older than any transaction that may still be under way."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SERIOUS_REACTIONS = (EventClass.SERIOUS_ADVERSE_REACTION, EventClass.SUSAR)
_NOT_CODED = "(not coded)"

COLUMNS = (
    "report",
    "version",
    "received",
    "site",
    "participant",
    "term",
    "system organ class",
    "dictionary",
    "worst grade",
    "serious",
    "seriousness criteria",
    "onset",
    "end",
    "outcome",
    "death",
    "causality investigator",
    "causality sponsor",
    "class",
    "provisional",
    "case",
    "first sent",
)


class ListingKind(StrEnum):
    """`LINE` is every event of the period, `CUMULATIVE` counts to its end, `ANNUAL` is the yearly report's data."""

    LINE = "line"
    CUMULATIVE = "cumulative"
    ANNUAL = "annual"


LAYOUTS: Mapping[ListingKind, str] = MappingProxyType(
    {ListingKind.LINE: "line/1", ListingKind.CUMULATIVE: "cumulative/1", ListingKind.ANNUAL: "annual/1"}
)
"""A layout never changes: another one gets another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """What is asked.

    Attributes:
        from_on: first day of the period, local.
        to_on: last day of the period, local.
        lock_at: nothing recorded after it is seen.
        zone: whose days they are.
    """

    trial: str
    kind: ListingKind
    from_on: date
    to_on: date
    lock_at: datetime
    zone: ZoneInfo

    @property
    def layout(self) -> str:
        return LAYOUTS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEvent:
    """An event as it was known at the lock point; texts are empty where nothing was known."""

    report_id: str
    version: int
    received_at: datetime
    site: str
    participant: str
    term: str
    soc: str
    dictionary: str
    worst_grade: int
    serious: bool
    criteria: tuple[str, ...]
    onset: str
    end: str
    outcome: str
    death_on: str
    investigator: str
    sponsor: str
    event_class: EventClass
    provisional: bool
    case_number: str
    first_sent_at: datetime | None


def require_lock(request: ListingRequest, now: datetime) -> None:
    """Refuse a lock point that may still change.

    Raises:
        Refused: `lock_in_future`, `impossible_date` when the period ends before it begins.
    """
    if request.lock_at > now - SETTLED:
        raise Refused("lock_in_future", "The lock point is at least a minute ago.")
    if request.to_on < request.from_on:
        raise Refused("impossible_date", "The period ends before it begins.")


def newest_lock(now: datetime) -> datetime:
    """The newest lock point that nothing under way can change."""
    return now - SETTLED


@dataclass(slots=True, kw_only=True)
class Tabulation:
    """Numbers only, so that it does not grow with the trial: what they number is read again where it is listed."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    deaths: int = 0
    susars: int = 0
    sent: int = 0
    unequal: int = 0

    def add(self, event: ListedEvent) -> None:
        if event.serious:
            key = (event.soc or _NOT_CODED, event.term or _NOT_CODED)
            self.counts[key] = self.counts.get(key, 0) + 1
        self.deaths += is_death(event)
        self.susars += event.event_class is EventClass.SUSAR
        self.sent += event.first_sent_at is not None
        self.unequal += is_unequal(event)


def is_death(event: ListedEvent) -> bool:
    return "death" in event.criteria or bool(event.death_on)


def is_unequal(event: ListedEvent) -> bool:
    """A SUSAR that no regulator was told of, or a report sent in haste that is none."""
    return (event.event_class is EventClass.SUSAR) != (event.first_sent_at is not None)


def head(request: ListingRequest) -> bytes:
    """What was asked, and the columns of the lines if there are any."""
    rows: list[tuple[str, ...]] = [
        ("layout", request.layout),
        ("trial", request.trial),
        ("from", request.from_on.isoformat()),
        ("to", request.to_on.isoformat()),
        ("days of", request.zone.key),
        ("locked at", request.lock_at.isoformat()),
        (),
    ]
    if request.kind is not ListingKind.CUMULATIVE:
        rows.append(COLUMNS)
    return _rows(rows)


def lines(request: ListingRequest, events: Iterable[ListedEvent]) -> bytes:
    """The lines of some events: those of the period, in an annual listing its serious reactions alone."""
    if request.kind is ListingKind.CUMULATIVE:
        return b""
    return _rows(_line(event, request) for event in events if _is_listed(event, request))


def _is_listed(event: ListedEvent, request: ListingRequest) -> bool:
    received_on = event.received_at.astimezone(request.zone).date()
    if not request.from_on <= received_on <= request.to_on:
        return False
    return request.kind is ListingKind.LINE or event.event_class in _SERIOUS_REACTIONS


def counted(event: ListedEvent, request: ListingRequest) -> bool:
    """Whether it came before the period's end: what is cumulative counts from the first report on."""
    return event.received_at.astimezone(request.zone).date() <= request.to_on


def totals(request: ListingRequest, found: Tabulation) -> bytes:
    """Counts by system organ class and term, and the head of the deaths."""
    if request.kind is ListingKind.LINE:
        return b""
    counts = [(soc, term, str(number)) for (soc, term), number in sorted(found.counts.items())]
    rows: list[tuple[str, ...]] = [
        (),
        ("system organ class", "term", "serious events"),
        *counts,
        ("total", "", str(sum(found.counts.values()))),
        (),
        ("deaths", str(found.deaths)),
        ("report", "participant", "term", "died"),
    ]
    return _rows(rows)


def deaths(events: Iterable[ListedEvent]) -> bytes:
    """The deaths among some events."""
    return _rows(
        (event.report_id, event.participant, event.term, event.death_on)
        for event in events
        if is_death(event)
    )


def equality(request: ListingRequest, found: Tabulation) -> bytes:
    """The head of what must be equal both ways: SUSARs listed, and reports sent expedited."""
    if request.kind is not ListingKind.ANNUAL:
        return b""
    return _rows(
        [
            (),
            ("SUSARs listed", str(found.susars)),
            ("sent expedited", str(found.sent)),
            ("unequal", str(found.unequal)),
        ]
    )


def unequal(events: Iterable[ListedEvent]) -> bytes:
    """What of some events was listed and not sent, or sent and not listed."""
    return _rows(
        (f"{'listed, not sent' if event.first_sent_at is None else 'sent, not listed'}: {event.report_id}",)
        for event in events
        if is_unequal(event)
    )


def _line(event: ListedEvent, request: ListingRequest) -> tuple[str, ...]:
    sent = event.first_sent_at
    return (
        event.report_id,
        str(event.version),
        event.received_at.astimezone(request.zone).date().isoformat(),
        event.site,
        event.participant,
        event.term or _NOT_CODED,
        event.soc,
        event.dictionary,
        str(event.worst_grade or ""),
        "yes" if event.serious else "no",
        " ".join(sorted(event.criteria)),
        event.onset,
        event.end,
        event.outcome,
        event.death_on,
        event.investigator,
        event.sponsor,
        event.event_class.value,
        "yes" if event.provisional else "no",
        event.case_number,
        "" if sent is None else sent.astimezone(request.zone).date().isoformat(),
    )


def _rows(rows: Iterable[tuple[str, ...]]) -> bytes:
    """CSV lines; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return written.getvalue().encode()
