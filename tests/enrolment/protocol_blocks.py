"""Blocks of a protocol file that some kinds of trial have and others have not."""

from typing import Any

CAR_T_COURSE = ["apheresis", "manufacture", "bridging", "lymphodepletion", "infusion"]


def levels(doses: int = 3, unit: str = "mg/m2") -> list[dict[str, Any]]:
    """Dose levels 1, 2, 3 ... of 10, 20, 30 ..."""
    return [
        {"level": n, "label": f"level {n}", "dose": str(10 * n), "unit": unit} for n in range(1, doses + 1)
    ]


def dlt(version: str, starts: str = "first_dose") -> dict[str, Any]:
    """Grade 3 of anything within 28 days."""
    return {
        "dlt_definition": {"id": "ep01", "version": 1, "protocol_version": version, "ctcae": "5.0+0"},
        "window": {
            "starts": starts,
            "day_one": "local_date_of_first_dose",
            "days": 28,
            "closes": "end_of_local_day",
        },
        "minimum_exposure": {"doses_percent": 75},
        "duration_convention": "day_difference",
        "attribution": {"counts": ["possible", "probable", "definite"], "missing": "counts"},
        "criteria": [{"id": "grade-3", "any_term": True, "grade_at_least": 3}],
        "not_evaluable": ["left_before_window_end_without_dlt"],
    }


def boundary_of_a_part() -> dict[str, Any]:
    return {
        "source": "protocol section 9",
        "close_if_dlts_at_least": {"2": 2, "6": 3},
        "max_evaluable": 12,
    }


def randomisation(part: str, name: str = "first", **replaced: Any) -> dict[str, Any]:
    """One to one at registration, in permuted blocks of 2 and 4, open to everybody of the part."""
    return {
        "randomisation": name,
        "label": "Standard or new",
        "part": part,
        "at": "registration",
        "blinded": False,
        "arms": [{"arm": "standard", "label": "Standard"}, {"arm": "new", "label": "New"}],
        "method": {"kind": "permuted_blocks", "block_sizes": [2, 4]},
        "version": "1",
    } | replaced


def follow_up(starts: str, years: int, kind: str = "visit") -> dict[str, Any]:
    """One contact after 28 days, then one a year to the end of the years."""
    return {
        "starts": starts,
        "years": years,
        "visits": [
            {"visit": "day-28", "label": "Day 28", "kind": kind, "at_days": 28, "days_after": 7},
            {
                "visit": "yearly",
                "label": "Once a year",
                "kind": kind,
                "from_days": 365,
                "every_days": 365,
                "until_days": 365 * years,
                "days_before": 30,
                "days_after": 60,
            },
        ],
        "lost": {"attempts": 3, "channels": 2, "within_days": 180},
    }


def finder(treatment_type: str) -> dict[str, Any]:
    return {
        "treatment_type": treatment_type,
        "conditions": ["Neuroblastoma"],
        "plain_title": "An example trial",
        "plain_summary": "This is an example of a trial.",
        "who_to_ask": "The research nurse of your hospital",
    }
