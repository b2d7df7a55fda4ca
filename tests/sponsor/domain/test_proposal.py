from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sponsor.domain.boundary import checked_limits
from services.sponsor.domain.cohort_rule import (
    NextLevel,
    places_available,
    rule_from_boundary,
    rule_from_table,
    rule_sha256,
)
from services.sponsor.domain.decision import Decision, DecisionKind, DecisionState, WrittenReason
from services.sponsor.domain.escalation.expansion import recommend_expansion
from services.sponsor.domain.escalation.result import RecommendationKind
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, TrialId
from services.sponsor.domain.proposal import Ground, Proposal, decide_proposal, is_above
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.standing import LevelCounts

Kind = DecisionKind
RULES = SigningRules(required_roles=(Role.SRC_CHAIR, Role.MEDICAL_MONITOR), minimum_signers=2)
CHAIR, MONITOR = PersonId("chair"), PersonId("monitor")
BOTH_REASONS = (
    WrittenReason(role=Role.SRC_CHAIR, author=CHAIR, text="Pharmacokinetics are far below target."),
    WrittenReason(role=Role.MEDICAL_MONITOR, author=MONITOR, text="The DLT resolved within two days."),
)
Propose = Callable[..., Decision]


def ground_at(
    table: DecisionTable,
    counts: dict[int, LevelCounts],
    opened: tuple[int, ...],
    place: PartLevel,
    **h: object,
) -> Ground:
    """Ground of a decision for `place` in part "a" with three levels."""
    history = PartHistory(opened=opened, **h)  # type: ignore[arg-type]
    found = recommend(table, counts, history, 3)
    closed = history.eliminated | frozenset(found.closed_levels)
    if place.level == 3:
        above = NextLevel.NONE
    else:
        above = NextLevel.ELIMINATED if place.level + 1 in closed else NextLevel.OPENABLE
    rule = rule_from_table(table, place, above)
    return Ground(
        snapshot_sha256="5" * 64,
        recommendation=found,
        counts=counts,
        levels=3,
        start_level=history.start_level,
        eliminated=history.eliminated,
        rule=rule,
        places_left=places_available(rule, counts.get(place.level, LevelCounts())),
    )


@pytest.fixture(scope="session")
def propose(rolling_six: DecisionTable) -> Propose:
    def decide(
        kind: DecisionKind,
        level: int,
        counts: dict[int, LevelCounts],
        opened: tuple[int, ...] = (),
        *,
        places: int = 0,
        reason: str = "Committee of 29 March",
        reasons: tuple[WrittenReason, ...] = (),
        **history: object,
    ) -> Decision:
        place = PartLevel(part="a", level=level)
        proposal = Proposal(
            id=DecisionId("d1"),
            trial_id=TrialId("t1"),
            place=place,
            level_label="75 mg/m2",
            kind=kind,
            places=places,
            reason=reason,
            reasons=reasons,
            proposed_by=PersonId("manager"),
            proposed_at=datetime(2026, 3, 29, 12, tzinfo=UTC),
        )
        return decide_proposal(proposal, ground_at(rolling_six, counts, opened, place, **history), RULES)

    return decide


