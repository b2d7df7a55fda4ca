"""What the levels, the sites and the verdicts mean for the slots: the second half of a settlement."""

from dataclasses import replace
from functools import cache, partial

from services.enrolment.domain.board import (
    ClosingCause,
    Member,
    Refusal,
    Replacement,
    ScreeningState,
    SlotRecord,
    Succession,
)
from services.enrolment.domain.draft import Draft, SlotHappening
from services.enrolment.domain.ids import ParticipantId, PartLevel, SiteId, SlotId
from services.enrolment.domain.levels import DoseLevel, LevelState
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.replacement import (
    OpenReplacement,
    ReplacementNotDue,
    ReverseReplacement,
    decide_replacement,
)
from services.enrolment.domain.settle_levels import open_slot
from services.enrolment.domain.settle_recruitment import takes_nobody
from services.enrolment.domain.slot_states import (
    Expired,
    Frozen,
    Held,
    Offered,
    Released,
    Reserved,
    RevokeCause,
    Revoked,
    SlotOrigin,
)
from services.enrolment.domain.slots import (
    freeze_slot,
    release_slot,
    revoke_slot,
    successor_of,
    unfreeze_slot,
)

NO_DECISION = "no_decision"
TRIAL_PAUSED = "trial_paused"


def settle_slots(draft: Draft) -> None:
    """Bring the slots to what levels, sites, screenings and verdicts say; does nothing the second time."""
    for record in draft.live():
        _end_if_over(draft, record)
    for member in tuple(draft.members.values()):
        _replace_member(draft, member)
    for record in tuple(draft.slots.values()):
        if record.succession is Succession.DUE:
            _succeed(draft, record)
    settle_freezes(draft)


# -- ending ---------------------------------------------------------------------------------------------


def _end_if_over(draft: Draft, record: SlotRecord) -> None:
    level = draft.levels[record.slot.place]
    held = record.held
    if level.level.state is not LevelState.OPEN:
        cause = level.closed_because or ClosingCause.DECISION
        closed_trial = cause is ClosingCause.TRIAL_CLOSED
        revoke(
            draft,
            record,
            RevokeCause.RECRUITMENT_CLOSED if closed_trial else RevokeCause.LEVEL_CLOSED,
            cause.value,
        )
    elif takes_nobody(draft, record.slot.place.part):
        revoke(draft, record, RevokeCause.TARGET_REACHED, RevokeCause.TARGET_REACHED.value)
    elif held is None:
        return
    elif _site_status(draft, held) is SiteStatus.REVOKED:
        slot = revoke_slot(record.slot, RevokeCause.SITE_REVOKED, "green light revoked", draft.now)
        draft.end_slot(record, slot, SlotHappening.REVOKED)
    elif isinstance(held, Offered) and _site_status(draft, held) is SiteStatus.SUSPENDED:
        # What the site has reserved it keeps; what it was only offered goes to the next in line.
        slot = revoke_slot(record.slot, RevokeCause.SITE_SUSPENDED, "site suspended", draft.now)
        draft.end_slot(record, slot, SlotHappening.REVOKED)
    elif record.screening is not ScreeningState.IN_SCREENING:
        slot = release_slot(record.slot, held.holder.site_id, draft.now)
        draft.end_slot(record, slot, SlotHappening.RELEASED)


def _site_status(draft: Draft, held: Held) -> SiteStatus | None:
    site = draft.board.sites.get(held.holder.site_id)
    return None if site is None else site.status


def revoke(draft: Draft, record: SlotRecord, cause: RevokeCause, reason: str) -> SlotRecord:
    """Take a slot away; a reservation that falls to a closed level earns the right of first refusal."""
    earned = cause is RevokeCause.LEVEL_CLOSED and isinstance(record.running, Reserved)
    slot = revoke_slot(record.slot, cause, reason, draft.now)
    refusal = Refusal.OPEN if earned else record.refusal
    return draft.put_slot(replace(record, refusal=refusal), slot, SlotHappening.REVOKED)


# -- replacing ------------------------------------------------------------------------------------------


def _replace_member(draft: Draft, member: Member) -> None:
    state = draft.board.verdicts.get(member.cohort.participant_id)
    record = draft.levels.get(member.cohort.place)
    if state is None or record is None or not member.cohort.counts or not member.placed:
        return
    extra = _extra_of(draft, member.cohort.participant_id)
    first = member.replacement is Replacement.NONE
    outcome = decide_replacement(state, record.level, None if first or extra is None else extra.slot)
    match outcome:
        case OpenReplacement() if first and takes_nobody(draft, member.cohort.place.part):
            _note_replacement(draft, member, Replacement.NOT_DUE)
        case OpenReplacement() if first:
            _open_replacement(draft, member, record.level)
        case ReverseReplacement(slot_id=slot_id):
            _reverse(draft, member, slot_id)
        case _:
            _note_replacement(draft, member, _without_slot(outcome, member, extra))


