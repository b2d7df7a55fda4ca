"""The board of levels and slots: what is free, what is held, what stands in the way, and what could follow."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.enrolment.domain.board import Board, LevelRecord, Member, SlotRecord
from services.enrolment.domain.cohort_counts import CohortCounts, Verdict
from services.enrolment.domain.cohort_rule import CohortRule, NoRule, RuleOutput, evaluate_cohort_rule
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.levels import LevelState
from services.enrolment.domain.protocol_terms import VersionRules
from services.enrolment.domain.registering import UNKNOWN_SITE, earliest_first_dose
from services.enrolment.domain.slot_states import Frozen
from services.enrolment.domain.slots import expires_soon
from services.enrolment.domain.windows import window_ends_at
from services.enrolment.queries.visibility import View, view_of
from services.enrolment.store.boards import load_board
from services.enrolment.store.slot_rows import state_name
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.database import Tx
from shared.watermarks import all_positions, scope_partitions


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """A slot; holder, deadline and screening are shown for sites that the viewer sees in full.

    `expires_at_local` is the deadline by the clock of the site that holds it; a frozen slot never expires soon.
    """

    slot_id: str
    state: str
    origin: str
    expires_at: datetime | None
    expires_at_local: datetime | None
    expires_soon: bool
    frozen_because: list[str]
    site_number: str | None
    screening_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingView:
    """A participant whose window is open; `participant_id` only at the viewer's own sites."""

    participant_id: str | None
    first_dose_at: datetime | None
    window_ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """What the cohort rule of the decision in force says now, and the reading that it says it on."""

    output: str
    n: int
    dlt: int
    pending: int
    because: str
    source: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """What the rule would say if so many of the pending participants had a DLT and the others none."""

    dlts_among_pending: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelView:
    level_id: str
    part: str
    level: int
    state: str
    decision_id: str | None
    decision_standing: str | None
    held_because: list[str]
    n: int
    dlt: int
    pending: int
    provisional: int
    unmatched: int
    rule: RuleView | None
    preview: list[PreviewView]
    pending_windows: list[PendingView]
    earliest_first_dose_at: datetime | None
    places: dict[str, int]
    slots: list[SlotView]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """`data_as_of` names for each producer the closed time up to which everything is known here."""

    trial_id: str
    trial: str
    status: str
    halts: list[str]
    unmatched_reports: int
    decisions_waiting: list[str]
    data_as_of: dict[str, datetime | None]
    levels: list[LevelView]


async def show_slot_board(tx: Tx, act: Act, trial: str) -> BoardView:
    """The board of one trial, as far as the asking person may see it."""
    view = await view_of(tx, act, trial)
    board = await load_board(tx, view.trial.id, act.now)
    versions = await versions_of(tx, view.trial.id)
    return BoardView(
        trial_id=view.trial.id,
        trial=view.trial.code,
        status=board.status.value,
        halts=sorted(halt.id for halt in board.halts),
        unmatched_reports=len(board.unmatched_reports),
        decisions_waiting=sorted(it.id for it in board.decisions.values() if it.applied_at is None),
        data_as_of=await data_as_of(tx, view.trial.id),
        levels=[
            _level(board, versions, view, board.levels[place], act.now) for place in sorted(board.levels)
        ],
    )


async def data_as_of(tx: Tx, trial_id: str) -> dict[str, datetime | None]:
    wanted = scope_partitions(trial_id)
    found: dict[str, list[datetime | None]] = {}
    for position in await all_positions(tx, "enrolment"):
        if position.partition in wanted:
            found.setdefault(position.topic.partition(".")[0], []).append(position.closed_at)
    return {producer: _oldest(times) for producer, times in found.items()}


def _oldest(times: list[datetime | None]) -> datetime | None:
    known = [time for time in times if time is not None]
    return min(known) if known and len(known) == len(times) else None


