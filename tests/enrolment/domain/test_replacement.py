from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.enrolment.domain.cohort_counts import Provisional, Verdict, VerdictState
from services.enrolment.domain.ids import LevelId, ParticipantId, PartLevel, ScreeningId, SiteId, SlotId
from services.enrolment.domain.levels import DoseLevel, LevelState
from services.enrolment.domain.replacement import (
    OpenReplacement,
    ReplacementNotDue,
    ReverseReplacement,
    decide_replacement,
)
from services.enrolment.domain.slot_states import Holder, RevokeCause, Slot, SlotOrigin
from services.enrolment.domain.slots import consume_slot, freeze_slot, reserve_slot, revoke_slot

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOLDER = Holder(site_id=SiteId("a"), screening_id=ScreeningId("s1"))
LEVEL = DoseLevel(id=LevelId("l2"), place=PartLevel(part="escalation", level=2), state=LevelState.OPEN)
EXTRA = Slot(id=SlotId("x1"), place=LEVEL.place, origin=SlotOrigin.REPLACEMENT, opened_at=NOON)
RESERVED = reserve_slot(EXTRA, HOLDER, NOON, timedelta(hours=72))
CONSUMED = consume_slot(RESERVED, HOLDER, ParticipantId("p9"), NOON)
REVOKED = revoke_slot(EXTRA, RevokeCause.REPLACEMENT_REVERSED, "verdict changed", NOON)


def verdict(value: Verdict, provisional: Provisional = Provisional.NONE) -> VerdictState:
    return VerdictState(participant_id=ParticipantId("p1"), verdict=value, provisional=provisional)


NOT_EVALUABLE = verdict(Verdict.NOT_EVALUABLE)


def test_a9_not_evaluable_opens_one_slot_at_the_same_level() -> None:
    assert decide_replacement(NOT_EVALUABLE, LEVEL, None) == OpenReplacement(level=LEVEL)


@pytest.mark.parametrize("value", [Verdict.DLT, Verdict.PENDING, Verdict.NO_DLT])
def test_a9_any_other_verdict_opens_none(value: Verdict) -> None:
    assert decide_replacement(verdict(value), LEVEL, None) is ReplacementNotDue.EVALUABLE


def test_an_unconfirmed_dlt_is_not_replaced() -> None:
    open_question = verdict(Verdict.NOT_EVALUABLE, Provisional.DLT)

    assert decide_replacement(open_question, LEVEL, None) is ReplacementNotDue.PROVISIONAL_DLT


@pytest.mark.parametrize("extra", [EXTRA, RESERVED, CONSUMED, freeze_slot(EXTRA, "halt:h1", NOON)])
def test_nobody_is_replaced_twice(extra: Slot) -> None:
    assert decide_replacement(NOT_EVALUABLE, LEVEL, extra) is ReplacementNotDue.REPLACED_ALREADY


@pytest.mark.parametrize("state", [LevelState.LOCKED, LevelState.CLOSED])
def test_a_level_that_is_not_open_gets_no_replacement(state: LevelState) -> None:
    outcome = decide_replacement(NOT_EVALUABLE, replace(LEVEL, state=state), None)

    assert outcome is ReplacementNotDue.LEVEL_NOT_OPEN


@pytest.mark.parametrize("extra", [EXTRA, RESERVED, freeze_slot(RESERVED, "halt:h1", NOON)])
@pytest.mark.parametrize("value", [Verdict.DLT, Verdict.PENDING, Verdict.NO_DLT])
def test_a_verdict_that_changes_back_takes_the_extra_slot_back(value: Verdict, extra: Slot) -> None:
    assert decide_replacement(verdict(value), LEVEL, extra) == ReverseReplacement(slot_id=EXTRA.id)


def test_a_registration_on_the_extra_slot_stands() -> None:
    outcome = decide_replacement(verdict(Verdict.DLT), LEVEL, CONSUMED)

    assert outcome is ReplacementNotDue.REPLACEMENT_REGISTERED


def test_after_a_reversal_the_same_participant_may_be_replaced_once_more() -> None:
    assert decide_replacement(NOT_EVALUABLE, LEVEL, REVOKED) == OpenReplacement(level=LEVEL)
    assert decide_replacement(verdict(Verdict.DLT), LEVEL, REVOKED) is ReplacementNotDue.EVALUABLE
