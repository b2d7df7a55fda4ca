"""A signature of something other than a decision: a proof of identity, fresh, bound to it, spent once."""

from collections.abc import Callable
from datetime import timedelta

from services.sponsor.domain.electronic_signature import Signature
from services.sponsor.domain.ids import PersonId, ProofId
from services.sponsor.domain.roles import Role
from services.sponsor.domain.signature import IdentityProof, ProofLimits, SignatureRequest, require_proof
from shared.act import Act
from shared.database import Tx
from shared.perform import use_proof_once
from shared.tokens import Proof

LIMITS = ProofLimits(oldest=timedelta(seconds=150), ahead=timedelta(seconds=30))
"""As wide as the verifier's own limits, its leeway for clock differences included."""

VerifyProof = Callable[[str], Proof]
"""Gives the caller's proof when it is bound to this hash, or refuses it."""


async def signature_over(
    tx: Tx, act: Act, verify: VerifyProof, *, signed_hash: str, role: Role, meaning: str
) -> Signature:
    """The caller's signature.

    Raises:
        Refused: `fresh_proof_required`, `signature_hash_mismatch`.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    proof = verify(signed_hash)
    await use_proof_once(tx, proof.jti)
    person = PersonId(act.actor)
    request = SignatureRequest(
        person_id=person,
        printed_name=person,
        role=role,
        meaning=meaning,
        proof=IdentityProof(
            id=ProofId(proof.jti),
            person_id=person,
            bound_to=signed_hash,
            # A proof's age is measured in server time, whatever time it is in the domain.
            authenticated_at=act.now - (act.received_at - proof.authenticated_at),
        ),
    )
    require_proof(request, signed_hash, LIMITS, act.now)
    return Signature(
        person_id=person,
        printed_name=person,
        role=role,
        meaning=meaning,
        signed_at=act.now,
        signed_hash=signed_hash,
        proof_id=request.proof.id,
    )
