"""Everything kept about one event, as the rules on cases want it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from services.safety.domain.adverse_event import EventContent
from services.safety.domain.case_record import CaseRecord, DatedContent
from services.safety.domain.causality import Writer
from services.safety.domain.duplicates import merged_content
from services.safety.domain.expectedness import ReferenceVersion
from services.safety.domain.place import Place
from services.safety.domain.report_record import ReportRecord
from services.safety.store.adverse_events import versions_of
from services.safety.store.assessments import assessments_of, references_of
from services.safety.store.report_links import merged_into
from shared.database import Tx

_SPONSORS_PEOPLE = frozenset({Writer.SAFETY_DESK, Writer.SPONSOR})


async def case_record(tx: Tx, record: ReportRecord, place: Place) -> CaseRecord:
    """The case of a report whose newest version is stored."""
    report_id, fresh = record.event.id, record.event.version == 1
    terms = place.reporting.at(record.received_at)
    references: dict[str, list[ReferenceVersion]] = defaultdict(list)
    for reference in await references_of(tx, record.trial_key):
        references[reference.product].append(reference.as_version())
    merged = [] if fresh else await merged_into(tx, report_id)
    versions = (
        [DatedContent(version=1, recorded_at=record.received_at, content=record.event.content)]
        if fresh
        else await _versions(tx, record, merged, hosted=terms.is_hosted)
    )
    return CaseRecord(
        versions=versions,
        assessments=await assessments_of(tx, report_id),
        aware=tuple(_aware(one, hosted=terms.is_hosted) for one in (record, *merged)),
        participant=place.participant.context() if place.participant else None,
        references={product: tuple(found) for product, found in references.items()},
        terms=terms,
        zone=place.trial.zone,
        answer_limit=place.context().answer_limit,
    )


async def _versions(
    tx: Tx, record: ReportRecord, merged: Sequence[ReportRecord], *, hosted: bool
) -> list[DatedContent]:
    """What was known of the event when: of its own versions, and of the reports merged into it at their own times.

    A duplicate's first version was known from its own awareness on: a merge never moves day 0 later. The numbers
    keep the order; the last one is the report's newest version.
    """
    told = []
    for place, one in enumerate((record, *merged)):
        for version in await versions_of(tx, one.event.id):
            event = version.event
            known_at = _aware(one, hosted=hosted) if place and event.version == 1 else event.recorded_at
            told.append((known_at, place, event.version, event.content))
    known: dict[int, EventContent] = {}
    found: list[DatedContent] = []
    for at, place, _, content in sorted(told, key=lambda one: one[:3]):
        known[place] = content
        whole = reduce(merged_content, (known[number] for number in sorted(known)))
        number = record.event.version - len(told) + len(found) + 1
        found.append(DatedContent(version=number, recorded_at=at, content=whole))
    return found


def _aware(record: ReportRecord, *, hosted: bool) -> datetime:
    """When the sponsor knew of a report.

    Somebody of the sponsor who enters a report heard of it when he or she says so; a site's report is news.
    """
    heard = hosted or record.statement.report.author.writer in _SPONSORS_PEOPLE
    return min(record.event.content.aware.at, record.received_at) if heard else record.received_at
