"""One example of each published event, as documentation and as a fixture for readers."""

from datetime import UTC, date, datetime
from typing import Any

from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import (
    BoundaryRuleV1,
    CohortHeldV1,
    CohortReleasedV1,
    CommitteePackOutdatedV1,
    DelegationEndedV1,
    DelegationGrantedV1,
    DoseDecisionSignedV1,
    DoseDecisionSupersededV1,
    HaltImposedV1,
    HaltLiftedV1,
    HaltScopeV1,
    PartLevelV1,
    ProtocolVersionApprovedV3,
    PublishedEvent,
    RecommendationRaisedV1,
    SiteGreenLitV1,
    SiteRevokedV1,
    SiteSuspendedV1,
    TrialClosedV1,
    TrialOpenedV1,
    TrialPausedV1,
)

_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_TRIAL = "01960000-0000-7000-8000-000000000001"
_SITE = "01960000-0000-7000-8000-000000000002"
_DELEGATION = "01960000-0000-7000-8000-000000000003"
_DECISION = "01960000-0000-7000-8000-000000000004"
_HALT = "01960000-0000-7000-8000-000000000005"
_PERSON = "auth0|5f1c"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

EXAMPLE_PROTOCOL: dict[str, Any] = {
    "schema_version": 1,
    "trial": {
        "code": "EP01",
        "title": "An example of a dose-finding trial",
        "legal_sponsor": "Example University Hospital",
        "kind": "dose_finding",
        "phase": "I",
        "ctimp": True,
        "registry_ids": ["ISRCTN00000000"],
    },
    "protocol_version": "1.0",
    "zone": "Europe/London",
    "ctcae": "5.0+0",
    "reporting_regimes": ["uk-2026"],
    "parts": [
        {
            "part": "escalation",
            "stratum": "all",
            "kind": "escalation",
            "levels": [
                {"level": 1, "label": "50 mg/m2", "dose": "50", "unit": "mg/m2"},
                {"level": 2, "label": "75 mg/m2", "dose": "75", "unit": "mg/m2"},
            ],
            "design": {"id": "rolling_six", "version": "2008.1"},
            "age": {"from_years": 1, "below_years": 18},
        },
        {
            "part": "expansion",
            "stratum": "all",
            "kind": "expansion",
            "levels": [{"level": 1, "label": "75 mg/m2", "dose": "75", "unit": "mg/m2"}],
            "monitoring": {
                "source": "Protocol section 9.4",
                "close_if_dlts_at_least": {"3": 3, "6": 4},
                "max_evaluable": 12,
                "counts": [{"part": "escalation", "level": 2}],
            },
            "age": {"from_years": 1, "below_years": 18},
        },
    ],
    "dlt": {
        "dlt_definition": {"id": "ep01-dlt", "version": 1, "protocol_version": "1.0", "ctcae": "5.0+0"},
        "window": {
            "starts": "first_dose",
            "day_one": "local_date_of_first_dose",
            "days": 28,
            "closes": "end_of_local_day",
        },
        "minimum_exposure": {"doses_percent": 80},
        "duration_convention": "day_difference",
        "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
        "criteria": [
            {
                "id": "non-haematological",
                "any_term": True,
                "soc_not": ["Investigations"],
                "grade_at_least": 3,
                "except": ["nausea-controlled-within-two-days"],
            },
            {"id": "delay", "kind": "dose_delay", "cause": "toxicity", "more_than_days": 14},
        ],
        "not_evaluable": ["exposure_below_minimum"],
    },
    "treatment": {"product": "example", "doses_planned_in_window": 28, "dose_basis": "body_surface"},
    "eligibility": {
        "version": "1",
        "validity_days": 14,
        "criteria": [{"id": "diagnosis", "text": "Relapsed or refractory solid tumour"}],
    },
    "consent": {
        "age_of_consent": {"GB": 16},
        "assent_from_years": 7,
        "documents": [
            {
                "document": "parents",
                "version": "1.0",
                "purpose": "parental_consent",
                "from_years": 0,
                "below_years": 16,
            }
        ],
    },
    "slots": {"policy": "fifo_by_notification", "reserve_window_hours": 72},
    "decision": {"required_roles": ["src_chair", "medical_monitor"], "minimum_signers": 2},
}
"""A complete protocol file, small enough to read."""

