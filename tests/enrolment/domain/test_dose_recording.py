from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.dose_recording import (
    DoseAuthorisation,
    DoseFlag,
    DoseHistory,
    DoseRank,
    GivenDose,
    decide_recording,
)
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import AuthorisationId, HaltId

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOSE = GivenDose(given_at=NOON, amount=Decimal("50"), planned=Decimal("50"), level=1)
AUTHORISED = DoseAuthorisation(id=AuthorisationId("a1"), authorised_at=NOON - HOUR)
HISTORY = DoseHistory(
    registered_at=NOON - 24 * HOUR,
    voided=False,
    allocated_level=1,
    earlier_doses=(),
    authorisation=AUTHORISED,
    treatment_stopped_at=None,
    dosing_halts=(),
)
HALTED = Halt(id=HaltId("h1"), scope=HaltScope(recruitment=True, dosing=True), effective_at=NOON - HOUR)


def flags(now: datetime = NOON, dose: GivenDose = DOSE, **fields: Any) -> frozenset[DoseFlag]:
    return decide_recording(dose, replace(HISTORY, **fields), now).flags


def test_an_authorised_dose_entered_at_once_has_no_flag() -> None:
    recorded = decide_recording(DOSE, HISTORY, NOON + HOUR)

    assert (recorded.rank, recorded.flags, recorded.is_deviation) == (DoseRank.FIRST, frozenset(), False)


@pytest.mark.parametrize("authorisation", [None, replace(AUTHORISED, authorised_at=NOON + HOUR)])
def test_a_dose_without_an_authorisation_before_it_is_recorded_as_a_deviation(
    authorisation: DoseAuthorisation | None,
) -> None:
    recorded = decide_recording(DOSE, replace(HISTORY, authorisation=authorisation), NOON + 2 * HOUR)

    assert recorded.is_deviation
    assert recorded.given_at == NOON


@pytest.mark.parametrize(("hours", "late"), [(24, False), (25, True)])
def test_an_entry_more_than_a_day_later_is_late(hours: int, late: bool) -> None:
    assert (DoseFlag.LATE_ENTRY in flags(NOON + hours * HOUR)) is late


@pytest.mark.parametrize(("minutes", "ahead"), [(5, False), (6, True)])
def test_a_time_in_the_future_is_a_query_not_a_refusal(minutes: int, ahead: bool) -> None:
    assert (DoseFlag.TIME_IN_FUTURE in flags(NOON - timedelta(minutes=minutes))) is ahead


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"registered_at": NOON + HOUR}, DoseFlag.BEFORE_REGISTRATION),
        ({"voided": True}, DoseFlag.REGISTRATION_VOIDED),
        ({"treatment_stopped_at": NOON}, DoseFlag.AFTER_TREATMENT_STOPPED),
        ({"dosing_halts": (HALTED,)}, DoseFlag.DURING_HALT),
    ],
)
def test_what_was_not_in_order_is_flagged(fields: dict[str, Any], flag: DoseFlag) -> None:
    assert flags(**fields) == {flag}


def test_a_dose_before_the_halt_took_effect_is_not_flagged() -> None:
    assert flags(dosing_halts=(replace(HALTED, effective_at=NOON + HOUR),)) == frozenset()


@pytest.mark.parametrize(
    ("amount", "differs"), [("55", False), ("55.01", True), ("45", False), ("44.99", True), ("0", True)]
)
def test_more_than_ten_percent_off_the_plan_opens_a_query(amount: str, differs: bool) -> None:
    dose = replace(DOSE, amount=Decimal(amount))

    assert (DoseFlag.DIFFERS_FROM_PLANNED in flags(dose=dose)) is differs


def test_without_a_planned_dose_nothing_is_compared() -> None:
    assert flags(dose=replace(DOSE, planned=None)) == frozenset()


@pytest.mark.parametrize(
    ("earlier", "rank"),
    [((), DoseRank.FIRST), ((NOON - HOUR,), DoseRank.LATER), ((NOON + HOUR,), DoseRank.NEW_FIRST)],
)
def test_first_is_by_time_given_not_by_time_entered(earlier: tuple[datetime, ...], rank: DoseRank) -> None:
    assert decide_recording(DOSE, replace(HISTORY, earlier_doses=earlier), NOON + 2 * HOUR).rank is rank


def test_a_dose_of_another_level_than_allocated_was_not_authorised() -> None:
    recorded = decide_recording(replace(DOSE, level=3), HISTORY, NOON)

    assert recorded.flags == {DoseFlag.LEVEL_DIFFERS, DoseFlag.UNAUTHORISED}


def test_what_contradicts_an_earlier_record_is_flagged() -> None:
    assert flags(contradicts_earlier=True) == {DoseFlag.CONTRADICTS_EARLIER}


REGISTERED = HISTORY.registered_at


@pytest.mark.parametrize(
    ("given_at", "earlier", "rank"),
    [
        (REGISTERED, (), DoseRank.FIRST),
        (REGISTERED - HOUR, (), DoseRank.BEFORE_REGISTRATION),
        (REGISTERED - HOUR, (NOON,), DoseRank.BEFORE_REGISTRATION),
        (NOON, (REGISTERED - HOUR,), DoseRank.FIRST),
        (NOON, (REGISTERED - HOUR, NOON + HOUR), DoseRank.NEW_FIRST),
        (NOON, (REGISTERED - HOUR, NOON - HOUR), DoseRank.LATER),
    ],
)
def test_a_dose_before_the_registration_is_never_the_first(
    given_at: datetime, earlier: tuple[datetime, ...], rank: DoseRank
) -> None:
    recorded = decide_recording(
        replace(DOSE, given_at=given_at), replace(HISTORY, earlier_doses=earlier), NOON
    )

    assert recorded.rank is rank


instants = st.integers(-2000, 2000).map(lambda hours: NOON + hours * HOUR)


@given(
    given_at=instants,
    registered_at=instants,
    earlier=st.lists(instants, max_size=4),
    stopped=st.none() | instants,
    authorisation=st.none() | st.just(AUTHORISED),
    amount=st.decimals(0, 1000, places=2),
    planned=st.none() | st.decimals(0, 1000, places=2),
    voided=st.booleans(),
    level=st.integers(1, 3),
)
def test_recording_never_refuses_and_keeps_the_reported_time(
    given_at: datetime,
    registered_at: datetime,
    earlier: list[datetime],
    stopped: datetime | None,
    authorisation: DoseAuthorisation | None,
    amount: Decimal,
    planned: Decimal | None,
    voided: bool,
    level: int,
) -> None:
    history = DoseHistory(
        registered_at=registered_at,
        voided=voided,
        allocated_level=1,
        earlier_doses=tuple(earlier),
        authorisation=authorisation,
        treatment_stopped_at=stopped,
        dosing_halts=(HALTED,),
    )

    dose = GivenDose(given_at=given_at, amount=amount, planned=planned, level=level)
    recorded = decide_recording(dose, history, NOON)

    assert recorded.given_at == given_at
    counted = [at for at in earlier if at >= registered_at]
    assert (recorded.rank is DoseRank.FIRST) is (given_at >= registered_at and not counted)
    assert (recorded.rank is DoseRank.BEFORE_REGISTRATION) is (given_at < registered_at)
    assert level == 1 or recorded.is_deviation
    assert authorisation is not None or recorded.is_deviation
