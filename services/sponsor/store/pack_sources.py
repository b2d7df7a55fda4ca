"""What a pack is gathered from: people, doses and adverse events as the other services said, attached files."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from services.sponsor.domain.ids import ParticipantId
from services.sponsor.domain.pack.content import AttachedFile
from services.sponsor.domain.pack.gather import Known, KnownDose, KnownEvent, KnownPerson
from services.sponsor.store.committee_tables import CommitteeFileRow
from services.sponsor.store.copies import ADVERSE_EVENTS, DOSES, PARTICIPANTS
from shared.database import Tx
from shared.rows import insert_once, table_of

_FILES = table_of(CommitteeFileRow)
_CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file as it is attached."""

    id: str
    trial_id: str
    part: str
    file: AttachedFile
    content: bytes
    added_by: str
    added_at: datetime


async def known_of(tx: Tx, trial_id: str) -> Known:
    """People, doses that stand and adverse events of a trial, as the copies have them now."""
    people = select(PARTICIPANTS).where(PARTICIPANTS.c.trial_id == trial_id)
    doses = select(DOSES).where(DOSES.c.trial_id == trial_id, DOSES.c.withdrawn.is_(False))
    events = select(ADVERSE_EVENTS).where(ADVERSE_EVENTS.c.trial_id == trial_id)
    return Known(
        people={ParticipantId(row.participant_id): _person(row) for row in await tx.execute(people)},
        doses=[_dose(row) for row in await tx.execute(doses)],
        events=[_event(row) for row in await tx.execute(events)],
    )


def _person(row: Any) -> KnownPerson:
    return KnownPerson(
        number=row.participant_number or "",
        site_number=row.site_number or "",
        treatment_ended_at=row.treatment_ended_at,
        treatment_end_reason=row.treatment_end_reason,
    )


def _dose(row: Any) -> KnownDose:
    return KnownDose(
        participant_id=row.participant_id, at=row.at, given=row.given, missed_because=row.missed_because
    )


def _event(row: Any) -> KnownEvent:
    return KnownEvent(
        report_id=row.report_id,
        version=row.report_version,
        participant_id=row.participant_id,
        cleared=row.matched == _CLEARED,
        term=row.term,
        soc=row.soc,
        dictionary=row.dictionary,
        grade=row.grade,
        serious=row.serious,
        seriousness=tuple(row.seriousness),
        related=row.suspected,
        investigator_opinion=row.causality,
        sponsor_opinion=row.sponsor_causality,
        onset_on=date.fromisoformat(row.onset_on) if row.onset_on else None,
        outcome=row.outcome,
        aware_at=row.aware_at,
        queries=tuple(row.queries),
    )


async def add_file(tx: Tx, new: NewFile) -> bool:
    """Keep a file unless the part has one of its name; say whether it was kept."""
    values = {
        "id": new.id,
        "trial_id": new.trial_id,
        "part": new.part,
        "name": new.file.name,
        "kind": new.file.kind,
        "media_type": new.file.media_type,
        "size": new.file.size,
        "sha256": new.file.sha256,
        "content": new.content,
        "added_by": new.added_by,
        "added_at": new.added_at,
    }
    return await insert_once(tx, _FILES, values)


async def files_of(tx: Tx, trial_id: str, part: str) -> tuple[AttachedFile, ...]:
    """Files attached to a part, by name."""
    columns = (_FILES.c.name, _FILES.c.kind, _FILES.c.media_type, _FILES.c.size, _FILES.c.sha256)
    statement = (
        select(*columns).where(_FILES.c.trial_id == trial_id, _FILES.c.part == part).order_by(_FILES.c.name)
    )
    return tuple(AttachedFile(**row._mapping) for row in await tx.execute(statement))


async def file_contents(tx: Tx, trial_id: str, hashes: Collection[str]) -> dict[str, bytes]:
    """Bytes of attached files of a trial by their hash."""
    if not hashes:
        return {}
    statement = select(_FILES.c.sha256, _FILES.c.content).where(
        _FILES.c.trial_id == trial_id, _FILES.c.sha256.in_(sorted(hashes))
    )
    return {row.sha256: bytes(row.content) for row in await tx.execute(statement)}