def refused(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value


THREE_CLEAR = {1: LevelCounts(n=3)}
ONE_DLT = {1: LevelCounts(n=3, dlt=1)}
LEVEL_2_TOXIC = {1: LevelCounts(n=3), 2: LevelCounts(n=4, dlt=2)}


def test_the_recommended_level_is_proposed_with_its_cohort_rule(propose: Propose) -> None:
    decision = propose(Kind.OPEN_LEVEL, 2, THREE_CLEAR, (1,), places=6)

    assert decision.state is DecisionState.PROPOSED
    assert decision.signatures == ()
    assert decision.in_force_at is None
    assert decision.rule is not None
    assert decision.rule.counts == (PartLevel(part="a", level=2),)
    assert decision.recommendation.kind is RecommendationKind.ESCALATE


def test_level_one_needs_a_decision_too(propose: Propose) -> None:
    assert propose(Kind.OPEN_LEVEL, 1, {}, places=6).place.level == 1


def test_the_text_fixes_everything_that_will_happen(propose: Propose) -> None:
    decision = propose(Kind.OPEN_LEVEL, 2, THREE_CLEAR, (1,), places=6)

    assert decision.rule is not None
    for part in (
        "d1",
        "t1",
        "level 2",
        "75 mg/m2",
        "places: 6",
        "escalate",
        "5" * 64,
        rule_sha256(decision.rule),
    ):
        assert part in decision.text
    assert decision.text != propose(Kind.OPEN_LEVEL, 2, THREE_CLEAR, (1,), places=5).text
    assert decision.text != propose(Kind.OPEN_LEVEL, 2, THREE_CLEAR, (1,), places=6, reason="Other").text


def test_a_reason_cannot_imitate_another_line_of_the_text(propose: Propose) -> None:
    forged = "Fine.\nDecision: close_level, places: 0"

    decision = propose(Kind.OPEN_LEVEL, 2, THREE_CLEAR, (1,), places=6, reason=forged)

    assert len(decision.text.splitlines()) == 7
    assert decision.text.splitlines()[-1] == "Reason: Fine. Decision: close_level, places: 0"


def test_a_decision_without_a_reason_is_refused(propose: Propose) -> None:
    call = lambda: propose(Kind.HOLD, 1, THREE_CLEAR, (1,), reason=" \n ")  # noqa: E731

    assert refused(call).code == "reason_required"


@pytest.mark.parametrize("level", [0, 4])
def test_a_level_outside_the_part_is_refused(level: int, propose: Propose) -> None:
    with pytest.raises(Refused) as refusal:
        propose(Kind.CLOSE_LEVEL, level, THREE_CLEAR, (1,))

    assert refusal.value.code == "level_unknown"


@pytest.mark.parametrize("kind", [Kind.OPEN_LEVEL, Kind.EXPAND, Kind.DECLARE_MTD])
def test_no_decision_skips_an_untried_level_whatever_its_reasons(
    kind: DecisionKind, propose: Propose
) -> None:
    places = 3 if kind.opens_places else 0
    call = lambda: propose(kind, 3, THREE_CLEAR, (1,), places=places, reasons=BOTH_REASONS)  # noqa: E731

    assert refused(call).code == "skips_untried_level"


def test_an_eliminated_level_is_not_opened_even_with_both_reasons(propose: Propose) -> None:
    call = lambda: propose(  # noqa: E731
        Kind.OPEN_LEVEL, 2, LEVEL_2_TOXIC, (1, 2), places=1, reasons=BOTH_REASONS
    )

    assert refused(call).code == "level_eliminated"


def test_an_expansion_level_closed_by_a_decision_stays_closed_when_its_boundary_is_no_longer_crossed() -> (
    None
):
    place = PartLevel(part="x", level=1)
    rule = rule_from_boundary("protocol 9.3", checked_limits({3: 3}, 12), 12, place)
    counts = LevelCounts(n=5, dlt=2)
    ground = Ground(
        snapshot_sha256="5" * 64,
        recommendation=recommend_expansion(rule, counts, 1, 1),
        counts={1: counts},
        levels=1,
        start_level=1,
        eliminated=frozenset({1}),
        rule=rule,
        places_left=places_available(rule, counts),
    )
    proposal = Proposal(
        id=DecisionId("d1"),
        trial_id=TrialId("t1"),
        place=place,
        level_label="75 mg/m2",
        kind=Kind.EXPAND,
        places=1,
        reason="Committee of 29 March",
        proposed_by=CHAIR,
        proposed_at=datetime(2026, 3, 29, tzinfo=UTC),
    )

    assert refused(lambda: decide_proposal(proposal, ground, RULES)).code == "level_eliminated"
    assert decide_proposal(proposal, replace(ground, eliminated=frozenset()), RULES).rule == rule


def test_a_level_above_an_eliminated_one_is_eliminated_too(propose: Propose) -> None:
    call = lambda: propose(  # noqa: E731
        Kind.REOPEN_LEVEL, 3, LEVEL_2_TOXIC, (1, 2), places=1, reasons=BOTH_REASONS
    )

    assert refused(call).code == "level_eliminated"


def test_an_eliminated_level_is_reopened_with_reasons_once_its_counts_allow_it(propose: Propose) -> None:
    revised = {1: LevelCounts(n=3), 2: LevelCounts(n=4, dlt=1)}

    decision = propose(
        Kind.REOPEN_LEVEL,
        2,
        revised,
        (1, 2),
        places=2,
        reasons=BOTH_REASONS,
        eliminated=frozenset({2}),
    )

    assert decision.kind is Kind.REOPEN_LEVEL


def test_reopening_a_level_that_its_own_rule_would_close_at_once_is_refused(propose: Propose) -> None:
    call = lambda: propose(  # noqa: E731
        Kind.REOPEN_LEVEL, 2, LEVEL_2_TOXIC, (1, 2), places=1, reasons=BOTH_REASONS
    )

    refusal = refused(call)
    assert (refusal.code, refusal.facts["left"]) == ("places_exceed_rule", 0)


def test_a_level_that_is_not_eliminated_is_not_reopened(propose: Propose) -> None:
    call = lambda: propose(Kind.REOPEN_LEVEL, 2, THREE_CLEAR, (1,), places=1)  # noqa: E731

    assert refused(call).code == "level_not_eliminated"


def test_above_the_recommendation_chair_and_monitor_both_write_why(propose: Propose) -> None:
    bare = refused(lambda: propose(Kind.OPEN_LEVEL, 2, ONE_DLT, (1,), places=6))
    chair_only = refused(
        lambda: propose(Kind.OPEN_LEVEL, 2, ONE_DLT, (1,), places=6, reasons=BOTH_REASONS[:1])
    )
    accepted = propose(Kind.OPEN_LEVEL, 2, ONE_DLT, (1,), places=6, reasons=BOTH_REASONS)

    assert bare.code == chair_only.code == "override_reason_required"
    assert bare.facts["missing_roles"] == ["medical_monitor", "src_chair"]
    assert chair_only.facts["missing_roles"] == ["medical_monitor"]
    assert BOTH_REASONS[0].text in accepted.text
    assert BOTH_REASONS[1].text in accepted.text


def test_one_person_cannot_write_both_reasons(propose: Propose) -> None:
    same = tuple(replace(reason, author=CHAIR) for reason in BOTH_REASONS)

    refusal = refused(lambda: propose(Kind.OPEN_LEVEL, 2, ONE_DLT, (1,), places=6, reasons=same))

    assert refusal.code == "override_reason_required"


def test_an_empty_reason_is_none(propose: Propose) -> None:
    blank = (BOTH_REASONS[0], replace(BOTH_REASONS[1], text="  "))

    refusal = refused(lambda: propose(Kind.OPEN_LEVEL, 2, ONE_DLT, (1,), places=6, reasons=blank))

    assert refusal.code == "override_reason_required"


def test_opening_the_same_or_a_lower_level_needs_no_override(propose: Propose) -> None:
    counts = {1: LevelCounts(n=4, dlt=1), 2: LevelCounts(n=1, pending=1)}

    assert propose(Kind.OPEN_LEVEL, 1, counts, (1, 2), places=2).places == 2
    assert propose(Kind.OPEN_LEVEL, 2, counts, (1, 2), places=5).places == 5


def test_opening_places_while_the_design_suspends_needs_both_reasons(propose: Propose) -> None:
    counts = {1: LevelCounts(n=6, pending=2)}

    refusal = refused(lambda: propose(Kind.OPEN_LEVEL, 2, counts, (1,), places=3))

    assert refusal.code == "override_reason_required"


def test_a_dose_is_declared_when_the_design_has_completed(propose: Propose) -> None:
    done = {1: LevelCounts(n=3), 2: LevelCounts(n=6, dlt=1), 3: LevelCounts(n=4, dlt=2)}

    assert propose(Kind.DECLARE_MTD, 2, done, (1, 2, 3, 2)).rule is None
    assert propose(Kind.DECLARE_MTD, 1, done, (1, 2, 3, 2)).place.level == 1
    early = refused(lambda: propose(Kind.DECLARE_MTD, 1, THREE_CLEAR, (1,)))
    assert early.code == "override_reason_required"


def test_a_dose_that_nobody_took_is_not_declared(propose: Propose) -> None:
    refusal = refused(lambda: propose(Kind.DECLARE_MTD, 2, THREE_CLEAR, (1,), reasons=BOTH_REASONS))

    assert refusal.code == "level_not_tried"


@pytest.mark.parametrize("kind", [Kind.CLOSE_LEVEL, Kind.HOLD])
def test_a_restriction_needs_no_override_anywhere(kind: DecisionKind, propose: Propose) -> None:
    decision = propose(kind, 2, LEVEL_2_TOXIC, (1, 2))

    assert (decision.places, decision.rule) == (0, None)


@pytest.mark.parametrize(
    ("kind", "places", "code"),
    [
        (Kind.OPEN_LEVEL, 0, "places_invalid"),
        (Kind.OPEN_LEVEL, 7, "places_exceed_rule"),
        (Kind.HOLD, 1, "places_invalid"),
    ],
)
def test_places_fit_the_kind_and_the_rule(
    kind: DecisionKind, places: int, code: str, propose: Propose
) -> None:
    refusal = refused(lambda: propose(kind, 2, THREE_CLEAR, (1,), places=places))

    assert refusal.code == code


def test_a_level_decision_cannot_carry_the_rule_of_another_level(rolling_six: DecisionTable) -> None:
    ground = ground_at(rolling_six, THREE_CLEAR, (1,), PartLevel(part="a", level=1))
    proposal = Proposal(
        id=DecisionId("d1"),
        trial_id=TrialId("t1"),
        place=PartLevel(part="a", level=2),
        level_label="75",
        kind=Kind.OPEN_LEVEL,
        places=1,
        reason="x",
        proposed_by=CHAIR,
        proposed_at=datetime(2026, 3, 29, tzinfo=UTC),
    )

    with pytest.raises(ValueError, match="cohort rule"):
        decide_proposal(proposal, ground, RULES)


COUNTS = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)).map(
    lambda t: LevelCounts(n=t[0], dlt=min(t[1], t[0]), pending=min(t[2], t[0] - min(t[1], t[0])))
)


@given(
    st.dictionaries(st.integers(1, 3), COUNTS),
    st.lists(st.integers(1, 3), max_size=4),
    st.sampled_from([Kind.OPEN_LEVEL, Kind.EXPAND]),
    st.integers(1, 3),
    st.integers(1, 6),
    st.booleans(),
)
def test_no_proposal_opens_an_untried_jump_an_eliminated_level_or_an_unexplained_risk(
    propose: Propose,
    counts: dict[int, LevelCounts],
    opened: list[int],
    kind: DecisionKind,
    level: int,
    places: int,
    explained: bool,
) -> None:
    reasons = BOTH_REASONS if explained else ()
    try:
        decision = propose(kind, level, counts, tuple(opened), places=places, reasons=reasons)
    except Refused:
        return
    tried = max((j for j, c in counts.items() if c.n), default=0)

    assert level <= tried + 1
    assert level not in decision.recommendation.closed_levels
    assert explained or not is_above(kind, level, decision.recommendation)
    assert places + counts.get(level, LevelCounts()).n <= 6
