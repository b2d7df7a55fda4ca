"""One extra slot for a participant who cannot be judged, and what happens when the verdict changes."""

from dataclasses import dataclass
from enum import StrEnum

from services.enrolment.domain.cohort_counts import Provisional, Verdict, VerdictState
from services.enrolment.domain.ids import SlotId
from services.enrolment.domain.levels import DoseLevel, LevelState
from services.enrolment.domain.slot_states import Consumed, Expired, Released, Revoked, Slot


class ReplacementNotDue(StrEnum):
    """Why no slot is opened or taken back."""

    EVALUABLE = "evaluable"
    PROVISIONAL_DLT = "provisional_dlt"
    REPLACED_ALREADY = "replaced_already"
    LEVEL_NOT_OPEN = "level_not_open"
    REPLACEMENT_REGISTERED = "replacement_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReplacement:
    """Open one slot, of origin `replacement`, at the level of the participant."""

    level: DoseLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseReplacement:
    """Revoke the extra slot: the participant counts again."""

    slot_id: SlotId


def decide_replacement(
    state: VerdictState, level: DoseLevel, extra: Slot | None
) -> OpenReplacement | ReverseReplacement | ReplacementNotDue:
    """What a verdict means for the extra slot of this participant.

    Args:
        state: the latest verdict on the participant.
        level: the level at which the participant is registered.
        extra: the slot last opened for this participant or its successor, None when there was none.

    Returns:
        At most one extra slot stands per participant; a DLT never leads to one. When the verdict changes
        back, an extra slot nobody is registered on is taken back; a registration on it stands, and the
        cohort rule sees one participant more.
    """
    standing = extra is not None and not isinstance(extra.state, Revoked | Released | Expired)
    replaceable = state.verdict is Verdict.NOT_EVALUABLE and state.provisional is Provisional.NONE
    if not replaceable:
        if extra is None or not standing:
            return _reason(state)
        if isinstance(extra.state, Consumed):
            return ReplacementNotDue.REPLACEMENT_REGISTERED
        return ReverseReplacement(slot_id=extra.id)
    if standing:
        return ReplacementNotDue.REPLACED_ALREADY
    if level.state is not LevelState.OPEN:
        return ReplacementNotDue.LEVEL_NOT_OPEN
    return OpenReplacement(level=level)


def _reason(state: VerdictState) -> ReplacementNotDue:
    if state.verdict is Verdict.NOT_EVALUABLE:
        return ReplacementNotDue.PROVISIONAL_DLT
    return ReplacementNotDue.EVALUABLE
