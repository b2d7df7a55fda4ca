"""What decisions, verdicts and a closed trial do to the levels: the first half of a settlement."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.enrolment.domain.board import ClosingCause, LevelRecord, SlotRecord, last_rule
from services.enrolment.domain.cohort_rule import Cell, Evaluation, RuleOutput, evaluate_cohort_rule
from services.enrolment.domain.decisions import DecisionKind, KnownDecision, Supersession
from services.enrolment.domain.draft import (
    Draft,
    LevelClosed,
    LevelNoted,
    LevelOpened,
    LevelsPrepared,
    SlotHappening,
)
from services.enrolment.domain.ids import DecisionId, LevelId, ParticipantId, PartLevel, SlotId
from services.enrolment.domain.levels import (
    DecisionAction,
    DoseLevel,
    Effect,
    LevelChange,
    LevelState,
    NothingChanges,
    close_level,
    decide_decision_effect,
    decide_rule_closing,
)
from services.enrolment.domain.recruitment import TrialStatus
from services.enrolment.domain.slot_states import Slot, SlotOrigin

TICK = timedelta(microseconds=1)
NO_LONGER_RECRUITING = frozenset(
    {TrialStatus.CLOSED_TO_RECRUITMENT, TrialStatus.CLOSED_TO_TREATMENT, TrialStatus.ENDED}
)


def settle_levels(draft: Draft) -> None:
    """Bring the levels to what the known facts say; does nothing the second time.

    Decisions that arrived together are applied in the order in which the sponsor put them in force. Then every
    rule is evaluated, so that a decision never opens a level that its own rule closes.
    """
    _prepare_levels(draft)
    _note_supersessions(draft)
    if draft.board.status in NO_LONGER_RECRUITING:
        for record in [it for it in draft.levels.values() if it.level.state is LevelState.OPEN]:
            _close(draft, record, ClosingCause.TRIAL_CLOSED)
    waiting = [decision for decision in draft.decisions.values() if decision.applied_at is None]
    for decision in sorted(waiting, key=lambda known: (known.in_force_at, known.id)):
        if decision.place in draft.levels and decision.can_apply:
            _apply(draft, decision)
    for place in sorted(draft.levels):
        _evaluate(draft, place)


def _prepare_levels(draft: Draft) -> None:
    new = tuple(sorted(draft.board.protocol_levels - draft.levels.keys()))
    for place in new:
        draft.put_level(LevelRecord(level=DoseLevel(id=LevelId(draft.new_id()), place=place)))
    if new:
        draft.happenings.append(LevelsPrepared(places=new))


def _note_supersessions(draft: Draft) -> None:
    for decision in tuple(draft.decisions.values()):
        if decision.superseded and decision.supersession is Supersession.NONE:
            draft.put_decision(replace(decision, supersession=Supersession.STANDING), "superseded")


# -- decisions ------------------------------------------------------------------------------------------


def _apply(draft: Draft, decision: KnownDecision) -> None:
    if decision.opens and draft.board.status in NO_LONGER_RECRUITING:
        return _applied(draft, decision, "the trial no longer recruits")
    if decision.kind is DecisionKind.DECLARE_MTD:
        for record in draft.part_levels(decision.place.part):
            if record.level.state is LevelState.OPEN:
                _close(draft, record, ClosingCause.DECISION, decision_id=decision.id)
        return _applied(draft, decision, "maximum tolerated dose declared", took_effect=True)
    record = draft.levels[decision.place]
    levels = tuple(it.level for it in draft.part_levels(decision.place.part))
    signed = decision.signed(_action(decision, record), _known_at(record.level, draft.now))
    outcome = decide_decision_effect(levels, signed, draft.now)
    if isinstance(outcome, NothingChanges):
        return _applied(draft, decision, outcome.because)
    if decision.opens:
        _follow_earlier(draft, decision)
    _applied(draft, decision, "in effect", took_effect=True)
    for change in outcome:
        _take(draft, change, decision)
    return None


def _action(decision: KnownDecision, record: LevelRecord) -> DecisionAction:
    """An expansion adds places where the level is open, and opens the level of an expansion part."""
    match decision.kind:
        case DecisionKind.CLOSE_LEVEL:
            return DecisionAction.CLOSE
        case DecisionKind.HOLD:
            return DecisionAction.HOLD
        case DecisionKind.EXPAND if record.level.state is LevelState.OPEN:
            return DecisionAction.EXPAND
        case _:
            return DecisionAction.OPEN


def _known_at(level: DoseLevel, now: datetime) -> datetime:
    """A decision not applied yet is newer than whatever closed the level, also within one instant."""
    return now if level.closed_at is None else max(now, level.closed_at + TICK)


def _applied(draft: Draft, decision: KnownDecision, outcome: str, *, took_effect: bool = False) -> None:
    known = draft.decisions[decision.id]
    draft.put_decision(replace(known, applied_at=draft.now, took_effect=took_effect), outcome)


def _follow_earlier(draft: Draft, decision: KnownDecision) -> None:
    for earlier in tuple(draft.decisions.values()):
        same_part = earlier.place.part == decision.place.part and earlier.id != decision.id
        if same_part and earlier.opens and earlier.took_effect and not earlier.followed:
            resolved = Supersession.RESOLVED if earlier.superseded else earlier.supersession
            draft.put_decision(
                replace(earlier, followed=True, supersession=resolved), f"followed by {decision.id}"
            )
        elif same_part and earlier.supersession is Supersession.STANDING:
            draft.put_decision(
                replace(earlier, supersession=Supersession.RESOLVED), f"resolved by {decision.id}"
            )


def _take(draft: Draft, change: LevelChange, decision: KnownDecision) -> None:
    record = draft.levels[change.level.place]
    match change.effect:
        case Effect.OPENED | Effect.EXPANDED:
            opened = replace(record, level=change.level, closed_because=None)
            draft.put_level(opened)
            draft.happenings.append(LevelOpened(record=opened, decision=decision))
            origin = SlotOrigin.EXPANSION if decision.kind is DecisionKind.EXPAND else SlotOrigin.DECISION
            for _ in range(change.places):
                open_slot(draft, change.level.place, origin, decision.id)
        case Effect.CLOSED:
            own = change.level.place == decision.place
            cause = ClosingCause.DECISION if own else ClosingCause.NEXT_LEVEL_OPENED
            _close(draft, record, cause, decision_id=decision.id)
        case Effect.HELD | Effect.DECISION_LOST:
            _note(draft, replace(record, level=change.level), f"{change.effect.value} by {decision.id}")


def open_slot(
    draft: Draft,
    place: PartLevel,
    origin: SlotOrigin,
    decision_id: DecisionId,
    replaces: ParticipantId | None = None,
) -> SlotRecord:
    slot = Slot(id=SlotId(draft.new_id()), place=place, origin=origin, opened_at=draft.now)
    record = SlotRecord(slot=slot, decision_id=decision_id, replaces=replaces)
    return draft.put_slot(record, slot, SlotHappening.OPENED)


# -- the cohort rules -----------------------------------------------------------------------------------


def _evaluate(draft: Draft, place: PartLevel) -> None:
    """Close what the rule of the decision that opened this level last closes.

    The level itself closes whenever its rule says so. Open levels above it close when its DLTs have risen
    since; open levels below lose their decision when an open level closes.
    """
    rule = last_rule(draft.decisions.values(), place)
    if rule is None:
        return
    evaluation = evaluate_cohort_rule(rule, draft.as_board().counts(rule, place))
    record = draft.levels[place]
    toxic = max(1, evaluation.cell.dlt) if evaluation.output is RuleOutput.CLOSE else 0
    if toxic and record.level.state is LevelState.OPEN:
        _close_by_rule(draft, place, evaluation)
    elif toxic > record.toxic_dlts:
        _close_above(draft, place, evaluation)
    record = draft.levels[place]
    if toxic != record.toxic_dlts:
        _note(draft, replace(record, toxic_dlts=toxic), f"DLTs that close the level: {toxic}")


def _close_by_rule(draft: Draft, place: PartLevel, evaluation: Evaluation) -> None:
    levels = tuple(it.level for it in draft.part_levels(place.part))
    for change in decide_rule_closing(levels, place, draft.now):
        record = draft.levels[change.level.place]
        if change.effect is Effect.CLOSED or change.level.place > place:
            _close(
                draft, record, ClosingCause.COHORT_RULE, cell=cell_text(evaluation.cell, evaluation.output)
            )
        else:
            _note(draft, replace(record, level=change.level), "its part awaits a new decision")


def _close_above(draft: Draft, place: PartLevel, evaluation: Evaluation) -> None:
    for record in draft.part_levels(place.part):
        if record.level.place >= place and record.level.state is LevelState.OPEN:
            cell = f"level {place.level}: {cell_text(evaluation.cell, evaluation.output)}"
            _close(draft, record, ClosingCause.COHORT_RULE, cell=cell)


def cell_text(cell: Cell, output: RuleOutput) -> str:
    return f"n={cell.n} dlt={cell.dlt} pending={cell.pending}: {output.value}"


# -- changes --------------------------------------------------------------------------------------------


def _close(
    draft: Draft,
    record: LevelRecord,
    cause: ClosingCause,
    *,
    cell: str = "",
    decision_id: DecisionId | None = None,
) -> None:
    closed = replace(record, level=close_level(record.level, draft.now), closed_because=cause)
    draft.put_level(closed)
    by = decision_id or record.level.opened_by
    draft.happenings.append(LevelClosed(record=closed, cause=cause, cell=cell, decision_id=by))


def _note(draft: Draft, record: LevelRecord, what: str) -> None:
    draft.put_level(record)
    draft.happenings.append(LevelNoted(record=record, what=what))
