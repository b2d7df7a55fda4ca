"""Recording that a protocol version was approved; it then travels whole to the other services."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from services.sponsor.commands.permission import OFFICE_AND_QUALITY, permitted
from services.sponsor.commands.reassess_trial import reassess
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.protocol_version import (
    FurtherApproval,
    ProtocolVersion,
    VersionApproval,
    decide_approval,
    decide_further_approval,
)
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import DocumentVersion, Trial
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import ProtocolVersionApprovedV3
from services.sponsor.store.further_approvals import add_further_approval, further_approvals_of
from services.sponsor.store.protocol_versions import document_of, load_version, save_approval
from services.sponsor.store.trial_kinds import trial_kinds
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveProtocolVersion:
    """`documents` are those that were approved; empty means those that the file itself names.

    `kind` is the kind of approval; empty means the one that puts the version in force.
    """

    version_id: str
    reference: str
    kind: str
    approved_on: date
    last_day: date
    documents: Collection[DocumentVersion]
    effective_at: datetime | None
    previous_sunset_at: datetime | None


async def approve_protocol_version(
    tx: Tx, command: ApproveProtocolVersion, act: Act
) -> tuple[ProtocolVersion, list[FurtherApproval]]:
    """Record an approval of a version, by somebody other than its uploader.

    Returns:
        The version, and the further approvals of its trial.

    Raises:
        Refused: `approval_kind_unknown`, `protocol_version_approved`, `approval_recorded`,
            `second_person_required`, `approval_period_invalid`.
    """
    known, trial, act = await permitted(
        tx, act, partial(load_version, tx, command.version_id), OFFICE_AND_QUALITY
    )
    leading = trial_kinds().rules(known.terms.kind, ctimp=known.terms.ctimp).leading
    if trial_kinds().approval(command.kind or leading.kind) is leading:
        known = await _put_in_force(tx, command, act, known, trial)
    else:
        await _add_further(tx, command, act, known)
    return known, await further_approvals_of(tx, trial.id)


async def _add_further(tx: Tx, command: ApproveProtocolVersion, act: Act, known: ProtocolVersion) -> None:
    approval = FurtherApproval(
        version_id=known.id,
        protocol_version=known.terms.version,
        kind=command.kind,
        reference=command.reference,
        approved_on=command.approved_on,
        last_day=command.last_day,
        documents=frozenset(command.documents) or known.terms.documents,
        approved_by=PersonId(act.actor),
        approved_at=act.now,
    )
    decide_further_approval(known, approval, act.now.astimezone(ZoneInfo(known.terms.zone)).date())
    if command.effective_at is not None or command.previous_sunset_at is not None:
        raise Refused(
            "approval_period_invalid", "Only the leading approval says from when a version is used."
        )
    if not await add_further_approval(tx, approval, known.trial_id):
        raise Refused("approval_recorded", "The version has an approval of this kind.", kind=command.kind)
    details = {"kind": approval.kind, "reference": approval.reference, "trial_id": known.trial_id}
    await record(tx, act, known.id, "protocol-version.further-approval", details)


async def _put_in_force(
    tx: Tx, command: ApproveProtocolVersion, act: Act, known: ProtocolVersion, trial: Trial
) -> ProtocolVersion:
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
    body = ProtocolVersionApprovedV3(
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
