"""Signing a committee's charter, as one of the members whose seats sign it."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.fresh_signature import VerifyProof, signature_over
from services.sponsor.commands.permission import permitted
from services.sponsor.domain.committee import (
    ROLE_OF_SEAT,
    Charter,
    charter_hash,
    sign_charter,
    signing_member,
)
from services.sponsor.domain.delegation import trial_roles_in_force
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.charters import load_charter, save_signed
from services.sponsor.store.committee_rules import committee_rules
from services.sponsor.store.delegations import delegations_of_person
from shared.act import Act
from shared.audit import record
from shared.database import Tx

PURPOSE = "sign-committee-charter"
MEANING = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignCharter:
    charter_id: str


async def sign_the_charter(tx: Tx, command: SignCharter, act: Act, verify: VerifyProof) -> Charter:
    """Add one signature; the version is in force when all seats that sign it have signed.

    Raises:
        Refused: what `signing_member` refuses, `member_not_delegated`.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    seats = committee_rules().signing_seats
    roles = sorted({ROLE_OF_SEAT[seat].value for seat in seats})
    charter, trial, act = await permitted(tx, act, partial(load_charter, tx, command.charter_id), roles)
    person = PersonId(act.actor)
    role = ROLE_OF_SEAT[signing_member(charter, person, seats, act.now).seat]
    log = await delegations_of_person(tx, trial.id, person)
    if role not in trial_roles_in_force(log, trial.id, person, act.now):
        raise Refused("member_not_delegated", f"{role} is not held now.", role=role.value)
    signature = await signature_over(
        tx, act, verify, signed_hash=charter_hash(charter), role=role, meaning=MEANING
    )
    signed = sign_charter(charter, signature, seats, act.now)
    await save_signed(tx, signed)
    details = {
        "n": charter.n,
        "signed_hash": signature.signed_hash,
        "in_force": signed.in_force_at is not None,
    }
    await record(tx, act, charter.id, "committee-charter.signed", details)
    return signed
