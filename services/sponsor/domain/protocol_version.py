"""Versions of a trial's protocol: uploaded by one person, approved by another, in force from an instant on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.sponsor.domain.ids import PersonId, ProtocolVersionId, TrialId
from services.sponsor.domain.protocol_terms import ProtocolTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import DocumentVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionApproval:
    """The approval of one version.

    Attributes:
        reference: the regulator's or committee's reference.
        last_day: last day on which recruitment may open on it.
        documents: documents and versions that were approved.
        effective_at: from when sites may use it.
        previous_sunset_at: until when sites without a green light may use the version before; None: no longer.
    """

    reference: str
    approved_on: date
    last_day: date
    documents: frozenset[DocumentVersion]
    effective_at: datetime
    previous_sunset_at: datetime | None
    approved_by: PersonId
    approved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolVersion:
    """One uploaded version; `approval` is None until somebody other than the uploader has recorded it."""

    id: ProtocolVersionId
    trial_id: TrialId
    sha256: str
    terms: ProtocolTerms
    uploaded_by: PersonId
    uploaded_at: datetime
    approval: VersionApproval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherApproval:
    """An approval of another kind than the one that puts a version in force; dates and documents as there."""

    version_id: ProtocolVersionId
    protocol_version: str
    kind: str
    reference: str
    approved_on: date
    last_day: date
    documents: frozenset[DocumentVersion]
    approved_by: PersonId
    approved_at: datetime


def require_same_trial(earlier: ProtocolTerms, later: ProtocolTerms) -> None:
    """Refuse a version that would be another trial's or another kind's, or move the trial's local dates.

    Raises:
        Refused: `protocol_identity_changed` naming what changed.
    """
    changed = [name for name in _IDENTITY if getattr(earlier, name) != getattr(later, name)]
    if changed:
        raise Refused("protocol_identity_changed", f"Changed: {', '.join(changed)}.", changed=changed)


_IDENTITY = ("code", "zone", "kind", "ctimp", "hosted")


def decide_further_approval(version: ProtocolVersion, approval: FurtherApproval, today: date) -> None:
    """Whether a further approval may be recorded: by somebody other than the uploader, once it was given.

    Args:
        version: that it is about, in force or not.
        approval: what is to be recorded.
        today: the trial's local date.

    Raises:
        Refused: `second_person_required`, `approval_period_invalid`.
    """
    if approval.approved_by == version.uploaded_by:
        raise Refused("second_person_required", "Somebody other than the uploader records the approval.")
    if approval.approved_on > today or approval.last_day < approval.approved_on:
        raise Refused(
            "approval_period_invalid", "An approval is not dated ahead and lapses after it was given."
        )


def decide_approval(version: ProtocolVersion, approval: VersionApproval, today: date) -> ProtocolVersion:
    """The version approved, by somebody other than the person who uploaded it.

    Args:
        version: not approved yet.
        approval: what the second person records.
        today: the trial's local date.

    Raises:
        Refused: `protocol_version_approved`, `second_person_required`, `approval_period_invalid`.
    """
    if version.approval is not None:
        raise Refused("protocol_version_approved", "This version has its approval.")
    if approval.approved_by == version.uploaded_by:
        raise Refused("second_person_required", "Somebody other than the uploader records the approval.")
    sunset = approval.previous_sunset_at
    ends_early = sunset is not None and sunset < approval.effective_at
    if approval.approved_on > today or approval.last_day < approval.approved_on or ends_early:
        raise Refused(
            "approval_period_invalid",
            "An approval is not dated ahead, lapses after it was given, and the version before it ends later.",
        )
    return replace(version, approval=approval)


def version_in_force(versions: Iterable[ProtocolVersion], now: datetime) -> ProtocolVersion | None:
    """The approved version that took effect last; None before the first does."""
    effective = [
        (version.approval.effective_at, version.approval.approved_at, version.id, version)
        for version in versions
        if version.approval is not None and version.approval.effective_at <= now
    ]
    return max(effective, key=lambda entry: entry[:3])[3] if effective else None
