"""The protocol file of the trial in these tests, and the rules that its decisions carry."""

import json
from pathlib import Path
from typing import Any

from services.sponsor.domain.cohort_rule import NextLevel, rule_from_table, rule_payload
from services.sponsor.domain.escalation.table import table_from_rows
from services.sponsor.domain.ids import PartLevel

SHIPPED_TABLE = Path(__file__).parents[2] / "services" / "sponsor" / "designs" / "rolling-six.2008.1.json"

CODE = "EP01"
PART = "escalation"


def protocol(version: str = "1.0", code: str = CODE, **replaced: Any) -> dict[str, Any]:
    """A protocol file with an escalation part of three levels and an expansion part of one."""
    forms = [
        ("parents", "parental_consent", 0, 16),
        ("adults", "own_consent", 16, 121),
        ("teenagers", "assent", 11, 16),
    ]
    document: dict[str, Any] = {
        "schema_version": 1,
        "trial": {
            "code": code,
            "title": "Example",
            "legal_sponsor": "Example",
            "kind": "dose_finding",
            "phase": "I",
            "ctimp": True,
        },
        "protocol_version": version,
        "zone": "Europe/London",
        "ctcae": "5.0+0",
        "reporting_regimes": ["uk-2026"],
        "parts": [
            {
                "part": PART,
                "stratum": "I",
                "kind": "escalation",
                "levels": [
                    {"level": n, "label": f"level {n}", "dose": str(10 * n), "unit": "mg/m2"}
                    for n in (1, 2, 3)
                ],
                "design": {"id": "rolling_six", "version": "2008.1"},
                "age": {"from_years": 1, "below_years": 18},
            },
            {
                "part": "expansion",
                "stratum": "II",
                "kind": "expansion",
                "levels": [{"level": 1, "label": "expansion", "dose": "20", "unit": "mg/m2"}],
                "monitoring": {
                    "source": "protocol section 9",
                    "close_if_dlts_at_least": {"2": 2, "6": 3},
                    "max_evaluable": 12,
                },
                "age": {"from_years": 1, "below_years": 18},
            },
        ],
        "dlt": {
            "dlt_definition": {"id": "ep01", "version": 1, "protocol_version": version, "ctcae": "5.0+0"},
            "window": {
                "starts": "first_dose",
                "day_one": "local_date_of_first_dose",
                "days": 28,
                "closes": "end_of_local_day",
            },
            "minimum_exposure": {"doses_percent": 75},
            "duration_convention": "day_difference",
            "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
            "criteria": [{"id": "grade-3", "any_term": True, "grade_at_least": 3}],
            "not_evaluable": ["left_before_window_end_without_dlt"],
        },
        "treatment": {"product": "example", "doses_planned_in_window": 4, "dose_basis": "flat"},
        "eligibility": {
            "version": version,
            "validity_days": 14,
            "criteria": [{"id": "diagnosis", "text": "x"}, {"id": "organ-function", "text": "y"}],
        },
        "consent": {
            "age_of_consent": {"GB": 16},
            "assent_from_years": 6,
            "documents": [
                {
                    "document": document,
                    "version": version,
                    "purpose": purpose,
                    "from_years": from_years,
                    "below_years": below_years,
                }
                for document, purpose, from_years, below_years in forms
            ],
        },
        "slots": {"policy": "fifo_by_notification", "reserve_window_hours": 72},
        "decision": {
            "required_roles": ["src_chair", "medical_monitor"],
            "minimum_signers": 2,
            "circulation_receipts": False,
        },
    }
    return document | replaced


def rolling_six(part: str = PART, level: int = 1) -> dict[str, Any]:
    """The cohort rule of the shipped design at a level, as a signed decision carries it."""
    shipped = json.loads(SHIPPED_TABLE.read_text())
    table = table_from_rows(shipped["id"], shipped["version"], [tuple(row) for row in shipped["cells"]])
    rule = rule_from_table(table, PartLevel(part=part, level=level), NextLevel.OPENABLE)
    return dict(json.loads(json.dumps(rule_payload(rule))))


def boundary(**replaced: Any) -> dict[str, Any]:
    return {
        "kind": "boundary",
        "source": {"text": "protocol section 9"},
        "counts": [{"part": "expansion", "level": 1}],
        "max_evaluable": 12,
        "close_if_dlts_at_least": [[2, 2], [6, 3]],
    } | replaced
