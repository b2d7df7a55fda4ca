"""Signing that the data of a part, exactly as they stand, were verified."""

from dataclasses import dataclass

from services.sponsor.commands.fresh_signature import VerifyProof, signature_over
from services.sponsor.commands.permission import permitted_trial
from services.sponsor.domain.canonical import Json, sha256_of
from services.sponsor.domain.delegation import trial_roles_in_force
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.snapshot import QualityStatement, standings_sha256
from services.sponsor.store.committee_rules import committee_rules
from services.sponsor.store.delegations import delegations_of_person
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.quality import NewStatement, add_statement
from shared.act import Act
from shared.audit import record
from shared.database import Tx

PURPOSE = "state-data-quality"
MEANING = "reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateQuality:
    """`standings_sha256` names the data that were verified."""

    trial_id: str
    part: str
    standings_sha256: str


def quality_hash(trial_id: str, part: str, standings: str) -> str:
    """What a proof of identity for a statement is bound to: the data, the fields and the words."""
    rules = committee_rules()
    content: Json = {
        "trial_id": trial_id,
        "part": part,
        "standings_sha256": standings,
        "fields": list(rules.quality_fields),
        "statement": rules.quality_statement,
    }
    return sha256_of(content)


async def state_quality(tx: Tx, command: StateQuality, act: Act, verify: VerifyProof) -> NewStatement:
    """Keep the caller's statement, when the data are still those that were verified.

    Raises:
        Refused: `protocol_version_not_in_force`, `part_unknown`, `snapshot_outdated` with the present hash,
            `member_not_delegated`.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    rules = committee_rules()
    trial, act = await permitted_trial(tx, act, command.trial_id, rules.quality_roles)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "Approve a protocol version first.")
    _ = picture.part(command.part).level_rule
    present = standings_sha256(picture.standings(command.part))
    if present != command.standings_sha256:
        raise Refused("snapshot_outdated", "The data have changed since they were verified.", now=present)
    person, role = PersonId(act.actor), Role(act.actor_role)
    log = await delegations_of_person(tx, trial.id, person)
    if role not in trial_roles_in_force(log, trial.id, person, act.now):
        raise Refused("member_not_delegated", f"{role} is not held now.", role=role.value)
    signed_hash = quality_hash(trial.id, command.part, present)
    signature = await signature_over(tx, act, verify, signed_hash=signed_hash, role=role, meaning=MEANING)
    new = NewStatement(
        trial_id=trial.id,
        part=command.part,
        standings_sha256=present,
        text=rules.quality_statement,
        statement=QualityStatement(
            id=act.new_id(),
            person_id=person,
            role=role,
            fields=rules.quality_fields,
            signed_at=act.now,
            signed_hash=signed_hash,
        ),
        proof_id=signature.proof_id,
    )
    await add_statement(tx, new)
    details = {
        "trial_id": trial.id,
        "part": new.part,
        "standings_sha256": present,
        "signed_hash": signed_hash,
    }
    await record(tx, act, new.statement.id, "data-quality.stated", details)
    return new
