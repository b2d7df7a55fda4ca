"""The path of a stopping rule: a function of the outcomes, whatever their order, repetition and number."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.safety.domain.stopping_path import Outcome, ParticipantOutcome, evaluate_path
from services.safety.domain.stopping_rule_definition import PathOrder, StoppingRule

START = datetime(2026, 1, 1, tzinfo=UTC)
REFERENCE_1 = (None, None, 3, 3, 4, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7)


def rule(
    boundary: tuple[int | None, ...] = REFERENCE_1, order: PathOrder = PathOrder.EVALUABLE_AT
) -> StoppingRule:
    return StoppingRule(
        id="dlt-rate",
        version=1,
        part=None,
        level=None,
        event=None,
        boundary=boundary,
        design=None,
        order=order,
        action="stop",
    )


def outcome(
    place: int,
    what: Outcome,
    *,
    evaluable_day: int | None = None,
    registered_day: int | None = None,
    provisional: bool = False,
) -> ParticipantOutcome:
    return ParticipantOutcome(
        participant_id=f"p{place:02}",
        outcome=what,
        provisional=provisional,
        evaluable_at=START + timedelta(days=place if evaluable_day is None else evaluable_day),
        registered_at=START + timedelta(days=place if registered_day is None else registered_day),
    )


def events(pattern: str) -> list[ParticipantOutcome]:
    """`x` an event, `.` none, `?` pending, `-` not evaluable, in order."""
    kinds = {
        "x": Outcome.EVENT,
        ".": Outcome.NO_EVENT,
        "?": Outcome.PENDING,
        "-": Outcome.NOT_EVALUABLE,
    }
    return [outcome(place, kinds[mark]) for place, mark in enumerate(pattern)]


@pytest.mark.parametrize(
    ("pattern", "crossing"),
    [
        ("x.x.x", None),
        ("x.xx", (4, 3)),
        ("x.xxx", (4, 3)),
        ("xxx", (3, 3)),
        ("x-?x.x", (4, 3)),
        ("x.x.?", None),
    ],
)
def test_every_prefix_is_compared_and_the_earliest_crossing_is_named(
    pattern: str, crossing: tuple[int, int] | None
) -> None:
    found = evaluate_path(rule(), events(pattern)).crossing

    assert (None if found is None else (found.n, found.events)) == crossing


def test_pending_participants_are_left_out_of_the_counts_and_listed() -> None:
    found = evaluate_path(rule(), [*events("xx."), outcome(7, Outcome.PENDING, provisional=True)])

    assert (found.n, found.events, found.crossing) == (3, 2, None)
    assert (found.pending, found.provisional, found.would_cross_at) == (("p07",), ("p07",), 4)


def test_participants_are_ordered_as_they_became_evaluable_or_as_they_were_registered() -> None:
    events_first = [
        outcome(1, Outcome.NO_EVENT, evaluable_day=29, registered_day=1),
        outcome(2, Outcome.NO_EVENT, evaluable_day=30, registered_day=2),
        *(outcome(place, Outcome.EVENT, evaluable_day=place, registered_day=place) for place in (3, 4, 5)),
    ]

    by_time = evaluate_path(rule(), events_first)
    by_registration = evaluate_path(rule(order=PathOrder.REGISTRATION), events_first)

    assert by_time.crossing is not None
    assert by_time.crossing.n == 3
    assert by_registration.crossing is None


def test_of_two_at_one_instant_the_event_is_met_first() -> None:
    tied = [
        outcome(place, what, evaluable_day=0)
        for place, what in enumerate((Outcome.NO_EVENT, *[Outcome.EVENT] * 3))
    ]

    found = evaluate_path(rule(), tied).crossing

    assert found is not None
    assert found.n == 3


def test_beyond_the_last_participant_of_the_boundary_nothing_crosses() -> None:
    assert evaluate_path(rule((None, 2)), events("..xxx")).crossing is None


def test_only_events_that_were_not_known_before_cross_again() -> None:
    known = evaluate_path(rule(), events("xxxx"), beyond_events=4)
    again = evaluate_path(rule(), events("xxxxx"), beyond_events=4)

    assert known.crossing is None
    assert again.crossing is not None
    assert (again.crossing.n, again.crossing.events) == (5, 5)


ANYBODY = st.builds(
    outcome,
    st.integers(0, 12),
    st.sampled_from(list(Outcome)),
    evaluable_day=st.integers(0, 5),
    registered_day=st.integers(0, 5),
    provisional=st.booleans(),
)


@settings(max_examples=300)
@given(
    st.lists(ANYBODY, unique_by=lambda one: one.participant_id, max_size=13),
    st.sampled_from(list(PathOrder)),
    st.randoms(use_true_random=False),
)
def test_permuting_and_repeating_outcomes_changes_nothing(
    outcomes: list[ParticipantOutcome], order: PathOrder, random: object
) -> None:
    shuffled = [*outcomes, *outcomes[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert evaluate_path(rule(order=order), shuffled) == evaluate_path(rule(order=order), outcomes)


@settings(max_examples=300)
@given(
    st.lists(ANYBODY, unique_by=lambda one: one.participant_id, max_size=12), st.sampled_from(list(PathOrder))
)
def test_one_more_event_in_place_of_none_never_takes_a_crossing_away(
    outcomes: list[ParticipantOutcome], order: PathOrder
) -> None:
    before = evaluate_path(rule(order=order), outcomes)
    worse = [
        ParticipantOutcome(
            participant_id=one.participant_id,
            outcome=Outcome.EVENT if one.outcome is Outcome.NO_EVENT else one.outcome,
            provisional=one.provisional,
            evaluable_at=one.evaluable_at,
            registered_at=one.registered_at,
        )
        for one in outcomes
    ]
    after = evaluate_path(rule(order=order), worse)

    if before.crossing is not None:
        assert after.crossing is not None
        assert after.crossing.n <= before.crossing.n
