"""A new trial, with its first protocol version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.sponsor.commands.permission import TRIAL_OFFICE, acting
from services.sponsor.commands.protocol_document import checked_terms, document_sha256
from services.sponsor.domain.ids import PersonId, ProtocolVersionId, TrialId
from services.sponsor.domain.protocol_version import ProtocolVersion
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import Trial
from services.sponsor.store.protocol_versions import add_version
from services.sponsor.store.trials import add_trial
from shared.act import Act
from shared.audit import record
from shared.auth import ANY, permit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterTrial:
    """`document` is the protocol file as stated."""

    document: Mapping[str, Any]


async def register_trial(tx: Tx, command: RegisterTrial, act: Act) -> tuple[Trial, ProtocolVersion]:
    """Keep the trial in set-up and its first protocol version, not approved yet.

    Raises:
        Refused: `trial_code_taken`.
        InvalidRequest: rules of the file that cannot be used, each with its path.
    """
    code = command.document["trial"]["code"]
    act = act.as_role(permit(acting(act), TRIAL_OFFICE, scope=code, unit=ANY).role)
    terms = checked_terms(command.document)
    trial = Trial(id=TrialId(act.new_id()), code=code)
    if not await add_trial(tx, trial, created_by=act.actor, created_at=act.now):
        raise Refused("trial_code_taken", "Another trial has this code.")
    version = ProtocolVersion(
        id=ProtocolVersionId(act.new_id()),
        trial_id=trial.id,
        sha256=document_sha256(command.document),
        terms=terms,
        uploaded_by=PersonId(act.actor),
        uploaded_at=act.now,
    )
    await add_version(tx, version, command.document)
    details = {
        "code": code,
        "protocol_version_id": version.id,
        "protocol_version": terms.version,
        "protocol_sha256": version.sha256,
    }
    await record(tx, act, trial.id, "trial.registered", details)
    return trial, version
