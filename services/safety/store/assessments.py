"""Assessments, derived classes and reference safety information in the store.

Nothing here is ever changed but the approval of a reference version, which is given once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from services.safety.domain.assessment import Assessment, AssessmentKind, Source
from services.safety.domain.causality import Party, Standing
from services.safety.domain.event_class import EventClass
from services.safety.domain.expectedness import ListedReaction, ReferenceVersion
from services.safety.domain.ids import PersonId
from services.safety.store.case_tables import AssessmentRow, CaseClassificationRow, ReferenceVersionRow
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, insert_once, insertion, table_of
from shared.writes import Write

_ASSESSMENTS = table_of(AssessmentRow)
_CLASSES = table_of(CaseClassificationRow)
_REFERENCES = table_of(ReferenceVersionRow)
_ADD_ASSESSMENT, _ADD_CLASS = insertion(_ASSESSMENTS), insertion(_CLASSES)
_ALL_ASSESSMENTS = RowQuery(
    _ASSESSMENTS,
    "FROM assessment WHERE adverse_event_id = $1 ORDER BY recorded_at, kind, party, product, version",
)
_NEWEST_CLASSES = RowQuery(
    _CLASSES,
    "FROM case_classification c WHERE c.adverse_event_id = $1 AND c.version = (SELECT max(n.version)"
    " FROM case_classification n WHERE n.adverse_event_id = c.adverse_event_id AND n.product = c.product)"
    " ORDER BY c.product",
    alias="c",
)
_ALL_CLASSES = RowQuery(
    _CLASSES, "FROM case_classification WHERE adverse_event_id = $1 ORDER BY product, version"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClass:
    """One version of a derived class; `details` are its inputs, rules and sentences."""

    product: str
    version: int
    event_class: EventClass
    provisional: bool
    grave: bool
    details: Mapping[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReference:
    """A version of a product's reference safety information; `approved_on` None is ignored everywhere."""

    id: str
    trial_id: str | None
    trial_key: str
    product: str
    label: str
    document: str
    issued_on: date
    approved_on: date | None
    approval_reference: str
    approved_by: str | None
    entries: tuple[ListedReaction, ...]
    recorded_by: str
    recorded_at: datetime

    def as_version(self) -> ReferenceVersion:
        return ReferenceVersion(version=self.label, approved_on=self.approved_on, entries=self.entries)


def new_assessments(
    tx: Tx, report_id: str, assessments: Sequence[Assessment], ids: Sequence[str]
) -> list[Write]:
    """Assessments, to be stored with the event that announces them."""
    return [
        _ADD_ASSESSMENT.write(tx, _assessment_row(report_id, one, id_))
        for one, id_ in zip(assessments, ids, strict=True)
    ]


async def assessments_of(tx: Tx, report_id: str) -> list[Assessment]:
    """Every version of every view, in the order of recording."""
    return [_assessment(row) for row in await fetch_rows(tx, _ALL_ASSESSMENTS, report_id)]


async def newest_classes(tx: Tx, report_id: str) -> dict[str, StoredClass]:
    """The class in force by product."""
    return {row["product"]: _class(row) for row in await fetch_rows(tx, _NEWEST_CLASSES, report_id)}


async def every_class(tx: Tx, report_id: str) -> list[StoredClass]:
    return [_class(row) for row in await fetch_rows(tx, _ALL_CLASSES, report_id)]


async def add_classes(tx: Tx, report_id: str, classes: Sequence[StoredClass]) -> None:
    await _ADD_CLASS(
        tx,
        [
            {
                "adverse_event_id": report_id,
                "product": one.product,
                "version": one.version,
                "event_class": one.event_class.value,
                "provisional": one.provisional,
                "grave": one.grave,
                "details": dict(one.details),
                "recorded_at": one.recorded_at,
            }
            for one in classes
        ],
    )


async def add_reference(tx: Tx, reference: StoredReference) -> bool:
    """Keep a version unless the product has one of this label; say whether it is new."""
    return await insert_once(
        tx,
        _REFERENCES,
        {
            "id": reference.id,
            "trial_id": reference.trial_id,
            "trial_key": reference.trial_key,
            "product": reference.product,
            "label": reference.label,
            "document": reference.document,
            "issued_on": reference.issued_on.isoformat(),
            "approved_on": None,
            "approval_reference": "",
            "approved_by": None,
            "entries": [_dump_entry(entry) for entry in reference.entries],
            "recorded_by": reference.recorded_by,
            "recorded_at": reference.recorded_at,
        },
    )


