"""Recording that a protocol version was approved; it then travels whole to the other services."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted
from services.sponsor.commands.reassess_trial import reassess
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.protocol_version import ProtocolVersion, VersionApproval, decide_approval
from services.sponsor.domain.trial import DocumentVersion
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import ProtocolVersionApprovedV2
from services.sponsor.store.protocol_versions import document_of, load_version, save_approval
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveProtocolVersion:
    """`documents` are those that were approved; empty means those that the file itself names."""

    version_id: str
    reference: str
    approved_on: date
    last_day: date
    documents: Collection[DocumentVersion]
    effective_at: datetime | None
    previous_sunset_at: datetime | None


async def approve_protocol_version(tx: Tx, command: ApproveProtocolVersion, act: Act) -> ProtocolVersion:
    """Approve a version, by somebody other than its uploader.

    Raises:
        Refused: `protocol_version_approved`, `second_person_required`, `approval_period_invalid`.
    """
    known, trial, act = await permitted(
        tx, act, partial(load_version, tx, command.version_id), OFFICE_AND_QUALITY
    )
    approval = VersionApproval(
        reference=command.reference,
        approved_on=command.approved_on,
        last_day=command.last_day,
        documents=frozenset(command.documents) or known.terms.documents,
        effective_at=command.effective_at or act.now,
        previous_sunset_at=command.previous_sunset_at,
        approved_by=PersonId(act.actor),
        approved_at=act.now,
    )
    version = decide_approval(known, approval, act.now.astimezone(ZoneInfo(known.terms.zone)).date())
    in_force = approval.effective_at <= act.now
    await save_approval(tx, version, taken_up=in_force)
    body = ProtocolVersionApprovedV2(
        trial_id=trial.id,
        trial_code=trial.code,
        protocol_version=version.terms.version,
        protocol_sha256=version.sha256,
        protocol=ProtocolFile.model_validate(await document_of(tx, version.id)),
        approval_reference=approval.reference,
        approved_on=approval.approved_on,
        effective_at=approval.effective_at,
        previous_sunset_at=approval.previous_sunset_at,
    )
    await put(tx, act, NewEvent(aggregate_id=version.id, scope=trial.id, body=body))
    if in_force:
        await reassess(tx, act, trial)
    return version
