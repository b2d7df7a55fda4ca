"""Who stops, what follows what, and which resolutions two screenings allow."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.enrolment.domain.age import BirthMonth
from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.identity import (
    Pair,
    Resolution,
    check_follows,
    check_identifiable,
    check_not_stopped,
    check_resolvable,
    check_same_person,
    co_enrolment_allowed,
    pair_of,
)
from services.enrolment.domain.ids import ScreeningId, SiteId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.screening import Screening

RUNNING, FAILED = ScreeningState.IN_SCREENING, ScreeningState.FAILED
REGISTERED, VOIDED = ScreeningState.REGISTERED, ScreeningState.VOIDED


def screening(name: str = "a", **changed: Any) -> Screening:
    made = Screening(
        id=ScreeningId(name),
        trial_id="trial",
        number="S-012-0078",
        site_id=SiteId("012"),
        part="escalation",
        born=BirthMonth(year=2013, month=5),
        state=RUNNING,
        version=1,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **changed)


def refusal(act: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*arguments, **named)
    return refused.value.code


@pytest.mark.parametrize(
    ("mine", "other", "stopped"),
    [
        (RUNNING, RUNNING, "mine"),
        (RUNNING, REGISTERED, "mine"),
        (REGISTERED, RUNNING, "other"),
        (REGISTERED, REGISTERED, "mine"),
    ],
)
def test_the_second_hash_stops_unless_its_child_alone_is_registered(
    mine: Any, other: Any, stopped: str
) -> None:
    pair = pair_of(screening("mine", state=mine), screening("other", state=other))

    assert (pair.stopped.id, pair.other.id) == (stopped, "other" if stopped == "mine" else "mine")


def test_a_screening_with_an_unresolved_duplicate_is_stopped() -> None:
    assert refusal(check_not_stopped, screening(unresolved_duplicates=1)) == "possible_duplicate"
    check_not_stopped(screening())


@pytest.mark.parametrize("state", [FAILED, VOIDED])
def test_a_screening_that_ended_takes_no_hash(state: ScreeningState) -> None:
    assert refusal(check_identifiable, screening(state=state)) == "screening_ended"
    check_identifiable(screening(state=REGISTERED))


@pytest.mark.parametrize("state", [FAILED, VOIDED])
def test_a_screening_follows_one_of_the_same_person_that_has_ended(state: ScreeningState) -> None:
    check_follows(screening("b"), screening(state=state), followed=False)


@pytest.mark.parametrize(
    "previous",
    [
        {"trial_id": "another"},
        {"site_id": SiteId("034")},
        {"born": BirthMonth(year=2013, month=6)},
        {"born": BirthMonth(year=2012, month=5)},
    ],
)
def test_a_screening_follows_none_of_another_trial_site_or_person(previous: Any) -> None:
    before = screening(state=FAILED, **previous)

    assert refusal(check_follows, screening("b"), before, followed=False) == "previous_screening_mismatch"


@pytest.mark.parametrize(
    ("state", "followed"), [(RUNNING, False), (REGISTERED, False), (FAILED, True), (VOIDED, True)]
)
def test_a_screening_follows_only_the_last_one(state: ScreeningState, followed: bool) -> None:
    before = screening(state=state)

    assert refusal(check_follows, screening("b"), before, followed=followed) == "previous_screening_not_ended"


def test_the_same_person_has_a_hash_that_was_sent_before_if_any_was() -> None:
    check_same_person("x", frozenset())
    check_same_person("x", frozenset({"x", "y"}))
    assert refusal(check_same_person, "x", frozenset({"y"})) == "previous_screening_mismatch"


@pytest.mark.parametrize("resolution", [Resolution.SAME_PERSON_REFUSED, Resolution.TRANSFER])
def test_of_two_registrations_one_is_voided_before_anything_else_is_said(resolution: Resolution) -> None:
    both = Pair(stopped=screening(state=REGISTERED), other=screening("b", state=REGISTERED))

    assert refusal(check_resolvable, both, resolution) == "resolution_not_possible"
    check_resolvable(both, Resolution.FALSE_MATCH)
    check_resolvable(replace(both, stopped=screening(state=VOIDED)), resolution)


@pytest.mark.parametrize(
    ("ours", "theirs", "allowed"),
    [((), (), False), (("T2",), (), True), ((), ("T1",), True), (("T3",), ("T3",), False)],
)
def test_a_pair_of_trials_is_allowed_by_either_protocol(ours: Any, theirs: Any, allowed: bool) -> None:
    assert co_enrolment_allowed("T1", ours, "T2", theirs) is allowed