def _level(
    board: Board, versions: list[VersionRules], view: View, record: LevelRecord, now: datetime
) -> LevelView:
    level, place = record.level, record.level.place
    rule = board.rule_of(place)
    counts = board.counts(rule or NoRule(), place)
    decision = board.decisions.get(level.opened_by) if level.opened_by else None
    slots = [it for it in board.slots.values() if it.slot.place == place and it.alive]
    ordered = sorted(slots, key=lambda it: (it.slot.opened_at, it.slot.id))
    return LevelView(
        level_id=level.id,
        part=place.part,
        level=place.level,
        state=level.state.value,
        decision_id=level.opened_by,
        decision_standing=decision.standing.value if decision else None,
        held_because=sorted(board.held_by(level)),
        n=counts.n,
        dlt=counts.dlt,
        pending=counts.pending,
        provisional=counts.provisional,
        unmatched=counts.unmatched,
        rule=_rule(rule, counts) if rule else None,
        preview=_preview(rule, counts) if rule else [],
        pending_windows=_pending(board, versions, view, place),
        earliest_first_dose_at=_earliest(board, versions, record, now),
        places=dict(Counter(state_name(it.slot.state) for it in ordered)),
        slots=[_slot(board, it, view, now) for it in ordered],
    )


def _rule(rule: CohortRule, counts: CohortCounts) -> RuleView:
    evaluation = evaluate_cohort_rule(rule, counts)
    cell = evaluation.cell
    return RuleView(
        output=evaluation.output.value,
        n=cell.n,
        dlt=cell.dlt,
        pending=cell.pending,
        because=evaluation.because,
        source=dict(rule.source),
    )


def _preview(rule: CohortRule, counts: CohortCounts) -> list[PreviewView]:
    def output(dlts: int) -> RuleOutput:
        settled = CohortCounts(n=counts.n, dlt=counts.dlt + dlts, pending=0, unmatched=counts.unmatched)
        return evaluate_cohort_rule(rule, settled).output

    return [
        PreviewView(dlts_among_pending=dlts, output=output(dlts).value) for dlts in range(counts.pending + 1)
    ]


def _pending(board: Board, versions: list[VersionRules], view: View, place: PartLevel) -> list[PendingView]:
    days = versions[-1].window_days if versions else None
    return [
        _pending_view(board, view, member, days)
        for member in board.members.values()
        if member.cohort.place == place and member.cohort.counts and _is_pending(board, member)
    ]


def _is_pending(board: Board, member: Member) -> bool:
    state = board.verdicts.get(member.cohort.participant_id)
    return state is None or state.verdict is Verdict.PENDING


def _pending_view(board: Board, view: View, member: Member, days: int | None) -> PendingView:
    zone = ZoneInfo(board.sites.get(member.site_id, UNKNOWN_SITE).zone)
    first, own = member.first_dose_at, view.shows(member.site_id)
    return PendingView(
        participant_id=member.cohort.participant_id if own else None,
        first_dose_at=first if own else None,
        window_ends_at=window_ends_at(first, days, zone) if first and days else None,
    )


def _earliest(
    board: Board, versions: list[VersionRules], record: LevelRecord, now: datetime
) -> datetime | None:
    """When a participant registered now could get the first dose; None while no date can be named."""
    if record.level.state is not LevelState.OPEN or not versions:
        return None
    return earliest_first_dose(board, record.level.place, versions[-1].stagger, now)


def _slot(board: Board, record: SlotRecord, view: View, now: datetime) -> SlotView:
    held, state = record.held, record.slot.state
    own = held is not None and view.shows(held.holder.site_id)
    zone = ZoneInfo(board.sites.get(held.holder.site_id, UNKNOWN_SITE).zone if held else UNKNOWN_SITE.zone)
    return SlotView(
        slot_id=record.slot.id,
        state=state_name(state),
        origin=record.slot.origin.value,
        expires_at=held.expires_at if held and own else None,
        expires_at_local=held.expires_at.astimezone(zone) if held and own else None,
        expires_soon=own and expires_soon(record.slot, board.policy.warn_before, now),
        frozen_because=sorted(state.causes) if isinstance(state, Frozen) else [],
        site_number=held.holder.site_id if held and own else None,
        screening_number=record.screening_number if own else None,
    )
