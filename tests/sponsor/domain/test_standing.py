from collections.abc import Callable

import pytest

from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.standing import LevelCounts, Standing, Verdict, count, count_levels

HERE = PartLevel(part="a", level=1)
Build = Callable[..., Standing]


def test_not_evaluable_participants_count_in_nothing(standing: Build) -> None:
    everyone = [standing(1), standing(2, Verdict.DLT), standing(3, Verdict.NOT_EVALUABLE)]

    assert count(everyone, {HERE}) == LevelCounts(n=2, dlt=1)


def test_silence_is_pending_and_never_no_dlt(standing: Build) -> None:
    everyone = [
        standing(1, Verdict.PENDING),
        standing(2, Verdict.MISSING, first_dose_at=None),
        standing(3, Verdict.PENDING, provisional_dlt=True),
    ]

    assert count(everyone, {HERE}) == LevelCounts(n=3, pending=3, provisional=1)


def test_levels_counted_together_add_up_and_others_stay_out(standing: Build) -> None:
    elsewhere = PartLevel(part="b", level=1)
    everyone = [standing(1), standing(2, place=elsewhere), standing(3, level=2)]

    assert count(everyone, {HERE, elsewhere}) == LevelCounts(n=2)
    assert count_levels(everyone, "a") == {1: LevelCounts(n=1), 2: LevelCounts(n=1)}


def test_a_provisional_dlt_read_as_dlt_keeps_n() -> None:
    counts = LevelCounts(n=4, dlt=1, pending=2, provisional=1)

    assert counts.provisional_as_dlt() == LevelCounts(n=4, dlt=2, pending=1)


@pytest.mark.parametrize(
    "counts",
    [{"n": 1, "dlt": 1, "pending": 1}, {"n": -1}, {"n": 2, "pending": 1, "provisional": 2}],
)
def test_impossible_counts_are_an_error(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="count"):
        LevelCounts(**counts)


def test_only_a_pending_verdict_can_be_provisionally_a_dlt(standing: Build) -> None:
    with pytest.raises(ValueError, match="pending"):
        standing(1, Verdict.NO_DLT, provisional_dlt=True)
