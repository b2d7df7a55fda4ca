"""Which dose the windows count from, whatever was recorded and corrected on the way."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from services.enrolment.domain.dose_recording import DoseHistory, GivenDose, decide_recording
from services.enrolment.domain.first_dose import (
    DoseOnRecord,
    FirstDose,
    FirstDoseChange,
    first_dose_change,
    first_dose_of,
)

REGISTERED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def dose(hours: int, *, entered: int = 500, level: int = 1, n: int = 0, taken: bool = True) -> DoseOnRecord:
    return DoseOnRecord(
        id=f"{n:03}",
        at=REGISTERED + hours * HOUR,
        given=taken,
        level=level,
        recorded_at=REGISTERED + entered * HOUR,
    )


def test_the_first_dose_is_the_earliest_given_since_the_registration() -> None:
    doses = [dose(30), dose(20, level=2), dose(10, taken=False), dose(-5)]

    first = first_dose_of(doses, REGISTERED)

    assert first == FirstDose(at=REGISTERED + 20 * HOUR, level=2)


def test_a_dose_claimed_for_the_future_counts_from_its_entry() -> None:
    first = first_dose_of([dose(90, entered=10)], REGISTERED)

    assert first == FirstDose(at=REGISTERED + 10 * HOUR, level=1)


def test_of_two_doses_of_one_time_the_one_recorded_first_names_the_level() -> None:
    doses = [dose(5, level=3, n=2, entered=7), dose(5, level=1, n=1, entered=7), dose(5, level=2, entered=8)]

    assert first_dose_of(doses, REGISTERED) == FirstDose(at=REGISTERED + 5 * HOUR, level=1)


def test_without_a_dose_that_stands_no_window_has_begun() -> None:
    assert first_dose_of([dose(-1), dose(4, taken=False)], REGISTERED) is None


def test_a_first_dose_may_begin_be_corrected_or_be_voided() -> None:
    early, late = (FirstDose(at=REGISTERED + hours * HOUR, level=1) for hours in (1, 2))

    changes = [
        first_dose_change(*pair)
        for pair in [
            (None, None),
            (None, early),
            (early, late),
            (early, replace(early, level=2)),
            (late, None),
        ]
    ]

    assert changes == [
        FirstDoseChange.UNCHANGED,
        FirstDoseChange.BEGUN,
        FirstDoseChange.CORRECTED,
        FirstDoseChange.CORRECTED,
        FirstDoseChange.VOIDED,
    ]


@dataclass
class Ledger:
    """Doses recorded and corrected one after the other, as the service does it."""

    standing: list[DoseOnRecord]
    first: FirstDose | None = None
    entries: int = 0

    def enter(self, at: datetime, level: int, now: datetime) -> DoseOnRecord:
        self.entries += 1
        return DoseOnRecord(id=f"{self.entries:06}", at=at, given=True, level=level, recorded_at=now)

    def record(self, at: datetime, level: int, now: datetime) -> None:
        """A dose moves the first one by its rank alone, without a look at the other doses."""
        history = DoseHistory(
            registered_at=REGISTERED,
            voided=False,
            allocated_level=1,
            first_dose_at=None if self.first is None else self.first.at,
            authorisation=None,
            treatment_stopped_at=None,
            dosing_halts=(),
        )
        given_dose = GivenDose(given_at=at, amount=Decimal(1), planned=None, level=level)
        decided = decide_recording(given_dose, history, now)
        if decided.begins_window:
            self.first = FirstDose(at=decided.counts_from, level=level)
        self.standing.append(self.enter(at, level, now))

    def correct(self, which: int, at: datetime | None, level: int, now: datetime) -> None:
        """A correction takes one record away and, unless it voids it, puts another beside the rest."""
        if not self.standing:
            return
        del self.standing[which % len(self.standing)]
        if at is not None:
            self.standing.append(self.enter(at, level, now))
        self.first = first_dose_of(self.standing, REGISTERED)


hours = st.integers(min_value=-20, max_value=120)
steps = st.lists(
    st.tuples(st.sampled_from(["record", "correct", "void"]), hours, st.integers(1, 3), st.integers(0, 30)),
    max_size=25,
)


@settings(max_examples=300)
@given(steps)
def test_any_records_and_corrections_end_at_the_first_dose_of_what_stands(
    story: list[tuple[str, int, int, int]],
) -> None:
    ledger, now = Ledger(standing=[]), REGISTERED

    for what, at, level, which in story:
        now += which * HOUR
        if what == "record":
            ledger.record(REGISTERED + at * HOUR, level, now)
        else:
            told = None if what == "void" else REGISTERED + at * HOUR
            ledger.correct(which, told, level, now)

        assert ledger.first == first_dose_of(ledger.standing, REGISTERED)
