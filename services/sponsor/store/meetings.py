"""Meetings of a committee in the store, and how a decision keeps the sitting at which it was proposed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select, update

from services.sponsor.domain.committee import Seat
from services.sponsor.domain.ids import PersonId, SnapshotId, TrialId
from services.sponsor.domain.meeting import Declaration, Dissent, Meeting, Sitting, Task
from services.sponsor.store.committee_tables import AttendanceRow, DeclarationRow, MeetingRow
from shared.clock import format_instant, parse_instant
from shared.database import Tx
from shared.rows import insert_once, insert_row, table_of

_MEETINGS = table_of(MeetingRow)
_DECLARATIONS = table_of(DeclarationRow)
_PRESENT = table_of(AttendanceRow)


async def add_meeting(tx: Tx, meeting: Meeting) -> None:
    await insert_row(
        tx,
        _MEETINGS,
        {
            "id": meeting.id,
            "trial_id": meeting.trial_id,
            "part": meeting.part,
            "charter_id": meeting.charter_id,
            "called_by": meeting.called_by,
            "called_at": meeting.called_at,
            "planned_for": meeting.planned_for,
            "snapshot_id": None,
            "held_at": None,
            "opened_by": None,
        },
    )


async def add_declaration(tx: Tx, meeting: Meeting) -> None:
    """Keep the meeting's latest declaration."""
    said = meeting.declarations[-1]
    await insert_row(
        tx,
        _DECLARATIONS,
        {
            "meeting_id": meeting.id,
            "person_id": said.person_id,
            "conflict": said.conflict,
            "words": said.words,
            "declared_at": said.declared_at,
        },
    )


async def save_held(tx: Tx, meeting: Meeting, recorded_by: str, recorded_at: Any) -> None:
    """Keep on which snapshot the meeting was held, and everybody who was present."""
    await tx.execute(
        update(_MEETINGS)
        .where(_MEETINGS.c.id == meeting.id)
        .values(snapshot_id=meeting.snapshot_id, held_at=meeting.held_at, opened_by=meeting.opened_by)
    )
    for person in meeting.present:
        values = {
            "meeting_id": meeting.id,
            "person_id": person,
            "recorded_by": recorded_by,
            "recorded_at": recorded_at,
        }
        await insert_once(tx, _PRESENT, values)


async def load_meeting(tx: Tx, meeting_id: str) -> Meeting | None:
    found = await _meetings(tx, _MEETINGS.c.id == meeting_id, limit=1)
    return found[0] if found else None


async def meetings_after(tx: Tx, trial_id: str, after: str, limit: int) -> list[Meeting]:
    """Meetings of a trial by ascending id."""
    return await _meetings(tx, (_MEETINGS.c.trial_id == trial_id) & (_MEETINGS.c.id > after), limit=limit)


async def meeting_about(tx: Tx, trial_id: str, part: str, snapshot_id: str) -> Meeting | None:
    """The meeting that was held on a snapshot, else the one that is still to be held about the part."""
    about = (_MEETINGS.c.trial_id == trial_id) & (_MEETINGS.c.part == part)
    held = await _meetings(tx, about & (_MEETINGS.c.snapshot_id == snapshot_id), limit=1)
    found = held or await _meetings(tx, about & _MEETINGS.c.held_at.is_(None), limit=1)
    return found[0] if found else None


async def _meetings(tx: Tx, which: ColumnElement[bool], *, limit: int) -> list[Meeting]:
    rows = (await tx.execute(select(_MEETINGS).where(which).order_by(_MEETINGS.c.id).limit(limit))).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    said = select(_DECLARATIONS).where(_DECLARATIONS.c.meeting_id.in_(ids))
    declared = (await tx.execute(said.order_by(_DECLARATIONS.c.declared_at, _DECLARATIONS.c.person_id))).all()
    there = select(_PRESENT).where(_PRESENT.c.meeting_id.in_(ids))
    present = (await tx.execute(there.order_by(_PRESENT.c.recorded_at, _PRESENT.c.person_id))).all()
    return [
        _meeting(
            row,
            tuple(_declaration(one) for one in declared if one.meeting_id == row.id),
            tuple(PersonId(one.person_id) for one in present if one.meeting_id == row.id),
        )
        for row in rows
    ]


def _meeting(row: Any, declared: tuple[Declaration, ...], present: tuple[PersonId, ...]) -> Meeting:
    return Meeting(
        id=row.id,
        trial_id=TrialId(row.trial_id),
        part=row.part,
        charter_id=row.charter_id,
        called_by=PersonId(row.called_by),
        called_at=row.called_at,
        planned_for=row.planned_for,
        snapshot_id=None if row.snapshot_id is None else SnapshotId(row.snapshot_id),
        held_at=row.held_at,
        opened_by=None if row.opened_by is None else PersonId(row.opened_by),
        declarations=declared,
        present=present,
    )


def _declaration(row: Any) -> Declaration:
    return Declaration(
        person_id=PersonId(row.person_id),
        conflict=row.conflict,
        words=row.words,
        declared_at=row.declared_at,
    )


def sitting_written(sitting: Sitting) -> dict[str, Any]:
    """A sitting as a decision's row keeps it."""
    return {
        "meeting_id": sitting.meeting_id,
        "charter_n": sitting.charter_n,
        "held_at": format_instant(sitting.held_at),
        "voters": [[person, seat.value] for person, seat in sitting.voters],
        "conflicted": list(sitting.conflicted),
        "undeclared": list(sitting.undeclared),
        "missing": list(sitting.missing),
        "dissents": [[one.person_id, one.words] for one in sitting.dissents],
        "tasks": [[one.words, one.owner, one.due_on.isoformat()] for one in sitting.tasks],
    }


def sitting_read(written: Mapping[str, Any]) -> Sitting:
    """The sitting that `sitting_written` wrote."""
    return Sitting(
        meeting_id=written["meeting_id"],
        charter_n=written["charter_n"],
        held_at=parse_instant(written["held_at"]),
        voters=tuple((PersonId(person), Seat(seat)) for person, seat in written["voters"]),
        conflicted=tuple(PersonId(person) for person in written["conflicted"]),
        undeclared=tuple(PersonId(person) for person in written["undeclared"]),
        missing=tuple(written["missing"]),
        dissents=tuple(Dissent(person_id=PersonId(who), words=words) for who, words in written["dissents"]),
        tasks=tuple(
            Task(words=words, owner=PersonId(owner), due_on=date.fromisoformat(due))
            for words, owner, due in written["tasks"]
        ),
    )
