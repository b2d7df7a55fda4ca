"""Opening a trial to recruitment, for the first time or after a pause."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from services.sponsor.commands.committee_now import charter_now
from services.sponsor.commands.permission import TRIAL_OFFICE, permitted_trial
from services.sponsor.domain.committee import quorum_attainable
from services.sponsor.domain.delegation import EVERY_SITE, Delegation, holders
from services.sponsor.domain.halt import HaltState
from services.sponsor.domain.ids import EvidenceId, HaltId
from services.sponsor.domain.protocol_version import (
    FurtherApproval,
    ProtocolVersion,
    version_in_force,
)
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role
from services.sponsor.domain.trial import (
    Approval,
    OpeningFacts,
    Trial,
    TrialState,
    decide_opening,
    decide_restart,
    missing_approvals,
)
from services.sponsor.domain.trial_kind import KindRules
from services.sponsor.events.published import TrialOpenedV1
from services.sponsor.store.delegations import delegations_of
from services.sponsor.store.further_approvals import further_approvals_of, unblinding_evidence_of
from services.sponsor.store.halts import halts_of
from services.sponsor.store.protocol_versions import versions_of
from services.sponsor.store.trial_kinds import trial_kinds
from services.sponsor.store.trials import save_trial
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrial:
    """Open a trial.

    Attributes:
        registration_due_on: by when the trial must be registered, when it is in no registry yet.
        evidence_id: approval of the restart; needed after a pause.
    """

    trial_id: str
    registration_due_on: date | None
    evidence_id: str


async def open_trial(tx: Tx, command: OpenTrial, act: Act) -> Trial:
    """Open the trial when nothing is missing.

    Raises:
        Refused: `evidence_missing` with every missing item, `trial_not_in_setup`, `trial_not_paused`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, TRIAL_OFFICE)
    halts = tuple(h.id for h in await halts_of(tx, trial.id) if h.state is not HaltState.LIFTED)
    if trial.state is TrialState.PAUSED:
        opened = decide_restart(trial, EvidenceId(command.evidence_id), halts)
    else:
        opened = await _first_opening(tx, command, act, trial, halts)
    await save_trial(tx, opened)
    body = TrialOpenedV1(trial_id=trial.id, trial_code=trial.code, opened_at=act.now)
    reason = command.evidence_id or None
    await put(tx, act, NewEvent(aggregate_id=trial.id, scope=trial.id, body=body, reason=reason))
    return opened


async def _first_opening(
    tx: Tx, command: OpenTrial, act: Act, trial: Trial, halts: tuple[HaltId, ...]
) -> Trial:
    versions = await versions_of(tx, trial.id)
    in_force = version_in_force(versions, act.now)
    version = in_force or versions[-1]
    today = act.now.astimezone(ZoneInfo(version.terms.zone)).date()
    approvals = [approval for one in versions for approval in _leading(one)]
    approvals += [_further(one) for one in await further_approvals_of(tx, trial.id)]
    facts = _facts(version, approvals, await delegations_of(tx, trial.id), act)
    if in_force is None:
        lacking = missing_approvals(facts, today)
        raise Refused(
            "evidence_missing",
            f"Missing: {', '.join(('an approved protocol version in force', *lacking))}.",
            missing=("current_approval", "approved_document_versions"),
            approvals=lacking,
            halts=halts,
        )
    charter = await charter_now(tx, trial.id, act.now)
    facts = replace(
        facts,
        registration_due_on=command.registration_due_on or date.min,
        unblinding_tests=await unblinding_evidence_of(tx, trial.id),
        charter_required=version.terms.charter_required,
        chartered=charter is not None,
        quorum_attainable=charter is None or quorum_attainable(charter, facts.holders, act.now),
        halts=halts,
    )
    return decide_opening(trial, facts, today)


def _facts(
    version: ProtocolVersion, approvals: Sequence[Approval], delegations: list[Delegation], act: Act
) -> OpeningFacts:
    terms = version.terms
    rules = _needed(version)
    whole_trial = [line for line in delegations if line.site_id == EVERY_SITE]
    investigators = holders(whole_trial, version.trial_id, act.now).get(Role.SITE_INVESTIGATOR, frozenset())
    return OpeningFacts(
        protocol_version=terms.version,
        needed=rules.approvals,
        approvals=tuple(approvals),
        documents_in_use=terms.documents,
        registry_ids=terms.registry_ids,
        registration_due_on=date.min,
        registration_needed=rules.registration or terms.ctimp,
        chief_investigators=investigators,
        holders=holders(delegations, version.trial_id, act.now),
        signing=terms.signing,
        has_levels=terms.has_levels,
        hosted=terms.hosted,
        blinded=terms.blinded,
        regimes={regime: regime for regime in terms.regimes},
    )


def _needed(version: ProtocolVersion) -> KindRules:
    return trial_kinds().rules(version.terms.kind, ctimp=version.terms.ctimp)


def _further(approval: FurtherApproval) -> Approval:
    return Approval(
        kind=approval.kind,
        evidence_id=EvidenceId(approval.reference),
        protocol_version=approval.protocol_version,
        approved_on=approval.approved_on,
        last_day=approval.last_day,
        documents=approval.documents,
    )


def _leading(version: ProtocolVersion) -> list[Approval]:
    approval = version.approval
    if approval is None:
        return []
    return [
        Approval(
            kind=_needed(version).leading.kind,
            evidence_id=EvidenceId(approval.reference),
            protocol_version=version.terms.version,
            approved_on=approval.approved_on,
            last_day=approval.last_day,
            documents=approval.documents,
        )
    ]
