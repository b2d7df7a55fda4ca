"""The board while something is being decided on it: what it has become, and what happened on the way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from services.enrolment.domain.board import (
    Board,
    ClosingCause,
    EntryRecord,
    LevelRecord,
    Member,
    SlotRecord,
    Succession,
)
from services.enrolment.domain.decisions import KnownDecision
from services.enrolment.domain.ids import DecisionId, PartLevel
from services.enrolment.domain.recruitment import PartRecruitment, PartTarget
from services.enrolment.domain.slot_states import Slot
from services.enrolment.domain.slots import warning_due_at

K = TypeVar("K")
V = TypeVar("V")


class SlotHappening(StrEnum):
    OPENED = "opened"
    RESERVED = "reserved"
    OFFERED = "offered"
    RELEASED = "released"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FROZEN = "frozen"
    UNFROZEN = "unfrozen"
    EXPIRING = "expiring"
    CAUSES_CHANGED = "causes_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotChanged:
    what: SlotHappening
    record: SlotRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelsPrepared:
    """Levels of a protocol version that were not known before; locked until a decision opens them."""

    places: tuple[PartLevel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelOpened:
    record: LevelRecord
    decision: KnownDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelClosed:
    """`cell` is the reading of the cohort rule that closed the level, empty for another cause."""

    record: LevelRecord
    cause: ClosingCause
    cell: str
    decision_id: DecisionId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelNoted:
    """A change of a level that no event announces: held, its decision lost, its toxicity remembered."""

    record: LevelRecord
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionNoted:
    """A decision was applied, followed or superseded here; `outcome` is for the audit."""

    decision: KnownDecision
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberNoted:
    member: Member
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentClosed:
    """A part has as many participants as it needs; `registered` counts those who count towards the target."""

    part: str
    recruitment: PartRecruitment
    target: PartTarget
    registered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentReopened:
    """A part needs participants again, or has no target any more (None)."""

    part: str
    recruitment: PartRecruitment
    target: PartTarget | None
    registered: int


Happening = (
    SlotChanged
    | LevelsPrepared
    | LevelOpened
    | LevelClosed
    | LevelNoted
    | DecisionNoted
    | MemberNoted
    | RecruitmentClosed
    | RecruitmentReopened
)


class Draft:
    """A board under decision. Keys are only ever added; `changed_*` say what has to be saved."""

    def __init__(self, board: Board, now: datetime, new_id: Callable[[], str]) -> None:
        self.board = board
        self.now = now
        self.new_id = new_id
        self.happenings: list[Happening] = []
        self.levels = dict(board.levels)
        self.decisions = dict(board.decisions)
        self.slots = dict(board.slots)
        self.entries = dict(board.entries)
        self.members = dict(board.members)
        self.recruitment = dict(board.recruitment)

    # -- reading ------------------------------------------------------------------------------------

    def live(self) -> tuple[SlotRecord, ...]:
        """Slots that are not over, in the order in which they were opened."""
        alive = (record for record in self.slots.values() if record.alive)
        return tuple(sorted(alive, key=lambda record: (record.slot.opened_at, record.slot.id)))

    def part_levels(self, part: str) -> tuple[LevelRecord, ...]:
        return tuple(self.levels[place] for place in sorted(self.levels) if place.part == part)

    def as_board(self) -> Board:
        """The board as it is now, for rules that read a whole board."""
        return replace(
            self.board,
            levels=self.levels,
            decisions=self.decisions,
            slots=self.slots,
            entries=self.entries,
            members=self.members,
            recruitment=self.recruitment,
        )

    # -- changing -----------------------------------------------------------------------------------

    def put_level(self, record: LevelRecord) -> None:
        self.levels[record.level.place] = record

    def put_decision(self, decision: KnownDecision, outcome: str) -> None:
        self.decisions[decision.id] = decision
        self.happenings.append(DecisionNoted(decision=decision, outcome=outcome))

    def put_member(self, member: Member, what: str) -> None:
        self.members[member.cohort.participant_id] = member
        self.happenings.append(MemberNoted(member=member, what=what))

    def put_entry(self, record: EntryRecord) -> None:
        self.entries[record.entry.id] = record

    def put_slot(self, record: SlotRecord, slot: Slot, what: SlotHappening) -> SlotRecord:
        """Keep the slot's new state, that it came about, and when its site is to be warned of its deadline."""
        warn_at = warning_due_at(slot, record.warned_for, self.board.policy.warn_before)
        changed = replace(record, slot=slot, warn_at=warn_at)
        self.slots[slot.id] = changed
        self.happenings.append(SlotChanged(what=what, record=changed))
        return changed

    def end_slot(self, record: SlotRecord, slot: Slot, what: SlotHappening) -> SlotRecord:
        """As `put_slot`, for a slot whose place goes back to the level."""
        return self.put_slot(replace(record, succession=Succession.DUE), slot, what)

    def amend_slot(self, record: SlotRecord) -> None:
        """Keep a change of a slot that is part of something announced elsewhere."""
        self.slots[record.slot.id] = record

    # -- what has to be saved -----------------------------------------------------------------------

    def changed_levels(self) -> list[LevelRecord]:
        return _changed(self.board.levels.items(), self.levels)

    def changed_decisions(self) -> list[KnownDecision]:
        return _changed(self.board.decisions.items(), self.decisions)

    def changed_slots(self) -> list[SlotRecord]:
        return _changed(self.board.slots.items(), self.slots)

    def changed_entries(self) -> list[EntryRecord]:
        return _changed(self.board.entries.items(), self.entries)

    def changed_members(self) -> list[Member]:
        return _changed(self.board.members.items(), self.members)

    def changed_recruitment(self) -> list[tuple[str, PartRecruitment]]:
        """By part."""
        old = self.board.recruitment
        return [(part, it) for part, it in self.recruitment.items() if old.get(part) != it]


def _changed(before: Iterable[tuple[K, V]], after: dict[K, V]) -> list[V]:
    old = dict(before)
    return [value for key, value in after.items() if key not in old or old[key] != value]