def give_place_back(draft: Draft, slot_id: SlotId, participant_id: ParticipantId) -> None:
    """Let a registration that was voided leave its place to the level, once.

    Where the participant could not be judged and an extra slot stands for them, that slot is the place: another
    would be one more than was decided.
    """
    extra = _extra_of(draft, participant_id)
    stands = extra is not None and not isinstance(extra.slot.state, Revoked | Released | Expired)
    if not stands:
        draft.amend_slot(replace(draft.slots[slot_id], succession=Succession.DUE))


def _extra_of(draft: Draft, participant_id: ParticipantId) -> SlotRecord | None:
    extras = [record for record in draft.slots.values() if record.replaces == participant_id]
    return max(extras, key=lambda record: (record.slot.opened_at, record.slot.id), default=None)


def _open_replacement(draft: Draft, member: Member, level: DoseLevel) -> None:
    decision_id = level.opened_by or member.decision_id
    open_slot(
        draft, member.cohort.place, SlotOrigin.REPLACEMENT, decision_id, replaces=member.cohort.participant_id
    )
    _note_replacement(draft, member, Replacement.OPENED)


def _reverse(draft: Draft, member: Member, slot_id: SlotId) -> None:
    revoke(draft, draft.slots[slot_id], RevokeCause.REPLACEMENT_REVERSED, "participant counts again")
    _note_replacement(draft, member, Replacement.NONE)


def _without_slot(outcome: object, member: Member, extra: SlotRecord | None) -> Replacement:
    """What to remember when no slot is opened or taken back."""
    if outcome is ReplacementNotDue.LEVEL_NOT_OPEN and member.replacement is Replacement.NONE:
        return Replacement.NOT_DUE
    counts_again = outcome in (ReplacementNotDue.EVALUABLE, ReplacementNotDue.PROVISIONAL_DLT)
    return Replacement.NONE if counts_again else member.replacement


def _note_replacement(draft: Draft, member: Member, replacement: Replacement) -> None:
    if replacement is not member.replacement:
        draft.put_member(replace(member, replacement=replacement), f"replacement {replacement.value}")


def _succeed(draft: Draft, record: SlotRecord) -> None:
    """Open the slot that stands in for one that lapsed, as long as its level is open."""
    level = draft.levels[record.slot.place].level
    draft.amend_slot(replace(record, succession=Succession.DONE))
    if level.state is not LevelState.OPEN or takes_nobody(draft, record.slot.place.part):
        return
    successor = successor_of(record.slot, SlotId(draft.new_id()), draft.now)
    fresh = SlotRecord(
        slot=successor, decision_id=level.opened_by or record.decision_id, replaces=record.replaces
    )
    draft.put_slot(fresh, successor, SlotHappening.OPENED)


# -- freezing -------------------------------------------------------------------------------------------


def settle_freezes(draft: Draft) -> None:
    """Stop the clock of every slot that nobody could use, and let it go on when no cause is left."""
    causes = cache(partial(_causes, draft))  # alike for all slots of a level that one site holds
    for record in draft.live():
        state, held = record.slot.state, record.held
        stands = state.causes if isinstance(state, Frozen) else frozenset()
        wanted = causes(record.slot.place, held.holder.site_id if held else None)
        if wanted != stands:
            _refreeze(draft, record, stands, wanted)


def _causes(draft: Draft, place: PartLevel, site_id: SiteId | None) -> frozenset[str]:
    level, board = draft.levels[place].level, draft.board
    causes = {f"halt:{halt.id}" for halt in board.halts_on(place, site_id)}
    causes |= {f"hold:{hold}" for hold in board.held_by(level)}
    if board.status is TrialStatus.PAUSED:
        causes.add(TRIAL_PAUSED)
    decision = draft.decisions.get(level.opened_by) if level.opened_by else None
    if decision is None:
        causes.add(NO_DECISION)
    elif decision.superseded:
        causes.add(f"decision:{decision.id}")
    return frozenset(causes)


def _refreeze(draft: Draft, record: SlotRecord, stands: frozenset[str], wanted: frozenset[str]) -> None:
    slot = record.slot
    for cause in sorted(wanted - stands):
        slot = freeze_slot(slot, cause, draft.now)
    for cause in sorted(stands - wanted):
        slot = unfreeze_slot(slot, cause, draft.now)
    still = SlotHappening.CAUSES_CHANGED if wanted else SlotHappening.UNFROZEN
    draft.put_slot(record, slot, still if stands else SlotHappening.FROZEN)
