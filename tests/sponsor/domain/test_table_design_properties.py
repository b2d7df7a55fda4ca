"""What no table design may ever recommend, over random designs, data and walks."""

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sponsor.domain.escalation.design import Coherence, DoseDesign, Guards, PartialCohort, Terms
from services.sponsor.domain.escalation.interval_courses import isotonic_arrays, select_levels
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.isotonic import isotonic_rates
from services.sponsor.domain.escalation.level_courses import LevelArrays
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.observations import Observations, Participant, observed
from services.sponsor.domain.escalation.pathways import pathways
from services.sponsor.domain.escalation.recommend import conclude, recommend
from services.sponsor.domain.escalation.result import Reason, RecommendationKind
from tests.sponsor.domain.designs import (
    around_target,
    boin,
    counted,
    extra_safe,
    iq_rolling_six,
    rolling_six,
    three_plus_three,
)

LEVELS = 4
TRIES = settings(max_examples=150, deadline=None)
UP = RecommendationKind.ESCALATE

intervals: st.SearchStrategy[IntervalDesign] = st.sampled_from(
    [
        boin("0.25", LEVELS),
        boin("0.3", LEVELS),
        boin("0.3", LEVELS, n_earlystop=9),
        replace(extra_safe("0.3"), terms=Terms(levels=LEVELS, cohort_size=3)),
        *(around_target(name, "0.3", LEVELS) for name in ("keyboard", "mtpi2", "mtpi", "i3plus3")),
    ]
)
by_level: st.SearchStrategy[LevelDesign] = st.sampled_from(
    [
        three_plus_three(LEVELS),
        three_plus_three(LEVELS, allow_deescalate=False),
        three_plus_three(LEVELS, mtd_needs_six=True),
        rolling_six(LEVELS),
        iq_rolling_six(LEVELS),
    ]
)


@st.composite
def designs(draw: st.DrawFn) -> DoseDesign:
    design = draw(st.one_of(intervals, by_level))
    size = 3 if isinstance(design, LevelDesign) else draw(st.sampled_from([None, 1, 2, 3]))
    coherence = draw(st.sampled_from([Coherence.OFF, Coherence.PARTICIPANT]))
    terms = Terms(
        levels=LEVELS,
        cohort_size=size,
        partial_cohort=draw(st.sampled_from(list(PartialCohort))),
        guards=Guards(no_skip=True, coherence=coherence),
    )
    return replace(design, terms=terms)


OUTCOMES: st.SearchStrategy[bool | None] = st.sampled_from([False, False, True, None])


@st.composite
def cuts(draw: st.DrawFn) -> Observations:
    """Any data cut: cohorts at any level in any order or counts alone, outcomes known or pending, levels closed."""
    people: list[Participant] = []
    highest = draw(st.integers(1, LEVELS))
    for cohort in range(draw(st.integers(0, 7))):
        level = draw(st.integers(1, highest))
        answers = draw(st.lists(OUTCOMES, min_size=1, max_size=4))
        people += [Participant(level=level, dlt=answer, cohort=cohort) for answer in answers]
    data = observed(LEVELS, people, draw(st.sampled_from([None, None, 1, 2, 3, 4])))
    counts_alone: bool = draw(st.booleans())
    if people and counts_alone:
        return replace(data, participants=None, current=draw(st.integers(1, LEVELS)))
    return data


@TRIES
@given(design=designs(), data=cuts())
def test_no_untried_level_is_skipped_and_no_closed_one_entered(
    design: DoseDesign, data: Observations
) -> None:
    found = recommend(design, data)

    if found.level is not None:
        assert found.level <= max(data.highest_tried + 1, design.terms.start_level)
        assert found.level not in found.closed_levels
        assert data.closed_from is None or found.level < data.closed_from
    assert (found.kind in {RecommendationKind.WAIT, RecommendationKind.SUSPEND}) <= (found.level is None)


@TRIES
@given(design=designs(), data=cuts())
def test_nobody_escalates_on_a_partial_cohort(design: DoseDesign, data: Observations) -> None:
    """Unless no outcome that is still open could change the answer."""
    found = recommend(design, data)
    missing = design.missing(data)
    if design.reads_pending or not data.treated or not (missing or sum(data.pending)):
        return

    if found.kind is UP:
        assert design.terms.partial_cohort is PartialCohort.WAIT
        for outcome in product(*(range(c + 1) for c in data.pending), range(missing + 1)):
            known = data.resolved(outcome[:-1])
            if missing and data.current:
                more = [place < outcome[-1] for place in range(missing)]
                known = known.followed_by(data.current, more, same_cohort=True)
            assert recommend(design, known).kind is UP


@TRIES
@given(design=designs(), data=cuts())
def test_the_dose_found_was_tried_and_is_open(design: DoseDesign, data: Observations) -> None:
    found = conclude(design, data)

    if found.kind is RecommendationKind.COMPLETE:
        assert found.level is not None
        assert data.evaluated[found.level - 1] + data.pending[found.level - 1] > 0
        assert found.level not in found.closed_levels


