"""Guards and properties of the rolling six recommendation."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sponsor.domain.escalation.result import (
    Reason,
    Recommendation,
    RecommendationKind,
    caution,
    recommendation_payload,
)
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.standing import LevelCounts, Standing, Verdict, count_levels

Kind = RecommendationKind
Part = tuple[dict[int, LevelCounts], PartHistory, int]


def at(
    table: DecisionTable, counts: dict[int, LevelCounts], *opened: int, levels: int = 3, **history: object
) -> Recommendation:
    return recommend(table, counts, PartHistory(opened=opened, **history), levels)  # type: ignore[arg-type]


def test_six_with_two_pending_suspend_until_one_window_ends_clear(rolling_six: DecisionTable) -> None:
    waiting = at(rolling_six, {1: LevelCounts(n=6, pending=2)}, 1)
    answered = at(rolling_six, {1: LevelCounts(n=6, pending=1)}, 1)

    assert (waiting.kind, waiting.level) == (Kind.SUSPEND, None)
    assert (answered.kind, answered.level) == (Kind.ESCALATE, 2)


def test_three_clear_escalate_and_three_with_one_pending_stay(rolling_six: DecisionTable) -> None:
    clear = at(rolling_six, {1: LevelCounts(n=3)}, 1)
    waiting = at(rolling_six, {1: LevelCounts(n=3, pending=1)}, 1)

    assert (clear.kind, clear.level) == (Kind.ESCALATE, 2)
    assert (waiting.kind, waiting.level) == (Kind.STAY, 1)


def test_before_any_decision_the_start_level_is_recommended(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {}, start_level=2)

    assert (found.kind, found.level, found.reasons) == (Kind.STAY, 2, (Reason.START_LEVEL,))


def test_two_dlts_at_level_one_end_the_search_without_a_dose(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=2, dlt=2)}, 1)

    assert (found.kind, found.level) == (Kind.STOP_NO_MTD, None)
    assert found.closed_levels == (1, 2, 3)
    assert Reason.LOWEST_ELIMINATED in found.reasons


def test_a_late_second_dlt_at_level_one_stops_a_trial_that_is_at_level_two(
    rolling_six: DecisionTable,
) -> None:
    found = at(rolling_six, {1: LevelCounts(n=3, dlt=2), 2: LevelCounts(n=3)}, 1, 2)

    assert found.kind is Kind.STOP_NO_MTD


def test_toxicity_at_the_start_level_goes_down_to_an_untried_lower_level(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {2: LevelCounts(n=3, dlt=2)}, 2, start_level=2)

    assert (found.kind, found.level) == (Kind.DEESCALATE, 1)


def test_a_full_lower_level_with_open_answers_suspends_before_it_is_named(
    rolling_six: DecisionTable,
) -> None:
    counts = {1: LevelCounts(n=6, dlt=1, pending=1), 2: LevelCounts(n=2, dlt=2)}

    found = at(rolling_six, counts, 1, 2)

    assert (found.kind, found.level, found.closed_levels) == (Kind.SUSPEND, None, (2, 3))


def test_a_full_clear_lower_level_is_named_at_once(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=6), 2: LevelCounts(n=2, dlt=2)}, 1, 2)

    assert (found.kind, found.level) == (Kind.COMPLETE, 1)


def test_an_eliminated_level_stays_closed_when_its_counts_improve(rolling_six: DecisionTable) -> None:
    counts = {1: LevelCounts(n=3), 2: LevelCounts(n=4, dlt=1)}

    found = at(rolling_six, counts, 1, 2, eliminated=frozenset({2}))

    assert (found.kind, found.level, found.closed_levels) == (Kind.DEESCALATE, 1, (2, 3))


def test_three_clear_at_the_top_level_fill_up_to_six(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=3), 2: LevelCounts(n=3)}, 1, 2, levels=2)

    assert (found.kind, found.level, found.reasons) == (Kind.STAY, 2, (Reason.LAST_LEVEL,))


def test_seven_at_a_level_are_outside_the_table_and_suspend(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=7, dlt=1)}, 1)

    assert (found.kind, found.level, found.reasons) == (Kind.SUSPEND, None, (Reason.OUTSIDE_TABLE,))


def test_a_second_dlt_counts_even_beyond_the_table(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=3), 2: LevelCounts(n=7, dlt=2)}, 1, 2)

    assert (found.kind, found.level) == (Kind.DEESCALATE, 1)


def test_a_level_emptied_by_revised_verdicts_is_not_skipped(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=3)}, 1, 2, 3)

    assert (found.kind, found.level, found.reasons) == (Kind.DEESCALATE, 2, (Reason.NO_SKIP,))


def test_a_provisional_second_dlt_is_read_as_a_dlt(rolling_six: DecisionTable) -> None:
    counts = {1: LevelCounts(n=3), 2: LevelCounts(n=4, dlt=1, pending=1, provisional=1)}

    found = at(rolling_six, counts, 1, 2)

    assert (found.kind, found.level) == (Kind.DEESCALATE, 1)
    assert Reason.PROVISIONAL_DLT in found.reasons
    assert found.cell.counts.provisional == 0  # the cell that was read


def test_a_provisional_dlt_that_would_close_a_level_weighs_more_than_waiting(
    rolling_six: DecisionTable,
) -> None:
    # Read as pending the full level is suspended; read as DLT it is closed and the level below goes on.
    counts = {1: LevelCounts(n=3), 2: LevelCounts(n=6, dlt=1, pending=1, provisional=1)}

    found = at(rolling_six, counts, 1, 2)

    assert (found.kind, found.level, found.closed_levels) == (Kind.DEESCALATE, 1, (2, 3))


def test_a_provisional_dlt_that_changes_nothing_is_read_as_pending(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=3, pending=1, provisional=1)}, 1)

    assert (found.kind, found.level) == (Kind.STAY, 1)
    assert Reason.PROVISIONAL_DLT not in found.reasons


@pytest.mark.parametrize(
    ("counts", "history"),
    [
        ({4: LevelCounts(n=1)}, PartHistory(opened=(1,))),
        ({}, PartHistory(opened=(0,))),
        ({}, PartHistory(eliminated=frozenset({5}))),
        ({}, PartHistory(start_level=4)),
    ],
)
def test_a_level_outside_the_part_is_an_error(
    counts: dict[int, LevelCounts], history: PartHistory, rolling_six: DecisionTable
) -> None:
    with pytest.raises(ValueError, match="outside the part"):
        recommend(rolling_six, counts, history, 3)


def test_the_payload_names_table_cell_and_reasons(rolling_six: DecisionTable) -> None:
    found = at(rolling_six, {1: LevelCounts(n=3)}, 1)

    payload = recommendation_payload(found)

    assert payload["kind"] == "escalate"
    assert payload["cell"] == {
        "source": {"id": "rolling_six", "version": "2008.1", "sha256": rolling_six.source.sha256},
        "level": 1,
        "n": 3,
        "dlt": 0,
        "pending": 0,
        "provisional": 0,
    }


@st.composite
def level_counts(draw: st.DrawFn) -> LevelCounts:
    n = draw(st.sampled_from([0, 1, 2, 3, 3, 4, 5, 6, 6, 6, 7, 8]))
    dlt = draw(st.integers(0, min(n, 3)))
    pending = draw(st.integers(0, n - dlt))
    return LevelCounts(n=n, dlt=dlt, pending=pending, provisional=draw(st.integers(0, pending)))


@st.composite
def parts(draw: st.DrawFn) -> Part:
    levels = draw(st.integers(1, 5))
    a_level = st.integers(1, levels)
    history = PartHistory(
        opened=tuple(draw(st.lists(a_level, max_size=5))),
        eliminated=draw(st.frozensets(a_level, max_size=2)),
        start_level=draw(a_level),
    )
    return draw(st.dictionaries(a_level, level_counts())), history, levels


@given(parts())
def test_the_recommendation_is_defined_everywhere_and_never_skips_an_untried_level(
    rolling_six: DecisionTable, part: Part
) -> None:
    counts, history, levels = part

    found = recommend(rolling_six, counts, history, levels)

    tried = max((level for level, c in counts.items() if c.n), default=0)
    assert found.level is None or 1 <= found.level <= max(tried + 1, history.start_level)
    without_level = {Kind.SUSPEND, Kind.STOP_NO_MTD}
    assert (found.level is None) == (found.kind in without_level)


@given(parts())
def test_the_recommendation_never_enters_an_eliminated_level(rolling_six: DecisionTable, part: Part) -> None:
    counts, history, levels = part

    found = recommend(rolling_six, counts, history, levels)

    toxic = {level for level, c in counts.items() if c.dlt >= 2} | history.eliminated
    if toxic:
        assert set(found.closed_levels) >= set(range(min(toxic), levels + 1))
        assert found.level is None or found.level < min(toxic)


@settings(max_examples=400)
@given(parts(), st.data())
def test_one_more_dlt_among_the_same_participants_is_never_answered_less_cautiously(
    rolling_six: DecisionTable, part: Part, data: st.DataObject
) -> None:
    counts, history, levels = part
    worse_off = [(level, c) for level, c in counts.items() if c.dlt < c.n]
    if not worse_off:
        return
    level, before = data.draw(st.sampled_from(worse_off))
    sure = before.n - before.dlt - before.pending
    taken_from_pending = sure == 0 or (before.pending > 0 and data.draw(st.booleans()))
    pending = before.pending - 1 if taken_from_pending else before.pending
    after = LevelCounts(
        n=before.n, dlt=before.dlt + 1, pending=pending, provisional=min(before.provisional, pending)
    )

    old = recommend(rolling_six, counts, history, levels)
    new = recommend(rolling_six, {**counts, level: after}, history, levels)

    assert caution(new) >= caution(old)


@given(
    st.lists(st.tuples(st.sampled_from(list(Verdict)), st.integers(1, 3)), max_size=15),
    st.randoms(use_true_random=False),
)
def test_the_recommendation_does_not_depend_on_the_order_of_participants(
    rolling_six: DecisionTable,
    standing: Callable[..., Standing],
    verdicts: list[tuple[Verdict, int]],
    shuffler: object,
) -> None:
    everyone = [standing(i, verdict, level) for i, (verdict, level) in enumerate(verdicts)]
    shuffled = list(everyone)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    history = PartHistory(opened=(1, 2))

    first = recommend(rolling_six, dict(count_levels(everyone, "a")), history, 3)
    second = recommend(rolling_six, dict(count_levels(shuffled, "a")), history, 3)

    assert first == second
