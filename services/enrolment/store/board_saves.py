"""Saving what has changed on a trial's board, one statement per table."""

from collections.abc import Sequence
from typing import Any

from services.enrolment.domain.board import EntryRecord, LevelRecord, SlotRecord
from services.enrolment.domain.decisions import KnownDecision
from services.enrolment.domain.draft import Draft
from services.enrolment.store.place_tables import AppliedDecisionRow, DoseLevelRow, SlotRow, WaitingEntryRow
from services.enrolment.store.recruitment_tables import PartRecruitmentRow
from services.enrolment.store.slot_rows import slot_values
from shared.database import Sql, Tx
from shared.rows import table_of, upsert
from shared.tables import canonical_json

_SAVE_LEVELS = upsert(table_of(DoseLevelRow))
_SAVE_DECISIONS = upsert(table_of(AppliedDecisionRow))
_SAVE_SLOTS = upsert(table_of(SlotRow))
_SAVE_ENTRIES = upsert(table_of(WaitingEntryRow))
_SAVE_RECRUITMENT = upsert(table_of(PartRecruitmentRow))
_NOTE_MEMBER = Sql("UPDATE participant SET replacement = $2, halts_seen_late = $3 WHERE id = $1")


async def save_draft(tx: Tx, draft: Draft) -> None:
    """Save what has changed on a board; the caller holds the trial's gate and announces it."""
    trial_id = draft.board.trial_id
    await _SAVE_LEVELS(tx, [_level_values(trial_id, record) for record in draft.changed_levels()])
    await _SAVE_DECISIONS(tx, [_decision_values(trial_id, known) for known in draft.changed_decisions()])
    await _SAVE_SLOTS(tx, [slot_values(trial_id, record) for record in _freed_first(draft.changed_slots())])
    await _SAVE_ENTRIES(tx, [_entry_values(trial_id, record) for record in draft.changed_entries()])
    await _SAVE_RECRUITMENT(
        tx,
        [
            {"id": it.id, "trial_id": trial_id, "part": part, "closed_at": it.closed_at}
            for part, it in draft.changed_recruitment()
        ],
    )
    for member in draft.changed_members():
        halts = canonical_json(sorted(member.halts_seen_late))
        await tx.fetch(_NOTE_MEMBER, member.cohort.participant_id, member.replacement.value, halts)


def _freed_first(records: Sequence[SlotRecord]) -> list[SlotRecord]:
    """A screening may leave one slot and take another in one act; at no row may it hold two."""
    return sorted(records, key=lambda record: record.held is not None)


def _level_values(trial_id: str, record: LevelRecord) -> dict[str, Any]:
    level = record.level
    return {
        "id": level.id,
        "trial_id": trial_id,
        "part": level.place.part,
        "level": level.place.level,
        "state": level.state.value,
        "opened_by": level.opened_by,
        "closed_at": level.closed_at,
        "closed_because": record.closed_because.value if record.closed_because else None,
        "held_by": sorted(level.held_by),
        "toxic_dlts": record.toxic_dlts,
    }


def _decision_values(trial_id: str, known: KnownDecision) -> dict[str, Any]:
    return {
        "decision_id": known.id,
        "trial_id": trial_id,
        "applied_at": known.applied_at,
        "took_effect": known.took_effect,
        "followed": known.followed,
        "supersession": known.supersession.value,
    }


def _entry_values(trial_id: str, record: EntryRecord) -> dict[str, Any]:
    return {
        "id": record.entry.id,
        "trial_id": trial_id,
        "part": record.part,
        "site_number": record.entry.site_id,
        "screening_id": record.entry.screening_id,
        "notified_at": record.entry.notified_at,
        "state": record.state.value,
        "offered_at": record.offered_at,
    }