async def load_reference(tx: Tx, reference_id: str, *, lock: bool = False) -> StoredReference | None:
    statement = select(_REFERENCES).where(_REFERENCES.c.id == reference_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return None if row is None else _reference(row)


async def save_approval(tx: Tx, reference_id: str, *, on: date, reference: str, by: str) -> None:
    values = {"approved_on": on.isoformat(), "approval_reference": reference, "approved_by": by}
    await tx.execute(update(_REFERENCES).where(_REFERENCES.c.id == reference_id).values(**values))


async def references_of(tx: Tx, trial_key: str) -> list[StoredReference]:
    """Every version of every product of a trial, by product and in the order of recording."""
    statement = (
        select(_REFERENCES)
        .where(_REFERENCES.c.trial_key == trial_key)
        .order_by(_REFERENCES.c.product, _REFERENCES.c.id)
    )
    return [_reference(row) for row in await tx.execute(statement)]


async def classified_reports(tx: Tx, trial_key: str) -> list[str]:
    """Reports of a trial that have a derived class, in the order in which they came."""
    return [row[0] for row in await tx.fetch(_CLASSIFIED, trial_key)]


async def classified_of_participant(tx: Tx, participant_id: str) -> list[str]:
    """Reports of a participant that have a derived class, in the order in which they came."""
    return [row[0] for row in await tx.fetch(_CLASSIFIED_OF, participant_id)]


def _assessment_row(report_id: str, one: Assessment, id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "adverse_event_id": report_id,
        "product": one.product,
        "kind": one.kind.value,
        "party": one.party.value,
        "version": one.version,
        "value": list(one.value),
        "standing": one.standing.value,
        "opinion_of": one.opinion_of,
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at,
        "reason": one.reason,
        "event_version": one.event_version,
        "source": one.source.value,
    }


def _assessment(row: Mapping[str, Any]) -> Assessment:
    return Assessment(
        kind=AssessmentKind(row["kind"]),
        party=Party(row["party"]),
        product=row["product"],
        version=row["version"],
        value=tuple(row["value"]),
        standing=Standing(row["standing"]),
        opinion_of=PersonId(row["opinion_of"]),
        recorded_by=PersonId(row["recorded_by"]),
        recorded_at=row["recorded_at"],
        reason=row["reason"],
        event_version=row["event_version"],
        source=Source(row["source"]),
    )


def _class(row: Mapping[str, Any]) -> StoredClass:
    return StoredClass(
        product=row["product"],
        version=row["version"],
        event_class=EventClass(row["event_class"]),
        provisional=bool(row["provisional"]),
        grave=bool(row["grave"]),
        details=row["details"],
        recorded_at=row["recorded_at"],
    )


def _reference(row: Any) -> StoredReference:
    return StoredReference(
        id=row.id,
        trial_id=row.trial_id,
        trial_key=row.trial_key,
        product=row.product,
        label=row.label,
        document=row.document,
        issued_on=date.fromisoformat(row.issued_on),
        approved_on=None if row.approved_on is None else date.fromisoformat(row.approved_on),
        approval_reference=row.approval_reference,
        approved_by=row.approved_by,
        entries=tuple(ListedReaction(**entry) for entry in row.entries),
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )


def _dump_entry(entry: ListedReaction) -> dict[str, Any]:
    return {
        "term": entry.term,
        "max_grade": entry.max_grade,
        "fatal_expected": entry.fatal_expected,
        "life_threatening_expected": entry.life_threatening_expected,
        "authorised_in_eu": entry.authorised_in_eu,
    }


_CLASSIFIED = Sql(
    "SELECT DISTINCT c.adverse_event_id FROM case_classification c JOIN adverse_event e ON e.id = c.adverse_event_id"
    " WHERE e.trial_key = $1 ORDER BY c.adverse_event_id"
)
_CLASSIFIED_OF = Sql(
    "SELECT DISTINCT c.adverse_event_id FROM case_classification c JOIN adverse_event e ON e.id = c.adverse_event_id"
    " WHERE e.participant_id = $1 ORDER BY c.adverse_event_id"
)
