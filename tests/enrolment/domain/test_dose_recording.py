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
    first_dose_at=None,
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
    ("first_dose_at", "rank"),
    [
        (None, DoseRank.FIRST),
        (NOON - HOUR, DoseRank.LATER),
        (NOON, DoseRank.LATER),
        (NOON + HOUR, DoseRank.NEW_FIRST),
    ],
)
def test_first_is_by_time_given_not_by_time_entered(first_dose_at: datetime | None, rank: DoseRank) -> None:
    recorded = decide_recording(DOSE, replace(HISTORY, first_dose_at=first_dose_at), NOON + 2 * HOUR)

    assert (recorded.rank, recorded.counts_from) == (rank, NOON)


def test_a_dose_claimed_for_the_future_counts_from_its_entry() -> None:
    recorded = decide_recording(DOSE, HISTORY, NOON - HOUR)

    assert (recorded.given_at, recorded.counts_from) == (NOON, NOON - HOUR)
    assert recorded.begins_window


def test_a_dose_between_the_entry_and_the_claimed_time_of_the_first_moves_no_window() -> None:
    claimed = decide_recording(replace(DOSE, given_at=NOON + 240 * HOUR), HISTORY, NOON)

    real = decide_recording(
        replace(DOSE, given_at=NOON + 48 * HOUR),
        replace(HISTORY, first_dose_at=claimed.counts_from),
        NOON + 72 * HOUR,
    )

    assert (real.rank, real.begins_window) == (DoseRank.LATER, False)


def test_a_second_dose_claimed_for_the_future_begins_no_window() -> None:
    again = decide_recording(
        replace(DOSE, given_at=NOON + 2 * HOUR), replace(HISTORY, first_dose_at=NOON), NOON + HOUR
    )

    assert again.rank is DoseRank.LATER


def test_a_dose_of_another_level_than_allocated_was_not_authorised() -> None:
    recorded = decide_recording(replace(DOSE, level=3), HISTORY, NOON)

    assert recorded.flags == {DoseFlag.LEVEL_DIFFERS, DoseFlag.UNAUTHORISED}


def test_what_contradicts_an_earlier_record_is_flagged() -> None:
    assert flags(contradicts_earlier=True) == {DoseFlag.CONTRADICTS_EARLIER}


REGISTERED = HISTORY.registered_at


@pytest.mark.parametrize(
    ("given_at", "first_dose_at", "rank"),
    [
        (REGISTERED, None, DoseRank.FIRST),
        (REGISTERED - HOUR, None, DoseRank.BEFORE_REGISTRATION),
        (REGISTERED - HOUR, NOON, DoseRank.BEFORE_REGISTRATION),
    ],
)
def test_a_dose_before_the_registration_is_never_the_first(
    given_at: datetime, first_dose_at: datetime | None, rank: DoseRank
) -> None:
    recorded = decide_recording(
        replace(DOSE, given_at=given_at), replace(HISTORY, first_dose_at=first_dose_at), NOON
    )

    assert recorded.rank is rank
    assert recorded.begins_window is (rank is DoseRank.FIRST)


instants = st.integers(-2000, 2000).map(lambda hours: NOON + hours * HOUR)


@given(
    given_at=instants,
    registered_at=instants,
    first_dose_at=st.none() | instants,
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
    first_dose_at: datetime | None,
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
        first_dose_at=first_dose_at,
        authorisation=authorisation,
        treatment_stopped_at=stopped,
        dosing_halts=(HALTED,),
    )

    dose = GivenDose(given_at=given_at, amount=amount, planned=planned, level=level)
    recorded = decide_recording(dose, history, NOON)

    assert recorded.given_at == given_at
    assert (recorded.rank is DoseRank.FIRST) is (given_at >= registered_at and first_dose_at is None)
    assert (recorded.rank is DoseRank.BEFORE_REGISTRATION) is (given_at < registered_at)
    assert level == 1 or recorded.is_deviation
    assert authorisation is not None or recorded.is_deviation


@given(entries=st.lists(st.tuples(instants, instants), min_size=1, max_size=8))
def test_the_window_only_ever_moves_earlier_and_never_begins_after_an_entry(
    entries: list[tuple[datetime, datetime]],
) -> None:
    first_dose_at: datetime | None = None

    for now, given_at in sorted(entries):
        recorded = decide_recording(
            replace(DOSE, given_at=given_at), replace(HISTORY, first_dose_at=first_dose_at), now
        )
        if recorded.begins_window:
            assert recorded.counts_from <= min(now, given_at)
            assert first_dose_at is None or recorded.counts_from < first_dose_at
            first_dose_at = recorded.counts_from

    counted = [min(now, given_at) for now, given_at in entries if given_at >= REGISTERED]
    assert first_dose_at == min(counted, default=None)
