from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.sponsor.domain.decision import (
    Decision,
    DecisionKind,
    DecisionState,
    EndedBecause,
    WrittenReason,
    supersede,
    text_hash,
    withdraw,
)
from services.sponsor.domain.escalation.rolling_six import PartHistory, recommend
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, ProofId, TrialId
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.signature import (
    IdentityProof,
    ProofLimits,
    SignatureOutcome,
    SignatureRequest,
    decide_signature,
)
from services.sponsor.domain.standing import LevelCounts

NOW = datetime(2026, 3, 29, 14, tzinfo=UTC)
LIMITS = ProofLimits(oldest=timedelta(minutes=5))
CHAIR, MONITOR, STATISTICIAN = PersonId("chair"), PersonId("monitor"), PersonId("statistician")
Sign = Callable[..., SignatureOutcome]


@pytest.fixture
def decision(rolling_six: DecisionTable) -> Decision:
    found = recommend(rolling_six, {1: LevelCounts(n=3)}, PartHistory(opened=(1,)), 3)
    return Decision(
        id=DecisionId("d1"),
        trial_id=TrialId("t1"),
        place=PartLevel(part="a", level=2),
        kind=DecisionKind.OPEN_LEVEL,
        places=6,
        rule=None,
        recommendation=found,
        reasons=(),
        snapshot_sha256="5" * 64,
        text="Open level 2.",
        rules=SigningRules(required_roles=(Role.SRC_CHAIR, Role.MEDICAL_MONITOR), minimum_signers=2),
        proposed_by=CHAIR,
        proposed_at=NOW,
    )


def sign(
    decision: Decision,
    person: PersonId,
    role: Role,
    *,
    held: frozenset[Role] | None = None,
    age: timedelta = timedelta(seconds=30),
    prover: PersonId | None = None,
    bound_to: str | None = None,
) -> SignatureOutcome:
    request = SignatureRequest(
        person_id=person,
        printed_name=f"Dr {person}",
        role=role,
        meaning="approved",
        proof=IdentityProof(
            id=ProofId(f"proof-{person}"),
            person_id=prover or person,
            bound_to=bound_to or text_hash(decision.snapshot_sha256, decision.text),
            authenticated_at=NOW - age,
        ),
    )
    return decide_signature(
        decision, request, roles_held=frozenset({role}) if held is None else held, limits=LIMITS, now=NOW
    )


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def test_chair_and_monitor_put_a_decision_in_force(decision: Decision) -> None:
    first = sign(decision, CHAIR, Role.SRC_CHAIR)
    second = sign(first.decision, MONITOR, Role.MEDICAL_MONITOR)

    assert first.decision.state is DecisionState.PROPOSED
    assert (first.takes_force, first.missing.roles, first.missing.signers) == (
        False,
        (Role.MEDICAL_MONITOR,),
        1,
    )
    assert (second.takes_force, second.missing.nothing) == (True, True)
    assert second.decision.state is DecisionState.IN_FORCE
    assert second.decision.in_force_at == NOW
    assert [s.printed_name for s in second.decision.signatures] == ["Dr chair", "Dr monitor"]


def test_a_missing_required_role_leaves_it_proposed_however_many_sign(decision: Decision) -> None:
    outcome = sign(sign(decision, CHAIR, Role.SRC_CHAIR).decision, PersonId("m1"), Role.SRC_MEMBER)

    assert outcome.decision.state is DecisionState.PROPOSED
    assert outcome.missing.roles == (Role.MEDICAL_MONITOR,)


def test_required_roles_are_not_enough_below_the_minimum_of_signers(decision: Decision) -> None:
    three = replace(decision, rules=replace(decision.rules, minimum_signers=3))

    second = sign(sign(three, CHAIR, Role.SRC_CHAIR).decision, MONITOR, Role.MEDICAL_MONITOR)
    third = sign(second.decision, STATISTICIAN, Role.TRIAL_STATISTICIAN)

    assert (second.decision.state, second.missing.signers) == (DecisionState.PROPOSED, 1)
    assert third.decision.state is DecisionState.IN_FORCE


def test_one_person_cannot_sign_twice_in_two_roles(decision: Decision) -> None:
    first = sign(decision, CHAIR, Role.SRC_CHAIR)

    assert code_of(lambda: sign(first.decision, CHAIR, Role.MEDICAL_MONITOR)) == "second_person_required"


def test_a_role_that_is_not_held_now_cannot_sign(decision: Decision) -> None:
    assert code_of(lambda: sign(decision, CHAIR, Role.SRC_CHAIR, held=frozenset())) == "member_not_delegated"


def test_a_role_outside_the_committee_cannot_sign_unless_the_protocol_requires_it(decision: Decision) -> None:
    nurse = PersonId("nurse")
    asked = replace(decision, rules=SigningRules(required_roles=(Role.SITE_NURSE,), minimum_signers=1))

    assert code_of(lambda: sign(decision, nurse, Role.SITE_NURSE)) == "role_cannot_sign"
    assert sign(asked, nurse, Role.SITE_NURSE).decision.state is DecisionState.IN_FORCE


