"""The protocol file of the trial in these tests."""

from typing import Any


def protocol(**replaced: Any) -> dict[str, Any]:
    """A protocol file with the criteria that paediatric phase I protocols print."""
    document: dict[str, Any] = {
        "schema_version": 1,
        "trial": {
            "code": "EP01",
            "title": "Example",
            "legal_sponsor": "Example",
            "kind": "dose_finding",
            "phase": "I",
            "ctimp": True,
        },
        "protocol_version": "1.0",
        "zone": "Europe/London",
        "ctcae": "5.0+0",
        "reporting_regimes": ["uk-2026"],
        "parts": [
            {
                "part": "escalation",
                "stratum": "I",
                "kind": "escalation",
                "levels": [{"level": 1, "label": "1", "dose": "10", "unit": "mg"}],
                "design": {"id": "rolling_six", "version": "2008.1"},
                "age": {"from_years": 1, "below_years": 18},
            }
        ],
        "dlt": {
            "dlt_definition": {"id": "ep01", "version": 3, "protocol_version": "1.0", "ctcae": "5.0+0"},
            "window": {
                "starts": "first_dose",
                "day_one": "local_date_of_first_dose",
                "days": 28,
                "closes": "end_of_local_day",
            },
            "minimum_exposure": {"doses_percent": 75},
            "duration_convention": "day_difference",
            "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
            "criteria": [
                {
                    "id": "nonhaem-g3",
                    "any_term": True,
                    "soc_not": ["Blood and lymphatic system disorders"],
                    "grade_at_least": 3,
                    "except": ["alt-brief"],
                },
                {
                    "id": "anc-long",
                    "term": "Neutrophil count decreased",
                    "grade_at_least": 4,
                    "lasting_more_than_days": 5,
                },
                {"id": "missed", "kind": "missed_doses", "cause": "toxicity", "more_than_percent": 25},
            ],
            "not_evaluable": ["left_before_window_end_without_dlt", "exposure_below_minimum"],
        },
        "treatment": {"product": "example", "doses_planned_in_window": 4, "dose_basis": "flat"},
        "eligibility": {"version": "1", "validity_days": 14, "criteria": [{"id": "d", "text": "x"}]},
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
    return document | replaced
