"""Applying a part's rule: recommendation, the cohort rule of a decision, and the levels the sponsor holds."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sponsor.domain.assessment import (
    closed_elsewhere,
    cohort_rule_for,
    counts_by_level,
    holds_due,
    looked_at,
    recommend_part,
    rule_source,
)
from services.sponsor.domain.boundary import checked_limits
from services.sponsor.domain.cohort_rule import BoundaryRule, RuleAnswer, TableRule
from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState
from services.sponsor.domain.escalation.result import Recommendation, RecommendationKind
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import ParticipantId, PartLevel
from services.sponsor.domain.protocol_terms import Boundary, PartTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import LevelCounts, Standing, Verdict

Build = Callable[..., Standing]
Kind = DecisionKind


@pytest.fixture
def expansion() -> PartTerms:
    limits = checked_limits({3: 2, 6: 3}, 6)
    counted = (PartLevel(part="a", level=2),)
    boundary = Boundary(text="section 9", limits=limits, max_evaluable=6, counted_with=counted)
    return PartTerms(part="x", stratum="all", labels=("75",), start_level=1, target=None, rule=boundary)


def people(standing: Build, *groups: tuple[str, int, int, Verdict]) -> list[Standing]:
    """Groups of (part, level, how many, verdict)."""
    made: list[Standing] = []
    for part, level, n, verdict in groups:
        for _ in range(n):
            place = PartLevel(part=part, level=level)
            made.append(standing(len(made) + 1, verdict, place=place))
    return made


def test_an_escalation_looks_at_its_own_people_alone(terms: PartTerms, standing: Build) -> None:
    everybody = people(standing, ("a", 1, 3, Verdict.NO_DLT), ("b", 1, 2, Verdict.DLT))

    found = recommend_part(terms, everybody, PartHistory(opened=(1,)))

    assert (found.kind, found.level) == (RecommendationKind.ESCALATE, 2)
    assert len(looked_at(terms, everybody)) == 3


def test_an_expansion_counts_the_escalations_people_at_its_dose(
    expansion: PartTerms, standing: Build
) -> None:
    everybody = people(
        standing, ("a", 2, 3, Verdict.NO_DLT), ("x", 1, 1, Verdict.DLT), ("a", 1, 2, Verdict.DLT)
    )

    found = recommend_part(expansion, everybody, PartHistory())

    assert (found.kind, found.cell.counts) == (RecommendationKind.STAY, LevelCounts(n=4, dlt=1))
    worse = [*everybody, standing(99, Verdict.DLT, place=PartLevel(part="a", level=2))]
    assert recommend_part(expansion, worse, PartHistory()).kind is RecommendationKind.ELIMINATE


def test_an_expansion_closed_by_decision_is_eliminated_whatever_its_counts(expansion: PartTerms) -> None:
    found = recommend_part(expansion, [], PartHistory(opened=(1,), eliminated=frozenset({1})))

    assert (found.kind, found.level, found.closed_levels) == (RecommendationKind.ELIMINATE, None, (1,))


def test_a_level_left_over_from_an_earlier_protocol_still_counts(
    rolling_six: DecisionTable, standing: Build
) -> None:
    two_levels = PartTerms(
        part="a", stratum="all", labels=("50", "75"), start_level=1, target=None, rule=rolling_six
    )
    everybody = people(standing, ("a", 1, 3, Verdict.NO_DLT), ("a", 3, 2, Verdict.DLT))

    found = recommend_part(two_levels, everybody, PartHistory(opened=(1, 3)))

    assert 3 in found.closed_levels


@pytest.mark.parametrize(
    ("level", "closed", "three_clear"),
    [
        (1, set(), RuleAnswer.HOLD),
        (1, {2}, RuleAnswer.SAME),
        (2, {3}, RuleAnswer.SAME),
        (3, set(), RuleAnswer.SAME),
    ],
)
def test_where_nothing_is_left_to_escalate_to_the_rule_fills_up(
    level: int, closed: set[int], three_clear: RuleAnswer, terms: PartTerms
) -> None:
    rule = cohort_rule_for(terms, level, Kind.OPEN_LEVEL, closed)

    assert isinstance(rule, TableRule)
    assert dict(rule.rows)[3, 0, 0] is three_clear
    assert rule.counts == (PartLevel(part="a", level=level),)


def test_the_rule_of_an_expansion_is_its_boundary(expansion: PartTerms) -> None:
    rule = cohort_rule_for(expansion, 1, Kind.EXPAND, set())

    assert isinstance(rule, BoundaryRule)
    assert rule.counts == (PartLevel(part="a", level=2), PartLevel(part="x", level=1))
    assert rule_source(expansion, 1).version == "section 9"


@pytest.mark.parametrize("kind", [Kind.HOLD, Kind.CLOSE_LEVEL, Kind.DECLARE_MTD])
def test_a_decision_that_opens_nothing_carries_no_rule(kind: Kind, terms: PartTerms) -> None:
    assert cohort_rule_for(terms, 1, kind, set()) is None


def test_an_expansion_knows_when_its_dose_was_found_intolerable(
    expansion: PartTerms, terms: PartTerms, standing: Build
) -> None:
    history = PartHistory(opened=(1, 2))
    fine = recommend_part(terms, people(standing, ("a", 2, 3, Verdict.NO_DLT)), history)
    toxic = recommend_part(terms, people(standing, ("a", 2, 2, Verdict.DLT)), history)

    assert not closed_elsewhere(expansion, {"a": fine})
    assert closed_elsewhere(expansion, {"a": toxic})
    assert not closed_elsewhere(terms, {"a": toxic})


def test_every_level_of_the_part_has_counts(terms: PartTerms, standing: Build) -> None:
    found = counts_by_level(terms, people(standing, ("a", 2, 1, Verdict.PENDING)))

    assert found == {1: LevelCounts(), 2: LevelCounts(n=1, pending=1), 3: LevelCounts()}


def test_a_level_outside_the_part_has_no_label(terms: PartTerms) -> None:
    assert terms.label(3) == "95"
    for level in (0, 4):
        with pytest.raises(Refused, match="level_unknown"):
            terms.label(level)


# -- holds ----------------------------------------------------------------------------------------------


@pytest.fixture
def seen(terms: PartTerms, standing: Build) -> Callable[..., Recommendation]:
    def recommend(*groups: tuple[str, int, int, Verdict], opened: tuple[int, ...]) -> Recommendation:
        return recommend_part(terms, people(standing, *groups), PartHistory(opened=opened))

    return recommend


def test_only_levels_that_were_opened_are_held(
    seen: Callable[..., Recommendation], decide: Callable[..., Decision]
) -> None:
    toxic = seen(("a", 2, 2, Verdict.DLT), opened=(1, 2))

    due = holds_due(toxic, PartHistory(opened=(1, 2)), [decide(Kind.OPEN_LEVEL, 2)])

    assert toxic.closed_levels == (2, 3)
    assert due == {2: "eliminated"}


def test_a_decision_that_knew_as_much_is_not_held(
    seen: Callable[..., Recommendation], decide: Callable[..., Decision]
) -> None:
    waiting = seen(("a", 1, 6, Verdict.PENDING), opened=(1,))
    knew = replace(decide(Kind.OPEN_LEVEL, 1), recommendation=waiting)
    knew_not = decide(Kind.OPEN_LEVEL, 1)
    history = PartHistory(opened=(1,))

    assert waiting.kind is RecommendationKind.SUSPEND
    assert holds_due(waiting, history, [knew_not]) == {1: "suspend"}
    assert holds_due(waiting, history, [knew_not, knew]) == {}
    assert holds_due(waiting, history, [replace(knew, state=DecisionState.SUPERSEDED)]) == {1: "suspend"}


def test_an_unmatched_dlt_holds_the_level_whoever_knew(
    seen: Callable[..., Recommendation], decide: Callable[..., Decision]
) -> None:
    fine = seen(opened=(1,))

    assert holds_due(fine, PartHistory(opened=(1,)), [decide(Kind.OPEN_LEVEL, 1)], {1}) == {
        1: "unmatched_dlt"
    }


TOLD = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([Verdict.DLT, Verdict.NO_DLT, Verdict.PENDING])),
    min_size=1,
    max_size=8,
)


@given(told=TOLD, index=st.integers(0, 7))
def test_one_more_dlt_never_takes_a_level_off_the_eliminated_ones(
    rolling_six: DecisionTable, told: list[tuple[int, Verdict]], index: int
) -> None:
    levels = ("50", "75", "95")
    terms = PartTerms(part="a", stratum="all", labels=levels, start_level=1, target=None, rule=rolling_six)
    history = PartHistory(opened=(1, 2, 3))

    def eliminated(verdicts: list[tuple[int, Verdict]]) -> set[int]:
        standings = [
            Standing(
                participant_id=ParticipantId(f"p{number}"),
                place=PartLevel(part="a", level=level),
                verdict=verdict,
                registration_version=1,
                verdict_version=1,
            )
            for number, (level, verdict) in enumerate(verdicts)
        ]
        due = holds_due(recommend_part(terms, standings, history), history, [])
        return {level for level, reason in due.items() if reason == "eliminated"}

    worse = list(told)
    worse[index % len(told)] = (told[index % len(told)][0], Verdict.DLT)

    assert eliminated(told) <= eliminated(worse)
