"""Taking part in two trials at once: who does, by the keyed hash of the NHS number, and which trials allow it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.enrolment.domain.identity import IdentityKind
from shared.database import Sql, Tx, instant_parameter
from shared.joint_reads import nested


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialElsewhere:
    """Another trial of the network in which the person is being treated."""

    id: str
    code: str


async def trials_elsewhere(tx: Tx, screening_id: str) -> list[TrialElsewhere]:
    """Other trials with a participation of the same person whose treatment goes on.

    The hashes that are equal stay locked until the transaction ends: of two registrations of one child in two
    trials the second waits here and then sees the first. The weaker kind of hash is not asked: a false match
    across trials has nobody who could resolve it.
    """
    await tx.fetch(_LOCK, screening_id, IdentityKind.NHS_NUMBER.value)
    found = [
        TrialElsewhere(id=row[0], code=row[1])
        for row in await tx.fetch(_ELSEWHERE, screening_id, IdentityKind.NHS_NUMBER.value)
        if "treatment" not in nested(row[2])
    ]
    return list(dict.fromkeys(found))


async def co_enrolment_named(tx: Tx, trial_id: str, now: datetime) -> frozenset[str]:
    """Codes of trials that the newest protocol version in effect allows beside this one."""
    rows = await tx.fetch(_TERMS, trial_id, instant_parameter(tx, now))
    return _named(rows[0][0]) if rows else frozenset()


@lru_cache(maxsize=64)
def _named(terms: str) -> frozenset[str]:
    codes: Iterable[str] = nested(terms)["trial"].get("co_enrolment", ())
    return frozenset(codes)


_SAME_PERSON = (
    " FROM identity_hash h JOIN identity_hash own"
    " ON own.kind = h.kind AND own.key_version = h.key_version AND own.hash = h.hash"
)
_LOCK = Sql(
    f"SELECT h.id{_SAME_PERSON} WHERE own.screening_id = $1 AND h.kind = $2 ORDER BY h.id FOR UPDATE OF h"
)
_ELSEWHERE = Sql(
    f"SELECT p.trial_id, g.code, p.stopped{_SAME_PERSON}"
    " JOIN participant p ON p.screening_id = h.screening_id JOIN trial_gate g ON g.trial_id = p.trial_id"
    " WHERE own.screening_id = $1 AND h.kind = $2 AND p.trial_id <> own.trial_id"
    " AND p.voided_at IS NULL AND p.treatment_ended_at IS NULL ORDER BY p.id"
)
_TERMS = Sql(
    "SELECT terms FROM protocol_copy WHERE trial_id = $1 AND effective_at <= $2"
    " ORDER BY effective_at DESC, protocol_version DESC LIMIT 1"
)
