"""What the page of one trial says."""

from collections.abc import Sequence

from services.sponsor.api.recommendation_view import RecommendationOut, recommendation_out
from services.sponsor.domain.protocol_version import FurtherApproval, ProtocolVersion
from services.sponsor.queries.trial_overview import LevelOverview, PartOverview, TrialOverview
from shared.json_body import Day, Instant, StrictModel


class FurtherApprovalView(StrictModel):
    """An approval besides the one that put the version in force."""

    kind_of_approval: str
    reference: str
    approved_on: Day
    last_day: Day
    recorded_by: str
    recorded_at: Instant


class VersionView(StrictModel):
    protocol_version_id: str
    protocol_version: str
    protocol_sha256: str
    uploaded_by: str
    uploaded_at: Instant
    approved: bool
    approved_by: str | None
    approval_reference: str | None
    approved_on: Day | None
    effective_at: Instant | None
    previous_sunset_at: Instant | None
    further_approvals: Sequence[FurtherApprovalView]


class GreenLightView(StrictModel):
    protocol_version: str
    state: str
    granted_at: Instant | None
    revoked_because: str


class SiteView(StrictModel):
    site_id: str
    site_number: str
    organisation: str
    country: str
    zone: str
    principal_investigator: str
    recruitment_cap: int | None
    suspended_at: Instant | None
    suspended_because: str
    green_lights: Sequence[GreenLightView]


class LevelView(StrictModel):
    """Counts of one level; `held` is the reason of the sponsor's own hold, null when there is none."""

    level: int
    label: str
    enrolled: int
    evaluable: int
    dlt: int
    pending: int
    provisional_dlt: int
    not_evaluable: int
    state: str
    held: str | None


class DecisionInForceView(StrictModel):
    decision_id: str
    kind: str
    level: int
    places: int
    in_force_at: Instant | None


class PartView(StrictModel):
    """One part; `mtd` is the level declared in force, `without_decision` are registrations that none covers.

    A `cohort` has no levels, so nothing is recommended or decided about it.
    """

    part: str
    stratum: str
    kind: str
    target: int | None
    registered: int
    levels: Sequence[LevelView]
    recommendation: RecommendationOut | None
    decisions_in_force: Sequence[DecisionInForceView]
    mtd: int | None
    without_decision: Sequence[str]


class TrialView(StrictModel):
    trial_id: str
    code: str
    title: str
    kind: str
    ctimp: bool
    hosted: bool
    zone: str
    state: str
    reason_code: str
    protocol_version_in_force: str | None
    versions: Sequence[VersionView]
    sites: Sequence[SiteView]
    halts_in_force: Sequence[str]
    parts: Sequence[PartView]


def view_of(found: TrialOverview) -> TrialView:
    """The overview in the words of the API."""
    terms = (found.version_in_force or found.versions[-1]).terms
    return TrialView(
        trial_id=found.trial.id,
        code=found.trial.code,
        title=terms.title,
        kind=terms.kind,
        ctimp=terms.ctimp,
        hosted=terms.hosted,
        zone=terms.zone,
        state=found.trial.state.value,
        reason_code=found.trial.reason,
        protocol_version_in_force=found.version_in_force.terms.version if found.version_in_force else None,
        versions=[version_view(version, found.further) for version in found.versions],
        sites=_sites(found),
        halts_in_force=[halt.id for halt in found.halts],
        parts=[_part(part) for part in found.parts],
    )


def version_view(version: ProtocolVersion, further: Sequence[FurtherApproval] = ()) -> VersionView:
    """One protocol version in the words of the API; `further` are approvals of its trial."""
    approval = version.approval
    return VersionView(
        protocol_version_id=version.id,
        protocol_version=version.terms.version,
        protocol_sha256=version.sha256,
        uploaded_by=version.uploaded_by,
        uploaded_at=version.uploaded_at,
        approved=approval is not None,
        approved_by=approval.approved_by if approval else None,
        approval_reference=approval.reference if approval else None,
        approved_on=approval.approved_on if approval else None,
        effective_at=approval.effective_at if approval else None,
        previous_sunset_at=approval.previous_sunset_at if approval else None,
        further_approvals=[
            FurtherApprovalView(
                kind_of_approval=it.kind,
                reference=it.reference,
                approved_on=it.approved_on,
                last_day=it.last_day,
                recorded_by=it.approved_by,
                recorded_at=it.approved_at,
            )
            for it in further
            if it.version_id == version.id
        ],
    )


def _sites(found: TrialOverview) -> list[SiteView]:
    return [
        SiteView(
            site_id=site.id,
            site_number=site.number,
            organisation=site.organisation,
            country=site.country,
            zone=site.zone,
            principal_investigator=site.principal_investigator,
            recruitment_cap=site.recruitment_cap,
            suspended_at=site.suspension.at if site.suspension else None,
            suspended_because=site.suspension.reason if site.suspension else "",
            green_lights=[
                GreenLightView(
                    protocol_version=light.protocol_version,
                    state=light.state.value,
                    granted_at=light.granted_at,
                    revoked_because=light.revoked_because,
                )
                for light in found.green_lights[site.id]
            ],
        )
        for site in found.sites
    ]


def _part(found: PartOverview) -> PartView:
    return PartView(
        part=found.terms.part,
        stratum=found.terms.stratum,
        kind=found.terms.kind,
        target=found.terms.target,
        registered=found.registered,
        levels=[_level(level) for level in found.levels],
        recommendation=recommendation_out(found.recommendation) if found.recommendation else None,
        decisions_in_force=[
            DecisionInForceView(
                decision_id=decision.id,
                kind=decision.kind.value,
                level=decision.place.level,
                places=decision.places,
                in_force_at=decision.in_force_at,
            )
            for decision in found.decisions
        ],
        mtd=found.mtd,
        without_decision=found.without_decision,
    )


def _level(found: LevelOverview) -> LevelView:
    return LevelView(
        level=found.level,
        label=found.label,
        enrolled=found.enrolled,
        evaluable=found.evaluable,
        dlt=found.dlt,
        pending=found.pending,
        provisional_dlt=found.provisional_dlt,
        not_evaluable=found.not_evaluable,
        state=found.state,
        held=found.held,
    )
