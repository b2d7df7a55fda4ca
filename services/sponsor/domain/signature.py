"""Signing a dose decision: a fresh proof of identity bound to exactly what is signed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.sponsor.domain.decision import Decision, DecisionState, Signature, text_hash
from services.sponsor.domain.ids import PersonId, ProofId
from services.sponsor.domain.meeting import require_voter
from services.sponsor.domain.quorum import Missing, missing_roles
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role

PURPOSE = "sign-dose-decision"
"""Name of the act that a proof of identity must have been made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProof:
    """A person's renewed authentication; `bound_to` is the hash this person was shown and asked to sign."""

    id: ProofId
    person_id: PersonId
    bound_to: str
    authenticated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    person_id: PersonId
    printed_name: str
    role: Role
    meaning: str
    proof: IdentityProof


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLimits:
    """How old a proof of identity may be, and how far it may seem to lie ahead through clock differences."""

    oldest: timedelta
    ahead: timedelta = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureOutcome:
    """The decision with the signature; `takes_force` is true for the one signature that makes it act."""

    decision: Decision
    missing: Missing
    takes_force: bool


def decide_signature(
    decision: Decision,
    request: SignatureRequest,
    *,
    roles_held: frozenset[Role],
    limits: ProofLimits,
    now: datetime,
) -> SignatureOutcome:
    """The decision signed once more, in force when nothing is missing or when it only restricts.

    Args:
        decision: proposed, or a restriction in force that still gathers signatures.
        request: who signs in which role, with the proof of identity.
        roles_held: roles that this person holds in the trial now.
        limits: freshness asked of the proof.
        now: the instant of signing.

    Raises:
        Refused: `decision_not_open_for_signature`, `second_person_required` (this person has signed already),
            `member_not_delegated`, `role_cannot_sign`, `fresh_proof_required`, `signature_hash_mismatch`, and
            what `require_voter` refuses where the decision was taken at a meeting.
    """
    _require_signer(decision, request, roles_held)
    signed_hash = text_hash(decision.snapshot_sha256, decision.text)
    require_proof(request, signed_hash, limits, now)
    signature = Signature(
        person_id=request.person_id,
        printed_name=request.printed_name,
        role=request.role,
        meaning=request.meaning,
        signed_at=now,
        signed_hash=signed_hash,
        proof_id=request.proof.id,
    )
    return _with(decision, signature, now)


def _require_signer(decision: Decision, request: SignatureRequest, roles_held: frozenset[Role]) -> None:
    if not _open(decision):
        raise Refused(
            "decision_not_open_for_signature", f"It is {decision.state}.", state=decision.state.value
        )
    if request.person_id in {signature.person_id for signature in decision.signatures}:
        raise Refused(
            "second_person_required",
            "This person has signed already.",
            missing_roles=[role.value for role in what_is_missing(decision).roles],
        )
    if request.role not in roles_held:
        raise Refused("member_not_delegated", f"{request.role} is not held now.", role=request.role.value)
    if not decision.rules.may_sign(request.role):
        raise Refused("role_cannot_sign", f"{request.role} does not sign.", role=request.role.value)
    if decision.sitting is not None:
        require_voter(decision.sitting, request.person_id)


def _open(decision: Decision) -> bool:
    if decision.state is DecisionState.PROPOSED:
        return True
    gathers = decision.state is DecisionState.IN_FORCE and decision.kind.restricts
    return gathers and not what_is_missing(decision).nothing


def require_proof(request: SignatureRequest, signed_hash: str, limits: ProofLimits, now: datetime) -> None:
    """Refuse a proof of somebody else, an old one, and one that is bound to something else.

    Raises:
        Refused: `fresh_proof_required`, `signature_hash_mismatch`.
    """
    proof = request.proof
    fresh = -limits.ahead <= now - proof.authenticated_at <= limits.oldest
    if proof.person_id != request.person_id or not fresh:
        raise Refused("fresh_proof_required", "Prove your identity again for this signature.")
    if proof.bound_to != signed_hash:
        raise Refused("signature_hash_mismatch", "The decision shown was another one.", expected=signed_hash)


def _with(decision: Decision, signature: Signature, now: datetime) -> SignatureOutcome:
    signed = replace(decision, signatures=(*decision.signatures, signature))
    missing = what_is_missing(signed)
    acts = missing.nothing or signed.kind.restricts
    takes_force = acts and decision.state is DecisionState.PROPOSED
    if takes_force:
        signed = replace(signed, state=DecisionState.IN_FORCE, in_force_at=now)
    return SignatureOutcome(decision=signed, missing=missing, takes_force=takes_force)


def what_is_missing(decision: Decision) -> Missing:
    """What the decision still waits for: required roles, further people, and the authors of its reasons."""
    signed = {(signature.role, signature.person_id) for signature in decision.signatures}
    unsigned = {reason.author for reason in decision.reasons if (reason.role, reason.author) not in signed}
    return Missing(
        roles=missing_roles(decision.rules, [signature.role for signature in decision.signatures]),
        signers=max(0, decision.rules.minimum_signers - len(decision.signatures)),
        reason_authors=tuple(sorted(unsigned)),
        quorum=() if decision.sitting is None else decision.sitting.missing,
    )
