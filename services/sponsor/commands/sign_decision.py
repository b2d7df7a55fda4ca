"""Signing a dose decision: a role held now, a fresh proof over exactly this text and snapshot, spent once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from services.sponsor.commands.announcements import decision_signed
from services.sponsor.commands.current_snapshot import require_current_snapshot
from services.sponsor.commands.permission import SITE_ROLES, acting, permitted
from services.sponsor.commands.reassess_trial import reassess
from services.sponsor.domain.course import is_followed_by
from services.sponsor.domain.decision import Decision, EndedBecause, supersede, text_hash
from services.sponsor.domain.delegation import EVERY_SITE, trial_roles_in_force
from services.sponsor.domain.ids import PersonId, ProofId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.signature import (
    IdentityProof,
    ProofLimits,
    SignatureOutcome,
    SignatureRequest,
    decide_signature,
)
from services.sponsor.domain.site import numbers_by_id
from services.sponsor.domain.snapshot import thaw
from services.sponsor.domain.trial import Trial
from services.sponsor.store.decisions import (
    add_signature,
    decisions_of,
    load_decision,
    number_force,
    save_state,
)
from services.sponsor.store.delegations import delegations_of_person
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.sites import sites_of
from services.sponsor.store.snapshots import load_snapshot
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.outbox import put
from shared.perform import use_proof_once
from shared.tokens import Proof

MEANING = "approved"
MEANING_OF_LETTER = "reviewed"
"""The office has checked what was entered against the letter; the decision itself is the other organisation's."""
LIMITS = ProofLimits(oldest=timedelta(seconds=150), ahead=timedelta(seconds=30))
"""As wide as the verifier's own limits, its leeway for clock differences included."""

VerifyProof = Callable[[str], Proof]
"""Gives the caller's proof when it is bound to this hash, or refuses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignDecision:
    decision_id: str
    role: Role


async def sign_decision(tx: Tx, command: SignDecision, act: Act, verify: VerifyProof) -> Decision:
    """Add one signature; the decision takes force when nothing is missing, a restriction at once.

    Raises:
        Refused: what `decide_signature` refuses; `snapshot_outdated` when the data have moved on.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    load = partial(load_decision, tx, command.decision_id)
    decision, trial, act = await permitted(tx, act, load, (command.role.value,), anywhere=True)
    sign_over = text_hash(decision.snapshot_sha256, decision.text)
    proof = verify(sign_over)
    await use_proof_once(tx, proof.jti)
    person = PersonId(act.actor)
    request = SignatureRequest(
        person_id=person,
        printed_name=person,
        role=command.role,
        meaning=MEANING if decision.letter is None else MEANING_OF_LETTER,
        proof=IdentityProof(
            id=ProofId(proof.jti),
            person_id=person,
            bound_to=sign_over,
            # A proof's age is measured in server time, whatever time it is in the domain.
            authenticated_at=act.now - (act.received_at - proof.authenticated_at),
        ),
    )
    roles = await _roles_held(tx, act, trial, command.role)
    outcome = decide_signature(decision, request, roles_held=roles, limits=LIMITS, now=act.now)
    if not decision.kind.restricts:
        await _require_current(tx, act, trial, decision)
    await _keep(tx, act, trial, outcome)
    return outcome.decision


async def _keep(tx: Tx, act: Act, trial: Trial, outcome: SignatureOutcome) -> None:
    decision = outcome.decision
    await add_signature(tx, decision)
    if decision.in_force_at is None:
        signature = decision.signatures[-1]
        details = {"role": signature.role.value, "signed_hash": signature.signed_hash}
        await record(tx, act, decision.id, "dose-decision.signature-added", details)
        return
    await save_state(tx, decision)
    stored = await load_snapshot(tx, decision.snapshot_id) if decision.letter is None else None
    await put(tx, act, decision_signed(decision, thaw(stored.frozen).cut_at if stored else None))
    if not outcome.takes_force:
        return
    await number_force(tx, decision)
    for earlier in await decisions_of(tx, trial.id):
        if earlier.id != decision.id and is_followed_by(earlier, decision):
            await save_state(tx, supersede(earlier, EndedBecause.NEWER_DECISION, act.now))
            await record(tx, act, earlier.id, "dose-decision.followed", {"by": decision.id})
    await reassess(tx, act, trial)


async def _require_current(tx: Tx, act: Act, trial: Trial, decision: Decision) -> None:
    """A letter rests on nobody's snapshot: what has happened here since can hold its level, not undo it."""
    if decision.letter is not None:
        return
    picture = await load_picture(tx, trial, act.now)
    stored = await load_snapshot(tx, decision.snapshot_id)
    if picture is None or stored is None:
        raise Refused("snapshot_outdated", "The decision's snapshot or protocol is gone.")
    await require_current_snapshot(tx, picture, stored)


async def _roles_held(tx: Tx, act: Act, trial: Trial, role: Role) -> frozenset[Role]:
    """Roles in the delegation log; one at a site counts where the caller's token reaches that site too."""
    person = PersonId(act.actor)
    log = await delegations_of_person(tx, trial.id, person)
    if role.value in SITE_ROLES:
        numbers = numbers_by_id(await sites_of(tx, trial.id))
        log = [
            line
            for line in log
            if line.site_id == EVERY_SITE
            or acting(act).allows((line.role.value,), trial.code, numbers[line.site_id])
        ]
    return trial_roles_in_force(log, trial.id, person, act.now)
