"""The protocol files of the ten kinds of trial as the journeys run them, each with what its kind asks for."""

from typing import Any

from tests.enrolment import protocol_blocks as blocks
from tests.enrolment.protocol import part_file, part_of_kind, protocol_of_kind

CODES = {
    "dose_finding": "DOSE01",
    "expansion": "EXPA01",
    "randomised": "RAND01",
    "advanced_therapy": "CART01",
    "radiotherapy": "RADI01",
    "supportive_care": "SUPP01",
    "sample_study": "SAMP01",
    "survivor_cohort": "SURV01",
    "quality_of_life": "QUAL01",
    "qualitative": "TALK01",
}
APPROVALS = {
    "dose_finding": ["combined_review"],
    "expansion": ["combined_review"],
    "randomised": ["combined_review"],
    "advanced_therapy": ["combined_review", "gene_therapy_committee"],
    "radiotherapy": ["rec_favourable_opinion", "hra_approval", "radiation_review"],
    "supportive_care": ["rec_favourable_opinion", "hra_approval"],
    "sample_study": ["rec_favourable_opinion", "hra_approval", "hta_licence"],
    "survivor_cohort": ["rec_favourable_opinion", "hra_approval"],
    "quality_of_life": ["rec_favourable_opinion", "hra_approval"],
    "qualitative": ["rec_favourable_opinion", "hra_approval"],
}
"""What each kind opens with, the leading approval first; the sponsor's own table must say the same."""

FORMS = [
    ("parents", "parental_consent", 0, 16),
    ("adults", "own_consent", 16, 121),
    ("children", "assent", 6, 11),
    ("teenagers", "assent", 11, 16),
]
TYPED_CRITERIA: list[dict[str, Any]] = [
    {"id": "diagnosis", "text": "Relapsed neuroblastoma"},
    {
        "id": "neutrophils",
        "text": "Neutrophils",
        "answer": "number",
        "unit": "10^9/L",
        "at_least": "1.0",
        "valid_days": 7,
    },
    {
        "id": "response",
        "text": "Response to treatment so far",
        "answer": "choice",
        "options": ["complete", "partial", "none"],
        "accepted": ["partial", "none"],
    },
    {"id": "last-chemotherapy", "text": "Last chemotherapy", "answer": "date", "within_days": 60},
]
FIRST = blocks.randomisation(
    "induction",
    blinded=True,
    method={
        "kind": "permuted_blocks",
        "block_sizes": [2, 4],
        "strata": [{"factor": "risk", "levels": ["high", "low"]}, {"factor": "site"}],
    },
)
BY_RESPONSE = blocks.randomisation(
    "induction",
    "maintenance",
    label="Maintenance or observation",
    at="later",
    after="first",
    groups=["responder", "non-responder"],
    criteria=[{"id": "recovered", "text": "Blood counts have recovered"}],
    arms=[{"arm": "maintenance", "label": "Maintenance"}, {"arm": "observation", "label": "Observation"}],
)
EVERY_TEN_YEARS: dict[str, Any] = {
    "starts": "registration",
    "years": 40,
    "visits": [
        {
            "visit": "decade",
            "label": "Health questionnaire",
            "kind": "questionnaire",
            "from_days": 3650,
            "every_days": 3650,
            "until_days": 14600,
            "days_before": 180,
            "days_after": 365,
        }
    ],
    "lost": {"attempts": 3, "channels": 2, "within_days": 400},
    "death_check_days": 14,
}
ALK = {"gene": "ALK", "alteration": "mutation", "must_be": "present"}


def trial_of_kind(kind: str, **replaced: Any) -> dict[str, Any]:
    """The protocol file of a trial of this kind; `replaced` are whole blocks of it."""
    document = protocol_of_kind(kind, code=CODES[kind], **_own_blocks(kind))
    document["trial"]["registry_ids"] = ["ISRCTN00000000"]
    document["consent"]["documents"] = [
        {"document": form, "version": "1.0", "purpose": purpose, "from_years": start, "below_years": end}
        for form, purpose, start, end in FORMS
    ]
    return document | replaced


def hosted_trial() -> dict[str, Any]:
    """A company's dose-finding trial: its letters decide, so the file has no committee."""
    document = trial_of_kind("dose_finding")
    del document["decision"]
    document["trial"] |= {
        "code": "HOST01",
        "legal_sponsor": "Example Pharmaceuticals",
        "hosted": True,
        "funding": "commercial",
    }
    return document


def _own_blocks(kind: str) -> dict[str, Any]:
    """What the journeys have beside the smallest file of a kind."""
    part = part_of_kind(kind)
    match kind:
        case "dose_finding":
            return {"follow_up": blocks.follow_up("treatment_end", 2)}
        case "expansion":
            return {
                "parts": [part_file(part, "expansion", biomarkers=[ALK])],
                "eligibility": {"version": "1.0", "validity_days": 14, "criteria": TYPED_CRITERIA},
                "follow_up": blocks.follow_up("treatment_end", 2),
            }
        case "randomised":
            return {"randomisations": [FIRST, BY_RESPONSE]}
        case "advanced_therapy":
            course = [*blocks.CAR_T_COURSE, "transplant"]
            treatment = {
                "product": "example cells",
                "doses_planned_in_window": 1,
                "dose_basis": "flat",
                "course": course,
            }
            return {"treatment": treatment, "dlt": blocks.dlt("1.0", "infusion")}
        case "survivor_cohort":
            age = {"from_years": 16, "below_years": 80}
            return {"parts": [part_file(part, "cohort", age=age)], "follow_up": EVERY_TEN_YEARS}
        case _:
            return {}
