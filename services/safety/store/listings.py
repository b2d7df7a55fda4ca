"""Events as they were known at a lock point, a page at a time, and the listings that were published."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.safety.domain.causality import effective
from services.safety.domain.event_class import EventClass
from services.safety.domain.listing import ListedEvent, ListingRequest
from services.safety.store.case_file_tables import ListingRow
from services.safety.store.event_content import load_content
from shared.database import Row, Sql, Tx, instant_parameter, read_instant
from shared.rows import RowQuery, fetch_rows, insert_row, table_of

_LISTINGS = table_of(ListingRow)
_WORST_LAST = (
    EventClass.ADVERSE_EVENT,
    EventClass.ADVERSE_REACTION,
    EventClass.SERIOUS_ADVERSE_EVENT,
    EventClass.SERIOUS_ADVERSE_REACTION,
    EventClass.SUSAR,
)
Sent = Mapping[str, tuple[str, datetime]]
Classes = Mapping[str, tuple[EventClass, bool]]


async def events_as_of(
    tx: Tx, request: ListingRequest, *, after: str, limit: int
) -> tuple[list[ListedEvent], str | None]:
    """The next page of a trial's events in the order in which they came, and where to go on; None at the end.

    Everything is read as it was at the lock point: the newest version recorded until then, the class derived and the
    files sent until then. Rows that may change (a report's present site or trial) are not looked at.
    """
    lock = instant_parameter(tx, request.lock_at)
    rows = await tx.fetch(_AS_OF, request.trial, after, lock, limit)
    if not rows:
        return [], None
    last = str(rows[-1][0])
    sent = await _sent(tx, after, last, lock)
    classes = await _classes(tx, after, last, lock)
    found = [_listed(row, sent, classes) for row in rows if _was_here(row, request.trial)]
    return found, last if len(rows) == limit else None


def _was_here(row: Row, trial: str) -> bool:
    place = json.loads(row[3]).get("place")
    return place is None or place["trial"] == trial


def _listed(row: Row, sent: Sent, classes: Classes) -> ListedEvent:
    report_id, conclusion = str(row[0]), json.loads(row[3])
    content = load_content(json.loads(row[2]))
    place = conclusion.get("place") or {"participant": row[5], "site": row[6]}
    case_number, first_sent_at = sent.get(report_id, ("", None))
    event_class, provisional = classes.get(report_id) or _class_of(conclusion)
    return ListedEvent(
        report_id=report_id,
        version=int(row[1]),
        received_at=read_instant(row[4]),
        site=place["site"],
        participant=place["participant"],
        term=content.term.name if content.term else "",
        soc=content.term.soc if content.term else "",
        dictionary=conclusion["dictionary"],
        worst_grade=max((entry.coded or 0 for entry in content.grades), default=0),
        serious=bool(conclusion["serious"]),
        criteria=tuple(conclusion["seriousness"]),
        onset=content.onset.coded.isoformat() if content.onset.coded else "",
        end=content.end.coded.isoformat() if content.end.coded else "",
        outcome=content.outcome.value,
        death_on=content.death_on.coded.isoformat() if content.death_on.coded else "",
        investigator=effective(content.causality).value,
        sponsor=effective(content.sponsor_causality).value,
        event_class=event_class,
        provisional=provisional,
        case_number=case_number,
        first_sent_at=first_sent_at,
    )


def _class_of(conclusion: Mapping[str, Any]) -> tuple[EventClass, bool]:
    """Without a derived class: a suspected serious event after the first dose counts as unexpected, provisionally."""
    serious, suspected = bool(conclusion["serious"]), bool(conclusion["suspected"])
    if conclusion["emergence"] == "medical_history":
        return EventClass.MEDICAL_HISTORY, False
    if conclusion["emergence"] == "pre_treatment":
        return (EventClass.PRE_TREATMENT_SAE if serious else EventClass.PRE_TREATMENT_EVENT), False
    if serious:
        return (EventClass.SUSAR if suspected else EventClass.SERIOUS_ADVERSE_EVENT), suspected
    return (EventClass.ADVERSE_REACTION if suspected else EventClass.ADVERSE_EVENT), False


async def _sent(tx: Tx, after: str, last: str, lock: Any) -> Sent:
    """By report: the case that told a regulator of it first, and when."""
    found: dict[str, tuple[str, datetime]] = {}
    for report_id, number, sent_at, told in await tx.fetch(_SENT, after, last, lock):
        if report_id in json.loads(told) and report_id not in found:
            found[str(report_id)] = (str(number), read_instant(sent_at))
    return found


async def _classes(tx: Tx, after: str, last: str, lock: Any) -> Classes:
    """By report: the worst class over its products, each by its newest version."""
    newest: dict[tuple[str, str], tuple[EventClass, bool]] = {}
    for report_id, product, event_class, provisional in await tx.fetch(_CLASSES, after, last, lock):
        newest[str(report_id), str(product)] = (EventClass(event_class), bool(provisional))
    found: dict[str, tuple[EventClass, bool]] = {}
    for (report_id, _), one in newest.items():
        if report_id not in found or _rank(one[0]) > _rank(found[report_id][0]):
            found[report_id] = one
    return found


def _rank(event_class: EventClass) -> int:
    return _WORST_LAST.index(event_class) if event_class in _WORST_LAST else -1


async def add_listing(tx: Tx, values: dict[str, Any]) -> None:
    await insert_row(tx, _LISTINGS, values)


async def load_listing(tx: Tx, listing_id: str) -> dict[str, Any] | None:
    found = await fetch_rows(tx, RowQuery(_LISTINGS, "FROM listing WHERE id = $1"), listing_id)
    return found[0] if found else None


async def list_listings(tx: Tx, *, trial_key: str, after: str, limit: int) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _OF_TRIAL, trial_key, after, limit)


_AS_OF = Sql(
    "SELECT v.adverse_event_id, v.version, v.content, v.conclusion, e.received_at, e.participant_key, e.site_number"
    " FROM adverse_event e JOIN adverse_event_version v ON v.adverse_event_id = e.id"
    " WHERE e.trial_key = $1 AND e.id > $2 AND v.version = (SELECT max(n.version) FROM adverse_event_version n"
    "  WHERE n.adverse_event_id = e.id AND n.recorded_at <= $3)"
    " ORDER BY e.id LIMIT $4"
)
_SENT = Sql(
    "SELECT r.report_id, c.number, s.sent_at, s.events FROM safety_case_report r"
    " JOIN safety_case c ON c.id = r.case_id JOIN case_sending s ON s.case_id = c.id"
    " WHERE r.report_id > $1 AND r.report_id <= $2 AND s.sent_at <= $3 AND s.expedited"
    " ORDER BY r.report_id, s.sent_at, c.number"
)
_CLASSES = Sql(
    "SELECT adverse_event_id, product, event_class, provisional FROM case_classification"
    " WHERE adverse_event_id > $1 AND adverse_event_id <= $2 AND recorded_at <= $3"
    " ORDER BY adverse_event_id, product, version"
)
_OF_TRIAL = RowQuery(_LISTINGS, "FROM listing WHERE trial_key = $1 AND id > $2 ORDER BY id LIMIT $3")