@TRIES
@given(design=designs(), data=cuts(), dlts=st.data())
def test_a_trial_that_follows_the_design_never_enters_a_level_it_has_closed(
    design: DoseDesign, data: Observations, dlts: st.DataObject
) -> None:
    now = observed(LEVELS, ())
    for _ in range(12):
        found = recommend(design, now)
        if found.level is None or found.kind is RecommendationKind.COMPLETE:
            return
        closed = min(found.closed_levels, default=None)
        assert closed is None or found.level < closed
        had = dlts.draw(st.integers(0, 3))
        after = now.followed_by(found.level, [place < had for place in range(3)])
        now = replace(after, closed_from=closed)


@TRIES
@given(design=designs(), data=cuts())
def test_the_same_data_give_the_same_recommendation(design: DoseDesign, data: Observations) -> None:
    assert recommend(design, data) == recommend(design, data)


@TRIES
@given(design=st.one_of(intervals, by_level), data=cuts())
def test_coherence_by_participant_stops_escalation_after_a_dlt(
    design: IntervalDesign | LevelDesign, data: Observations
) -> None:
    guards = Guards(no_skip=True, coherence=Coherence.PARTICIPANT)
    careful = replace(design, terms=replace(design.terms, guards=guards))

    found = recommend(careful, data)

    if found.kind is UP and not sum(data.pending) and not careful.missing(data):
        assert data.last_cohort.last_had_dlt is not True


@settings(max_examples=60, deadline=None)
@given(design=designs(), data=cuts())
def test_pathways_are_what_would_be_recommended(design: DoseDesign, data: Observations) -> None:
    if sum(data.pending) > 4:
        return
    paths = pathways(design, data, 1)

    known = [path for path in paths if path.steps]
    assert known == list(paths)
    order = [[step.dlt for step in path.steps] for path in paths]
    assert order == sorted(order)


counts_of_level = st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@TRIES
@given(
    st.lists(st.lists(counts_of_level, min_size=LEVELS, max_size=LEVELS), min_size=1, max_size=5), intervals
)
def test_many_trials_at_once_find_the_dose_of_each(
    trials: list[list[tuple[int, int]]], design: IntervalDesign
) -> None:
    evaluated = np.array([[n for n, _ in row] for row in trials])
    dlts = np.array([[y for _, y in row] for row in trials])

    found = select_levels(design, evaluated, dlts)

    alone = [
        conclude(design, counted(tuple(n), tuple(y))).level or 0 for n, y in zip(evaluated, dlts, strict=True)
    ]
    assert found.tolist() == alone


@TRIES
@given(st.lists(counts_of_level, min_size=1, max_size=8))
def test_isotonic_rates_are_the_same_by_pooling_and_by_formula(levels: list[tuple[int, int]]) -> None:
    evaluated, dlts = tuple(n for n, _ in levels), tuple(y for _, y in levels)
    treated = [place for place, n in enumerate(evaluated, 1) if n]

    pooled = isotonic_rates(evaluated, dlts, treated)
    formula = isotonic_arrays(np.array([evaluated]), np.array([dlts]), np.array([evaluated]) > 0)[0]

    for place, rate in enumerate(pooled):
        assert rate is None or abs(rate - formula[place]) < 1e-12


@TRIES
@given(by_level, st.lists(st.integers(0, 6), min_size=LEVELS, max_size=LEVELS), st.data())
def test_the_table_machine_moves_alike_for_one_and_for_many(
    design: LevelDesign, numbers: list[int], data: st.DataObject
) -> None:
    """Complete cohorts only; the array form and the recommendation say the same."""
    numbers = [3 * (n // 3) if design.has_cohorts else n for n in numbers]
    dlts = [data.draw(st.integers(0, n)) for n in numbers]
    cut = counted(tuple(numbers), tuple(dlts))
    if not cut.treated or cut.current is None:
        return
    alone = recommend(design, cut)
    many = LevelArrays(design).moves(
        np.array([numbers]),
        np.array([dlts]),
        np.zeros((1, LEVELS), dtype=np.int64),
        np.array([cut.current]),
        np.array([LEVELS + 1]),
    )

    if alone.kind is RecommendationKind.COMPLETE:
        assert (int(many.dose[0]), int(many.level[0])) == (alone.level, 0)
    elif alone.kind is RecommendationKind.STOP_NO_MTD:
        assert int(many.dose[0]) == 0
    else:
        assert (int(many.dose[0]), int(many.level[0])) == (-1, alone.level or 0)


def test_a_reason_is_named_for_each_guard_that_binds() -> None:
    closed = counted((3, 0, 0, 0), (0, 0, 0, 0), closed_from=2)
    top = counted((3, 3, 3, 3), (0, 0, 0, 0))
    bottom = counted((2, 0, 0, 0), (1, 0, 0, 0))
    untried = counted((3, 0, 0, 0), (0, 0, 0, 0), current=3)

    assert recommend(boin(levels=LEVELS), closed).reasons == (Reason.ELIMINATED,)
    assert recommend(boin(levels=LEVELS), top).reasons == (Reason.LAST_LEVEL,)
    assert recommend(boin(levels=LEVELS, cohort_size=None), bottom).reasons == (Reason.LOWEST_LEVEL,)
    skipping = recommend(boin(levels=LEVELS), untried)
    assert (skipping.kind, skipping.level, skipping.reasons) == (
        RecommendationKind.DEESCALATE,
        2,
        (Reason.NO_SKIP,),
    )
