from collections.abc import Callable

import pytest

from services.safety.domain.causality import Causality
from services.safety.domain.dlt import Left, LeftFor, Provisional, Verdict, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.dlt_facts import DltEvent, Doses
from services.safety.domain.dlt_timeline import DatedGrade, during_day
from services.safety.domain.dlt_unexplained import hold_unexplained

DOSES = Doses(planned=28, given=28)


def _event(grade: int, day: int | None = 3) -> DltEvent:
    return DltEvent(
        id="ae",
        term="Rash",
        soc="Skin",
        causality=Causality.UNRELATED,
        grades=(DatedGrade(day=day, grade=grade),),
    )


def _held(
    definition: DltDefinition, left: Left | None, *events: DltEvent, day: int = 12
) -> tuple[Verdict, Provisional, tuple[str, ...]]:
    finding = evaluate_dlt(definition, WindowState.STARTED, events, DOSES, left, during_day(day))
    held = hold_unexplained(finding, left, events, window_days=definition.window_days)
    return held.verdict, held.provisional, held.reasons


@pytest.mark.parametrize("reason", [LeftFor.TOXICITY, LeftFor.DEATH])
def test_leaving_without_its_event_is_held_as_a_possible_dlt(
    definition: DltDefinition, reason: LeftFor
) -> None:
    verdict, provisional, reasons = _held(definition, Left(day=10, reason=reason))

    assert (verdict, provisional) == (Verdict.PENDING, Provisional.DLT)
    assert "event_missing" in reasons


@pytest.mark.parametrize("reason", [LeftFor.PROGRESSION, LeftFor.WITHDRAWAL, LeftFor.OTHER])
def test_other_reasons_need_no_event(definition: DltDefinition, reason: LeftFor) -> None:
    assert _held(definition, Left(day=10, reason=reason))[0] is Verdict.NOT_EVALUABLE


def test_any_event_of_the_window_explains_a_toxicity(definition: DltDefinition) -> None:
    left = Left(day=10, reason=LeftFor.TOXICITY)

    assert _held(definition, left, _event(2))[0] is Verdict.NOT_EVALUABLE
    assert _held(definition, left, _event(2, day=None))[0] is not Verdict.NO_DLT
    assert _held(definition, left, _event(2, day=-3))[1] is Provisional.DLT


def test_only_a_fatal_event_explains_a_death(definition: DltDefinition) -> None:
    left = Left(day=10, reason=LeftFor.DEATH)

    assert _held(definition, left, _event(2))[1] is Provisional.DLT
    assert _held(definition, left, _event(5))[1] is Provisional.NONE


def test_it_never_becomes_no_dlt_by_waiting(definition_with: Callable[..., DltDefinition]) -> None:
    tolerant = definition_with(not_evaluable=[])

    verdict, provisional, _ = _held(tolerant, Left(day=10, reason=LeftFor.DEATH), day=60)

    assert (verdict, provisional) == (Verdict.PENDING, Provisional.DLT)


def test_leaving_after_the_window_or_not_yet_is_none_of_its_business(definition: DltDefinition) -> None:
    assert _held(definition, Left(day=29, reason=LeftFor.DEATH), day=40)[0] is Verdict.NO_DLT
    assert _held(definition, Left(day=20, reason=LeftFor.DEATH), day=12)[1] is Provisional.NONE
