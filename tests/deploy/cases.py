"""Cases for `trialops safety classify`: the documented one, and how to change it."""

import copy
from typing import Any

from deploy.trialops.calculators.safety_classify import CLASSIFY

DOCUMENTED: dict[str, Any] = {
    "regime": "uk-2026",
    "zone": "Europe/London",
    "day_zero_on_new_judgement": "earliest",
    "consent_on": None,
    "first_dose_on": None,
    "onset_on": None,
    "site_aware_at": None,
    "aware_at": "2026-12-18",
    "merged_aware_at": [],
    "event": {
        "term": "Sepsis",
        "ctcae": "6.0",
        "grade": 5,
        "outcome": "fatal",
        "death_on": "2026-12-17",
        "admission": None,
        "participant_has_grade_5": False,
    },
    "seriousness": {"investigator": ["death"], "sponsor": None},
    "causality": {"investigator": "probable", "sponsor": None},
    "expectedness": "unexpected",
    "rsi": [
        {
            "version": 1,
            "approved_on": "2026-06-01",
            "entries": [
                {"term": "Nausea", "max_grade": 3, "fatal_expected": False, "authorised_in_eu": False}
            ],
        }
    ],
    "protocol": {
        "exempt_susars": [{"rule": "P-7", "term": "Fever", "period_days": 30}],
        "not_serious": [{"rule": "P-2", "admission": "planned_protocol_procedure"}],
    },
    "changes": [{"on": "2026-12-20", "kind": "facts", "causality": {"sponsor": "possible"}}],
    "reports_sent": ["2026-12-21"],
}
HOSPITALISED: dict[str, Any] = {
    "aware_at": "2026-12-18",
    "event": {"term": "Sepsis", "ctcae": "6.0", "grade": 3},
    "seriousness": {"investigator": ["hospitalisation"]},
    "causality": {"investigator": "possible"},
    "expectedness": "unexpected",
}
FATAL: dict[str, Any] = {
    "event": {"grade": 5, "outcome": "fatal", "death_on": "2026-12-20"},
    "seriousness": {"investigator": ["death"]},
}


def classified(case: dict[str, Any], **members: Any) -> dict[str, Any]:
    return CLASSIFY.result({"case": copy.deepcopy(case) | members})


def due(found: dict[str, Any]) -> dict[str, str]:
    """The last day of each deadline by its rule."""
    return {one["rule"]: one["due_date"] for one in found["deadlines"]}


def met(found: dict[str, Any]) -> dict[str, bool]:
    return {one["rule"]: one["met"] for one in found["deadlines"]}
