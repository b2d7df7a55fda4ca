"""The protocol file of the trial in these tests, and the rules that its decisions carry."""

import json
from pathlib import Path
from typing import Any

from services.sponsor.domain.cohort_rule import NextLevel, rule_from_table, rule_payload
from services.sponsor.domain.escalation.table import table_from_rows
from services.sponsor.domain.ids import PartLevel
from tests.enrolment import protocol_blocks as blocks

SHIPPED_TABLE = Path(__file__).parents[2] / "services" / "sponsor" / "designs" / "rolling-six.2008.1.json"

CODE = "EP01"
PART = "escalation"
KINDS = {
    "dose_finding": ("escalation", "escalation", True, "I"),
    "expansion": ("expansion", "expansion", True, "I/II"),
    "randomised": ("induction", "cohort", True, "III"),
    "advanced_therapy": ("cells", "escalation", True, "I"),
    "radiotherapy": ("fractions", "cohort", False, "not_applicable"),
    "supportive_care": ("support", "cohort", False, "not_applicable"),
    "sample_study": ("samples", "cohort", False, "not_applicable"),
    "survivor_cohort": ("survivors", "cohort", False, "not_applicable"),
    "quality_of_life": ("families", "cohort", False, "not_applicable"),
    "qualitative": ("interviews", "cohort", False, "not_applicable"),
}
"""Name and kind of the part that a trial of each kind has here, whether it is a ctimp, and its phase."""

FOLLOWED = {
    "advanced_therapy": ("infusion", 15, "visit"),
    "survivor_cohort": ("registration", 40, "questionnaire"),
    "quality_of_life": ("registration", 2, "questionnaire"),
    "qualitative": ("registration", 1, "interview"),
    "sample_study": ("registration", 5, "sample"),
    "radiotherapy": ("treatment_end", 5, "visit"),
    "supportive_care": ("treatment_end", 1, "contact"),
    "randomised": ("treatment_end", 5, "visit"),
}
"""Start, years and kind of the follow-up, of kinds that have one here."""


def part_of_kind(kind: str) -> str:
    """The name of the part that `protocol_of_kind` gives a trial of this kind."""
    return KINDS[kind][0]


def protocol_of_kind(
    kind: str, version: str = "1.0", code: str = CODE, *, has_levels: bool | None = None, **replaced: Any
) -> dict[str, Any]:
    """A protocol file of one of the ten kinds, with the blocks that such a trial has and no others.

    There is one part, `part_of_kind(kind)`. Dose levels (three; one in an expansion) come with `dlt`,
    `treatment`, `slots` and `decision`; `has_levels` overrides whether the kind usually has them.
    `replaced` are whole blocks of the file, for example `randomisations=[...]`.
    """
    name, part_kind, ctimp, phase = KINDS[kind]
    if has_levels is not None:
        expands = has_levels and part_kind == "expansion"
        part_kind = "expansion" if expands else "escalation" if has_levels else "cohort"
    document = protocol(version, code)
    if part_kind == "cohort":
        for block in ("dlt", "treatment", "slots", "decision"):
            del document[block]
    document["trial"] |= {"kind": kind, "phase": phase, "ctimp": ctimp}
    document["reporting_regimes"] = ["uk-2026"] if ctimp else ["uk-non-ctimp"]
    document["parts"] = [part_file(name, part_kind)]
    document["finder"] = blocks.finder(kind.replace("_", " "))
    if kind in FOLLOWED:
        document["follow_up"] = blocks.follow_up(*FOLLOWED[kind])
    if kind == "advanced_therapy" and part_kind != "cohort":
        document["treatment"]["course"] = blocks.CAR_T_COURSE
        document["dlt"] = blocks.dlt(version, "infusion")
    if kind == "randomised":
        document["randomisations"] = [blocks.randomisation(name)]
    if kind == "sample_study":
        document["consent"]["sample_uses"] = [
            {"use": "this-study", "text": "Use in this study"},
            {"use": "later-studies", "text": "Use in later studies"},
        ]
    return document | replaced


def part_file(name: str, kind: str, **replaced: Any) -> dict[str, Any]:
    """One part of a protocol file: `escalation` (three levels), `expansion` (one) or `cohort` (none)."""
    part: dict[str, Any] = {
        "part": name,
        "stratum": "I",
        "kind": kind,
        "age": {"from_years": 1, "below_years": 18},
    }
    if kind == "escalation":
        part |= {"levels": blocks.levels(), "design": {"id": "rolling_six", "version": "2008.1"}}
    if kind == "expansion":
        part |= {"levels": blocks.levels(1), "monitoring": blocks.boundary_of_a_part()}
    return part | replaced


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