EXAMPLES: tuple[PublishedEvent, ...] = (
    ProtocolVersionApprovedV3(
        trial_id=_TRIAL,
        trial_code="EP01",
        protocol_version="1.0",
        protocol_sha256=_SHA256,
        protocol=ProtocolFile.model_validate(EXAMPLE_PROTOCOL),
        approval_reference="CR-2026-0001",
        approved_on=date(2026, 2, 27),
        effective_at=_AT,
        previous_sunset_at=None,
    ),
    TrialOpenedV1(trial_id=_TRIAL, trial_code="EP01", opened_at=_AT),
    TrialPausedV1(trial_id=_TRIAL, paused_at=_AT, reason_code="drug_supply"),
    TrialClosedV1(trial_id=_TRIAL, closed_at=_AT, reason_code="recruitment_complete"),
    SiteGreenLitV1(
        trial_id=_TRIAL,
        site_id=_SITE,
        site_number="012",
        organisation="Example Children's Hospital",
        country="GB",
        zone="Europe/London",
        protocol_version="1.0",
        granted_at=_AT,
        recruitment_cap=None,
    ),
    SiteRevokedV1(
        trial_id=_TRIAL, site_id=_SITE, site_number="012", revoked_at=_AT, reason_code="pharmacy_not_ready"
    ),
    SiteSuspendedV1(
        trial_id=_TRIAL, site_id=_SITE, site_number="012", suspended_at=_AT, reason_code="staff_changes"
    ),
    DelegationGrantedV1(
        trial_id=_TRIAL,
        delegation_id=_DELEGATION,
        person=_PERSON,
        role="site_investigator",
        site_number="012",
        from_at=_AT,
        until_at=None,
    ),
    DelegationEndedV1(trial_id=_TRIAL, delegation_id=_DELEGATION, ended_at=_AT),
    RecommendationRaisedV1(
        trial_id=_TRIAL,
        part="escalation",
        level=1,
        kind="escalate",
        next_level=2,
        reasons=[],
        counts=[[1, 3, 0, 0], [2, 0, 0, 0]],
        design="rolling_six@2008.1",
        table_sha256=_SHA256,
        closed_levels=[],
    ),
    DoseDecisionSignedV1(
        trial_id=_TRIAL,
        decision_id=_DECISION,
        kind="expand",
        part="expansion",
        level=1,
        places=6,
        cohort_rule=BoundaryRuleV1(
            kind="boundary",
            source={"text": "Protocol section 9.4"},
            counts=[PartLevelV1(part="escalation", level=2), PartLevelV1(part="expansion", level=1)],
            max_evaluable=12,
            close_if_dlts_at_least=[(3, 3), (6, 4)],
        ),
        rule_sha256=_SHA256,
        snapshot_sha256=_SHA256,
        text_sha256=_SHA256,
        signed_by=[
            {"person": _PERSON, "role": "src_chair", "signed_at": "2026-03-02T09:30:00.000000Z"},
            {"person": "auth0|77aa", "role": "medical_monitor", "signed_at": "2026-03-02T09:30:00.000000Z"},
        ],
        in_force_at=_AT,
        overrides_recommendation=False,
    ),
    DoseDecisionSupersededV1(
        trial_id=_TRIAL,
        decision_id=_DECISION,
        part="expansion",
        level=1,
        reason="late_dlt",
        superseded_at=_AT,
    ),
    CohortHeldV1(trial_id=_TRIAL, part="escalation", level=2, reason="suspend", held_at=_AT),
    CohortReleasedV1(trial_id=_TRIAL, part="escalation", level=2, released_at=_AT),
    HaltImposedV1(
        trial_id=_TRIAL,
        halt_id=_HALT,
        scope=HaltScopeV1(part=None, level=None, site_number="012", recruitment=True, dosing=False),
        reason_code="site_inspection",
        imposed_at=_AT,
    ),
    HaltLiftedV1(trial_id=_TRIAL, halt_id=_HALT, lifted_at=_AT),
    CommitteePackOutdatedV1(
        trial_id=_TRIAL,
        pack_id="01960000-0000-7000-8000-000000000006",
        snapshot_id="01960000-0000-7000-8000-000000000007",
        part="escalation",
        n=2,
        decisions=[_DECISION],
        because=["adverse_event_added"],
        reports=["01960000-0000-7000-8000-000000000008"],
        outdated_at=_AT,
    ),
)
