"""Per part and level: who was enrolled, how they fared, and whether the level is open."""

from dataclasses import dataclass

from services.enrolment.domain.board import Board
from services.enrolment.domain.cohort_counts import Verdict
from services.enrolment.domain.cohort_rule import NoRule
from services.enrolment.domain.decisions import DecisionKind
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.protocol_terms import LevelTerms, VersionRules
from services.enrolment.queries.visibility import view_of
from services.enrolment.store.boards import load_board
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLevelView:
    """`enrolled` leaves out voided registrations; `evaluable` are those with a final verdict that counts."""

    level_id: str
    part: str
    level: int
    label: str
    dose: str
    unit: str
    state: str
    closed_because: str | None
    decision_id: str | None
    enrolled: int
    dosed: int
    evaluable: int
    dlt: int
    pending: int
    not_evaluable: int
    mtd: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLevelsView:
    trial: str
    levels: list[DoseLevelView]


async def show_dose_levels(tx: Tx, act: Act, trial: str) -> DoseLevelsView:
    """Every level of the trial; counts hold no participant and are shown to every reader."""
    view = await view_of(tx, act, trial)
    board = await load_board(tx, view.trial.id, act.now)
    versions = await versions_of(tx, view.trial.id)
    mtd = _maximum_tolerated(board)
    return DoseLevelsView(
        trial=view.trial.code,
        levels=[_level(board, versions, place, place in mtd) for place in sorted(board.levels)],
    )


def _maximum_tolerated(board: Board) -> set[PartLevel]:
    """The level of each part that the last declaration names."""
    declared = [it for it in board.decisions.values() if it.kind is DecisionKind.DECLARE_MTD]
    latest = sorted((it.in_force_at, it.id, it.place) for it in declared if it.took_effect)
    return set({place.part: place for _, _, place in latest}.values())


def _level(board: Board, versions: list[VersionRules], place: PartLevel, mtd: bool) -> DoseLevelView:
    record = board.levels[place]
    members = [it for it in board.members.values() if it.cohort.place == place and it.cohort.counts]
    judged = [
        board.verdicts[it.cohort.participant_id]
        for it in members
        if it.cohort.participant_id in board.verdicts
    ]
    own = [it.verdict for it in judged]
    terms = _terms(versions, place)
    counts = board.counts(NoRule(), place)
    return DoseLevelView(
        level_id=record.level.id,
        part=place.part,
        level=place.level,
        label=terms.label,
        dose=terms.dose,
        unit=terms.unit,
        state=record.level.state.value,
        closed_because=record.closed_because.value if record.closed_because else None,
        decision_id=record.level.opened_by,
        enrolled=len(members),
        dosed=sum(it.cohort.dosed for it in members),
        evaluable=own.count(Verdict.DLT) + own.count(Verdict.NO_DLT),
        dlt=counts.dlt,
        pending=counts.pending,
        not_evaluable=own.count(Verdict.NOT_EVALUABLE),
        mtd=mtd,
    )


def _terms(versions: list[VersionRules], place: PartLevel) -> LevelTerms:
    """As the newest version that has the level prints it."""
    for rules in reversed(versions):
        part = rules.terms.parts.get(place.part)
        if part is not None and place.level in part.levels:
            return part.levels[place.level]
    return LevelTerms(label="", dose="", unit="")