@pytest.mark.parametrize(
    ("snapshot_sha256", "text"), [("6" * 64, "Open level 2."), ("5" * 64, "Open level 3.")]
)
def test_a_proof_bound_to_another_snapshot_or_text_is_refused(
    snapshot_sha256: str, text: str, decision: Decision
) -> None:
    other = text_hash(snapshot_sha256, text)

    assert code_of(lambda: sign(decision, CHAIR, Role.SRC_CHAIR, bound_to=other)) == "signature_hash_mismatch"


@pytest.mark.parametrize("age", [timedelta(minutes=5, microseconds=1), timedelta(seconds=-3)])
def test_an_old_proof_or_one_from_the_future_is_refused(age: timedelta, decision: Decision) -> None:
    assert code_of(lambda: sign(decision, CHAIR, Role.SRC_CHAIR, age=age)) == "fresh_proof_required"


def test_another_persons_proof_is_refused(decision: Decision) -> None:
    assert code_of(lambda: sign(decision, CHAIR, Role.SRC_CHAIR, prover=MONITOR)) == "fresh_proof_required"


@pytest.mark.parametrize("kind", [DecisionKind.CLOSE_LEVEL, DecisionKind.HOLD])
def test_a_restriction_acts_at_the_first_signature_and_still_gathers_the_others(
    kind: DecisionKind, decision: Decision
) -> None:
    first = sign(replace(decision, kind=kind, places=0), MONITOR, Role.MEDICAL_MONITOR)
    second = sign(first.decision, CHAIR, Role.SRC_CHAIR)

    assert first.takes_force
    assert first.decision.state is DecisionState.IN_FORCE
    assert first.missing.roles == (Role.SRC_CHAIR,)
    assert (second.takes_force, second.missing.nothing) == (False, True)
    assert code_of(lambda: sign(second.decision, STATISTICIAN, Role.TRIAL_STATISTICIAN)) == (
        "decision_not_open_for_signature"
    )


@pytest.mark.parametrize(
    "kind",
    [DecisionKind.OPEN_LEVEL, DecisionKind.EXPAND, DecisionKind.REOPEN_LEVEL, DecisionKind.DECLARE_MTD],
)
def test_one_signature_never_opens_anything(kind: DecisionKind, decision: Decision) -> None:
    outcome = sign(replace(decision, kind=kind), CHAIR, Role.SRC_CHAIR)

    assert outcome.decision.state is DecisionState.PROPOSED


def test_a_decision_in_force_takes_no_further_signature(decision: Decision) -> None:
    in_force = sign(sign(decision, CHAIR, Role.SRC_CHAIR).decision, MONITOR, Role.MEDICAL_MONITOR).decision

    assert code_of(lambda: sign(in_force, STATISTICIAN, Role.TRIAL_STATISTICIAN)) == (
        "decision_not_open_for_signature"
    )


def test_a_superseded_or_withdrawn_proposal_takes_no_signature(decision: Decision) -> None:
    superseded = supersede(decision, EndedBecause.LATE_DATA, NOW)
    withdrawn = withdraw(decision, "Wrong level.", NOW)

    assert code_of(lambda: sign(superseded, CHAIR, Role.SRC_CHAIR)) == "decision_not_open_for_signature"
    assert code_of(lambda: sign(withdrawn, CHAIR, Role.SRC_CHAIR)) == "decision_not_open_for_signature"


def test_the_author_of_a_reason_must_be_the_one_who_signs(decision: Decision) -> None:
    reasons = (WrittenReason(role=Role.SRC_CHAIR, author=CHAIR, text="Low exposure."),)
    deputy = PersonId("deputy")

    outcome = sign(
        sign(replace(decision, reasons=reasons), deputy, Role.SRC_CHAIR).decision,
        MONITOR,
        Role.MEDICAL_MONITOR,
    )

    assert outcome.decision.state is DecisionState.PROPOSED
    assert outcome.missing.reason_authors == (CHAIR,)


def test_superseding_keeps_what_was_signed(decision: Decision) -> None:
    in_force = sign(sign(decision, CHAIR, Role.SRC_CHAIR).decision, MONITOR, Role.MEDICAL_MONITOR).decision

    ended = supersede(in_force, EndedBecause.LATE_DATA, NOW)

    assert ended.state is DecisionState.SUPERSEDED
    assert ended.signatures == in_force.signatures
    assert (ended.text, ended.snapshot_sha256) == (in_force.text, in_force.snapshot_sha256)
    assert supersede(ended, EndedBecause.NEWER_DECISION, NOW + timedelta(days=1)) == ended


def test_a_restriction_in_force_is_not_withdrawn_by_one_person(decision: Decision) -> None:
    hold = sign(replace(decision, kind=DecisionKind.HOLD, places=0), CHAIR, Role.SRC_CHAIR).decision

    assert code_of(lambda: withdraw(hold, "Data are clear.", NOW)) == "decision_not_withdrawable"


def test_a_decision_that_opens_is_withdrawn_once_and_with_a_reason(decision: Decision) -> None:
    withdrawn = withdraw(decision, " The site\nasked. ", NOW)

    assert (withdrawn.state, withdrawn.ended_reason) == (DecisionState.WITHDRAWN, "The site asked.")
    assert code_of(lambda: withdraw(withdrawn, "Again.", NOW)) == "decision_not_withdrawable"
    assert code_of(lambda: withdraw(decision, "  ", NOW)) == "reason_required"


def test_the_signed_hash_separates_snapshot_and_text() -> None:
    assert text_hash("ab", "c") != text_hash("a", "bc")
