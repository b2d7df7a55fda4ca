from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.cohort_counts import (
    CohortCounts,
    CohortMember,
    Provisional,
    Verdict,
    VerdictState,
    count_cohort,
)
from services.enrolment.domain.ids import ParticipantId, PartLevel

LEVEL_1, LEVEL_2 = PartLevel(part="escalation", level=1), PartLevel(part="escalation", level=2)
HERE = frozenset({LEVEL_2})


def member(
    name: str, *, dosed: bool = True, voided: bool = False, place: PartLevel = LEVEL_2
) -> CohortMember:
    return CohortMember(participant_id=ParticipantId(name), place=place, dosed=dosed, voided=voided)


def judged(
    *states: tuple[str, Verdict, Provisional], place: PartLevel | None = None
) -> dict[ParticipantId, VerdictState]:
    return {
        ParticipantId(name): VerdictState(
            participant_id=ParticipantId(name), verdict=verdict, provisional=provisional, place=place
        )
        for name, verdict, provisional in states
    }


def test_every_kind_of_participant_is_counted_where_it_belongs() -> None:
    members = [
        member("dlt"),
        member("clear"),
        member("gone"),
        member("early"),
        member("undosed", dosed=False),
    ]
    verdicts = judged(
        ("dlt", Verdict.DLT, Provisional.NONE),
        ("clear", Verdict.NO_DLT, Provisional.NONE),
        ("gone", Verdict.NOT_EVALUABLE, Provisional.NONE),
        ("early", Verdict.PENDING, Provisional.DLT),
    )

    assert count_cohort(members, verdicts, HERE) == CohortCounts(n=4, dlt=1, pending=2, provisional=1)


def test_silence_is_pending_and_a_clear_verdict_without_a_dose_is_too() -> None:
    verdicts = judged(("b", Verdict.NO_DLT, Provisional.NONE))

    counts = count_cohort([member("a"), member("b", dosed=False)], verdicts, HERE)

    assert counts == CohortCounts(n=2, dlt=0, pending=2)


def test_a_registration_voided_before_the_first_dose_counts_nowhere() -> None:
    counts = count_cohort([member("a", dosed=False, voided=True), member("b")], {}, HERE)

    assert counts == CohortCounts(n=1, dlt=0, pending=1)


def test_a_dose_given_outweighs_a_void() -> None:
    assert count_cohort([member("a", dosed=True, voided=True)], {}, HERE).n == 1


def test_a_dlt_on_nobody_we_count_is_unmatched() -> None:
    verdicts = judged(("stranger", Verdict.DLT, Provisional.NONE), ("void", Verdict.PENDING, Provisional.DLT))

    counts = count_cohort([member("void", dosed=False, voided=True)], verdicts, HERE)

    assert counts == CohortCounts(n=0, dlt=0, pending=0, unmatched=2)


def test_an_unmatched_dlt_counts_at_its_own_level_when_safety_knows_it() -> None:
    verdicts = judged(("stranger", Verdict.DLT, Provisional.NONE), place=LEVEL_1)

    assert count_cohort([], verdicts, HERE).unmatched == 0
    assert count_cohort([], verdicts, frozenset({LEVEL_1})).unmatched == 1


def test_a_participant_of_another_level_is_matched_but_not_counted_here() -> None:
    verdicts = judged(("a", Verdict.DLT, Provisional.NONE))

    assert count_cohort([member("a", place=LEVEL_1)], verdicts, HERE) == CohortCounts(n=0, dlt=0, pending=0)


def test_a_provisional_dlt_keeps_a_participant_in_n_who_would_leave_it() -> None:
    verdicts = judged(("a", Verdict.NOT_EVALUABLE, Provisional.DLT))

    assert count_cohort([member("a")], verdicts, HERE) == CohortCounts(n=1, dlt=0, pending=1, provisional=1)


def test_a9_progression_leaves_the_counts_and_a_dlt_stays() -> None:
    members = [member("progressed"), member("toxic")]
    verdicts = judged(
        ("progressed", Verdict.NOT_EVALUABLE, Provisional.NONE), ("toxic", Verdict.DLT, Provisional.NONE)
    )

    assert count_cohort(members, verdicts, HERE) == CohortCounts(n=1, dlt=1, pending=0)


names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
members_strategy = st.lists(
    st.builds(
        member,
        names,
        dosed=st.booleans(),
        voided=st.booleans(),
        place=st.sampled_from([LEVEL_1, LEVEL_2]),
    ),
    unique_by=lambda it: it.participant_id,
)
verdict_strategy = st.lists(
    st.tuples(names, st.sampled_from(Verdict), st.sampled_from(Provisional)), unique_by=lambda it: it[0]
)


@given(members_strategy, verdict_strategy, st.randoms(use_true_random=False))
def test_the_order_of_registrations_and_verdicts_never_changes_the_counts(
    members: list[CohortMember], states: list[tuple[str, Verdict, Provisional]], shuffler: Random
) -> None:
    before = count_cohort(members, judged(*states), HERE)

    shuffler.shuffle(members)
    shuffler.shuffle(states)

    assert count_cohort(members, judged(*states), HERE) == before


@given(members_strategy, verdict_strategy)
def test_no_dlt_is_ever_lost(
    members: list[CohortMember], states: list[tuple[str, Verdict, Provisional]]
) -> None:
    counts = count_cohort(members, judged(*states), frozenset({LEVEL_1, LEVEL_2}))
    spoken = [state for state in judged(*states).values() if state.speaks_of_dlt]

    assert counts.dlt + counts.provisional + counts.unmatched == len(spoken)


@pytest.mark.parametrize(
    "counts",
    [
        {"n": 1, "dlt": 1, "pending": 1},
        {"n": 1, "dlt": 0, "pending": 0, "provisional": 1},
        {"n": -1, "dlt": 0, "pending": 0},
    ],
)
def test_counts_that_cannot_be_are_not_made(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"whole|negative"):
        CohortCounts(**counts)
