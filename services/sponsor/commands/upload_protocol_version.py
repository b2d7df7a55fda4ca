"""A further protocol version of a trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.sponsor.commands.permission import TRIAL_OFFICE, permitted_trial
from services.sponsor.commands.protocol_document import checked_terms, document_sha256
from services.sponsor.domain.ids import PersonId, ProtocolVersionId
from services.sponsor.domain.protocol_version import ProtocolVersion, require_same_trial
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.protocol_versions import add_version, versions_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadProtocolVersion:
    trial_id: str
    document: Mapping[str, Any]


async def upload_protocol_version(tx: Tx, command: UploadProtocolVersion, act: Act) -> ProtocolVersion:
    """Keep a version that nobody may use before it is approved.

    Raises:
        Refused: `protocol_identity_changed`, `protocol_version_taken`.
        InvalidRequest: rules of the file that cannot be used, each with its path.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, TRIAL_OFFICE)
    terms = checked_terms(command.document)
    for earlier in await versions_of(tx, trial.id):
        require_same_trial(earlier.terms, terms)
    version = ProtocolVersion(
        id=ProtocolVersionId(act.new_id()),
        trial_id=trial.id,
        sha256=document_sha256(command.document),
        terms=terms,
        uploaded_by=PersonId(act.actor),
        uploaded_at=act.now,
    )
    if not await add_version(tx, version, command.document):
        raise Refused("protocol_version_taken", "The trial has a protocol version of this name.")
    details = {
        "trial_id": trial.id,
        "protocol_version": terms.version,
        "protocol_sha256": version.sha256,
    }
    await record(tx, act, version.id, "protocol-version.uploaded", details)
    return version
