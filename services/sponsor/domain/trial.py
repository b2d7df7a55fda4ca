"""The trial as a whole: set-up, open, paused, closed, and everything that must be there before it opens."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.sponsor.domain.ids import EvidenceId, HaltId, PersonId, TrialId
from services.sponsor.domain.quorum import SigningRules, quorum_possible
from services.sponsor.domain.refusals import Refused, require_reason
from services.sponsor.domain.roles import Role
from services.sponsor.domain.trial_kind import ApprovalKind, Covers

DocumentVersion = tuple[str, str]
"""(document, version)."""


class TrialState(StrEnum):
    SETUP = "setup"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """State of recruitment; halts are kept beside it, because they have a scope of their own.

    `code` is the name people use and grants are given for.
    """

    id: TrialId
    code: str = ""
    state: TrialState = TrialState.SETUP
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval of one kind; it covers these documents up to and including a date."""

    kind: str
    evidence_id: EvidenceId
    protocol_version: str
    approved_on: date
    last_day: date
    documents: frozenset[DocumentVersion]

    def meets(self, needed: ApprovalKind, protocol_version: str, today: date) -> bool:
        """Whether this is the approval needed: of the same kind, not lapsed, of this version where that matters."""
        of_this = needed.covers is Covers.TRIAL or self.protocol_version == protocol_version
        return self.kind == needed.kind and of_this and self.approved_on <= today <= self.last_day


class OpeningItem(StrEnum):
    """What opening asks for, in the order in which it is reported."""

    CURRENT_APPROVAL = "current_approval"
    APPROVED_DOCUMENT_VERSIONS = "approved_document_versions"
    REGISTRATION = "registration"
    CHIEF_INVESTIGATOR = "chief_investigator"
    MEDICAL_MONITOR = "medical_monitor"
    COMMITTEE_CHARTER = "committee_charter"
    QUORUM_POSSIBLE = "quorum_possible"
    EMERGENCY_UNBLINDING_TESTED = "emergency_unblinding_tested"
    NO_HALT = "no_halt"
    REPORTING_REGIME = "reporting_regime"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningFacts:
    """What is known on the day of opening.

    Attributes:
        needed: approvals that this kind of trial opens with, the leading one first.
        documents_in_use: documents and versions that sites would use.
        registration_due_on: last date for registration when the trial has no registry id yet.
        chief_investigators: people delegated as chief investigator.
        holders: people by role, from the delegations in force.
        registration_needed: this kind of trial must be in a public registry.
        signing: who signs dose decisions; None where none is taken.
        has_levels: dose decisions are taken, so people who can sign them are needed.
        hosted: another organisation decides, so no medical monitor of ours is needed.
        blinded: emergency unblinding must have been tested.
        halts: halts in force.
        regimes: reporting regimes chosen, by jurisdiction; an empty text means not chosen.
        charter_required: the protocol asks for a committee charter.
        chartered: a committee charter is in force.
        quorum_attainable: its members who hold their roles now could be a quorum.
    """

    protocol_version: str
    needed: tuple[ApprovalKind, ...]
    approvals: tuple[Approval, ...]
    documents_in_use: frozenset[DocumentVersion]
    registry_ids: tuple[str, ...]
    registration_due_on: date
    registration_needed: bool
    chief_investigators: frozenset[PersonId]
    holders: Mapping[Role, frozenset[PersonId]]
    signing: SigningRules | None
    has_levels: bool
    hosted: bool
    blinded: bool
    unblinding_tests: tuple[EvidenceId, ...] = ()
    halts: tuple[HaltId, ...] = ()
    regimes: Mapping[str, str]
    charter_required: bool = False
    chartered: bool = False
    quorum_attainable: bool = True


def missing_approvals(facts: OpeningFacts, today: date) -> tuple[str, ...]:
    """The kinds of approval that this trial needs and does not have today, in the order of the table."""
    version = facts.protocol_version
    return tuple(
        needed.kind
        for needed in facts.needed
        if not any(approval.meets(needed, version, today) for approval in facts.approvals)
    )


