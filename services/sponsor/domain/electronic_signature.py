"""One electronic signature: by whom, in which role, with what meaning, over which content, by which proof."""

from dataclasses import dataclass
from datetime import datetime

from services.sponsor.domain.ids import PersonId, ProofId
from services.sponsor.domain.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature: printed name, role, meaning and time, and the hash that was signed."""

    person_id: PersonId
    printed_name: str
    role: Role
    meaning: str
    signed_at: datetime
    signed_hash: str
    proof_id: ProofId
