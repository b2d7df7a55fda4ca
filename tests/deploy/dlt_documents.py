"""The protocol and the data of the worked example, and questions about variations of them."""

from typing import Any

from deploy.trialops.calculators.safety_dlt import DLT

DEFINITION = """
dlt_definition: {id: ep01, version: 3, protocol_version: "4.0", ctcae: "5.0+0"}
window: {starts: first_dose, day_one: local_date_of_first_dose, days: 28, closes: end_of_local_day}   # a comment
minimum_exposure: {doses_percent: 75}
duration_convention: day_difference        # day_difference | inclusive_days
attribution: {counts: [possible, probable, definite], missing: counts}
criteria:
  - {id: nonhaem-g3, any_term: true, soc_not: [Blood and lymphatic system disorders], grade_at_least: 3,
     except: [nausea-vomiting-controlled, alt-brief, fever-infection, electrolytes-corrected]}
  - {id: anc-long, term: Neutrophil count decreased, grade_at_least: 4, lasting_more_than_days: 5}
  - {id: delay, kind: dose_delay, cause: toxicity, more_than_days: 14}
not_evaluable: [left_before_window_end_without_dlt, exposure_below_minimum, death_from_progression]
"""
PROTOCOL: dict[str, Any] = {
    "dlt_definition": {"id": "ep01", "version": 3, "protocol_version": "4.0", "ctcae": "5.0+0"},
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
            "except": ["nausea-vomiting-controlled", "alt-brief"],
        },
        {
            "id": "anc-long",
            "term": "Neutrophil count decreased",
            "grade_at_least": 4,
            "lasting_more_than_days": 5,
        },
        {"id": "delay", "kind": "dose_delay", "cause": "toxicity", "more_than_days": 14},
    ],
    "not_evaluable": [
        "left_before_window_end_without_dlt",
        "exposure_below_minimum",
        "death_from_progression",
    ],
}
ANC: dict[str, Any] = {
    "term": "Neutrophil count decreased",
    "soc": "Investigations",
    "causality": "possible",
    "exclusion": None,
    "grades": [
        {"day": 3, "grade": 4},
        {"day": 6, "value": "0.4", "unit": "10^9/L", "confirmed": True},
    ],
}
RASH: dict[str, Any] = {
    "term": "Rash maculo-papular",
    "soc": "Skin and subcutaneous tissue disorders",
    "causality": "probable",
    "grades": [{"day": 5, "grade": 3}],
}
DATA: dict[str, Any] = {
    "as_of_day": 9,
    "doses": {"planned": 28, "given": 8},
    "left": None,
    "dose_delays": [{"cause": "toxicity", "days": 3}],
    "events": [ANC],
}


def judged(criteria: list[dict[str, Any]] | None = None, **data: Any) -> dict[str, Any]:
    protocol = PROTOCOL | ({} if criteria is None else {"criteria": criteria})
    return DLT.result({"protocol": protocol, "data": DATA | data})


def dosed(given_: int, *missed: dict[str, Any]) -> dict[str, Any]:
    return {"planned": 28, "given": given_} | ({"missed": list(missed)} if missed else {})