def missing_for_opening(facts: OpeningFacts, today: date) -> tuple[OpeningItem, ...]:
    """Every item that opening lacks; committee, monitor and unblinding only where the trial needs them."""
    leading, *_ = facts.needed
    current = [it for it in facts.approvals if it.meets(leading, facts.protocol_version, today)]
    registered = bool(facts.registry_ids) or today <= facts.registration_due_on
    watched = facts.has_levels and not facts.hosted
    present = {
        OpeningItem.CURRENT_APPROVAL: not missing_approvals(facts, today),
        OpeningItem.APPROVED_DOCUMENT_VERSIONS: bool(facts.documents_in_use)
        and any(facts.documents_in_use <= approval.documents for approval in current),
        OpeningItem.REGISTRATION: registered or not facts.registration_needed,
        OpeningItem.CHIEF_INVESTIGATOR: bool(facts.chief_investigators),
        OpeningItem.MEDICAL_MONITOR: not watched or bool(facts.holders.get(Role.MEDICAL_MONITOR)),
        OpeningItem.COMMITTEE_CHARTER: not watched or facts.chartered or not facts.charter_required,
        OpeningItem.QUORUM_POSSIBLE: not facts.has_levels or _quorum_possible(facts),
        OpeningItem.EMERGENCY_UNBLINDING_TESTED: not facts.blinded or bool(facts.unblinding_tests),
        OpeningItem.NO_HALT: not facts.halts,
        OpeningItem.REPORTING_REGIME: bool(facts.regimes) and all(facts.regimes.values()),
    }
    return tuple(item for item in OpeningItem if not present[item])


def _quorum_possible(facts: OpeningFacts) -> bool:
    signed = facts.signing is not None and quorum_possible(facts.signing, facts.holders)
    return signed and facts.quorum_attainable


def decide_opening(trial: Trial, facts: OpeningFacts, today: date) -> Trial:
    """The trial open for recruitment.

    Raises:
        Refused: `trial_not_in_setup`, `evidence_missing` with every missing item, the approvals among them
            by kind, and the halts in force.
    """
    if trial.state is not TrialState.SETUP:
        raise Refused("trial_not_in_setup", f"The trial is {trial.state}.", state=trial.state.value)
    missing = missing_for_opening(facts, today)
    if missing:
        approvals = missing_approvals(facts, today)
        raise Refused(
            "evidence_missing",
            f"Missing: {', '.join((*missing, *approvals))}.",
            missing=tuple(item.value for item in missing),
            approvals=approvals,
            halts=facts.halts,
        )
    return replace(trial, state=TrialState.OPEN)


def decide_pause(trial: Trial, reason: str) -> Trial:
    """Recruitment paused by one person.

    Raises:
        Refused: `trial_not_open`, `reason_required`.
    """
    if trial.state is not TrialState.OPEN:
        raise Refused("trial_not_open", f"The trial is {trial.state}.", state=trial.state.value)
    return replace(trial, state=TrialState.PAUSED, reason=require_reason(reason))


def decide_restart(trial: Trial, evidence_id: EvidenceId, halts: Collection[HaltId]) -> Trial:
    """A paused trial open again, on a recorded approval of the restart.

    Raises:
        Refused: `trial_not_paused`, `evidence_missing`.
    """
    if trial.state is not TrialState.PAUSED:
        raise Refused("trial_not_paused", f"The trial is {trial.state}.", state=trial.state.value)
    missing = [] if evidence_id else ["restart_approval"]
    if halts:
        missing.append(OpeningItem.NO_HALT.value)
    if missing:
        raise Refused(
            "evidence_missing", f"Missing: {', '.join(missing)}.", missing=tuple(missing), halts=tuple(halts)
        )
    return replace(trial, state=TrialState.OPEN, reason="")


def decide_closing(trial: Trial, reason: str) -> Trial:
    """Recruitment closed for good, from any state.

    Raises:
        Refused: `trial_closed`, `reason_required`.
    """
    if trial.state is TrialState.CLOSED:
        raise Refused("trial_closed", "The trial is closed already.")
    return replace(trial, state=TrialState.CLOSED, reason=require_reason(reason))
