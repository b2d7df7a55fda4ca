from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.sponsor.domain.halt import (
    Halt,
    HaltScope,
    HaltState,
    approve_lift,
    decide_halt,
    request_lift,
    state_plan,
)
from services.sponsor.domain.ids import EvidenceId, HaltId, PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused

NOW = datetime(2026, 3, 29, 14, tzinfo=UTC)
ANNA, BEN, CARL = PersonId("anna"), PersonId("ben"), PersonId("carl")
EVERYTHING = HaltScope(recruitment=True, dosing=True)


@pytest.fixture
def halt() -> Halt:
    return decide_halt(HaltId("h1"), TrialId("t1"), EVERYTHING, "Unexpected death.", ANNA, NOW)


def asked(halt: Halt, by: PersonId = BEN) -> Halt:
    return request_lift(halt, by, "Cause is known.", EvidenceId("e1"), NOW)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def test_one_person_halts_at_once_without_a_plan(halt: Halt) -> None:
    assert (halt.state, halt.effective_at, halt.plan) == (HaltState.IN_FORCE, NOW, "")


def test_a_halt_needs_a_reason() -> None:
    assert code_of(lambda: decide_halt(HaltId("h1"), TrialId("t1"), EVERYTHING, " ", ANNA, NOW)) == (
        "reason_required"
    )


@pytest.mark.parametrize(
    "scope",
    [
        {"recruitment": False, "dosing": False},
        {"recruitment": True, "dosing": False, "level": 2},
    ],
)
def test_a_scope_that_stops_nothing_or_a_level_of_no_part_is_refused(scope: dict[str, object]) -> None:
    assert code_of(lambda: HaltScope(**scope)) == "halt_scope_invalid"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"part": "a"},
        {"part": "a", "level": 2},
        {"site_id": SiteId("s1")},
        {"part": "a", "level": 2, "site_id": SiteId("s1")},
    ],
)
def test_trial_part_level_and_site_are_scopes(scope: dict[str, object]) -> None:
    assert HaltScope(recruitment=True, dosing=False, **scope).recruitment  # type: ignore[arg-type]


def test_two_different_people_lift_a_halt_with_a_plan(halt: Halt) -> None:
    requested = asked(state_plan(halt, "Three go on under daily visits."))
    lifted = approve_lift(requested, CARL, NOW + timedelta(hours=1))

    assert requested.state is HaltState.LIFT_REQUESTED
    assert (lifted.state, lifted.lifted_by) == (HaltState.LIFTED, CARL)


def test_the_person_who_asks_cannot_approve(halt: Halt) -> None:
    requested = asked(state_plan(halt, "Nobody is on treatment."))

    assert code_of(lambda: approve_lift(requested, BEN, NOW)) == "second_person_required"


def test_a_halt_is_not_lifted_without_a_request(halt: Halt) -> None:
    planned = state_plan(halt, "Nobody is on treatment.")

    assert code_of(lambda: approve_lift(planned, CARL, NOW)) == "lift_not_requested"


def test_a_halt_is_not_lifted_before_the_plan_for_those_on_treatment(halt: Halt) -> None:
    requested = asked(halt)

    assert code_of(lambda: approve_lift(requested, CARL, NOW)) == "treatment_plan_required"
    assert approve_lift(state_plan(requested, "Nobody."), CARL, NOW).state is HaltState.LIFTED


def test_a_request_names_evidence_and_reason(halt: Halt) -> None:
    assert code_of(lambda: request_lift(halt, BEN, "Known.", EvidenceId(""), NOW)) == "evidence_missing"
    assert code_of(lambda: request_lift(halt, BEN, "", EvidenceId("e1"), NOW)) == "reason_required"


def test_a_newer_request_replaces_the_older_one(halt: Halt) -> None:
    requested = asked(asked(state_plan(halt, "Nobody."), BEN), CARL)

    assert code_of(lambda: approve_lift(requested, CARL, NOW)) == "second_person_required"
    assert approve_lift(requested, BEN, NOW).lifted_by == BEN


def test_nothing_more_happens_to_a_lifted_halt(halt: Halt) -> None:
    lifted = approve_lift(asked(state_plan(halt, "Nobody.")), CARL, NOW)

    for call in (
        lambda: approve_lift(lifted, BEN, NOW),
        lambda: asked(lifted),
        lambda: state_plan(lifted, "Other."),
    ):
        assert code_of(call) == "halt_not_in_force"
