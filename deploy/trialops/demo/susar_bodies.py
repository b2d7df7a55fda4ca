"""What is said about the demonstration's SUSAR: reference safety information, the regulator's route, the case.

All of it is invented, and says so where the file is read. MedDRA is not shipped: the code is a placeholder that
cannot be one of MedDRA's, which have another form.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

PRODUCT = "palbociclib"
PLACEHOLDER: Mapping[str, str] = {"code": "99999999", "version": "0.0"}
"""In the place of a MedDRA code and its version."""
PLACEHOLDER_NOTE = (
    "The code in the place of MedDRA's is a placeholder for demonstration: MedDRA is not shipped, and this number is "
    "none of its codes."
)
INVENTED = "Invented for the demonstration: no such child, no such event, never sent to anybody."

RECEIVER = "FDA"
BATCH_RECEIVER = "ZZFDA_PREMKT"
SENDER = "TRIALOPS-DEMONSTRATION"
WRONG_NUMBER, RIGHT_NUMBER = "000001", "000010"
"""Of the application, invented: as the desk typed it at first, and as it should be."""

_ADOLESCENT, _ADULT = 12, 18


def reference(code: str, label: str, issued_on: date, *, dehydration_up_to: int) -> dict[str, Any]:
    """A version of the reference safety information; every entry invented, its terms those of CTCAE 5.0."""
    highest = {
        "Neutrophil count decreased": 4,
        "Platelet count decreased": 4,
        "Nausea": 3,
        "Dehydration": dehydration_up_to,
    }
    return {
        "trial": code,
        "product": PRODUCT,
        "label": label,
        "document": "Investigator's brochure, reference safety information (invented)",
        "issued_on": issued_on.isoformat(),
        "entries": [{"term": term, "max_grade": grade} for term, grade in highest.items()],
    }


def route(code: str, application: str) -> dict[str, Any]:
    """Where the case goes: FDA's premarket route, under an application that does not exist."""
    return {
        "trial": code,
        "name": RECEIVER,
        "profile": "fda-premarket",
        "batch_receiver": BATCH_RECEIVER,
        "message_receiver": "CDER_IND",
        "sender": SENDER,
        "sender_type": "3",
        "organisation": "Replay of a published trial",
        "department": "Safety desk",
        "country": "US",
        "number_prefix": "US-DEMONSTRATION",
        "study_name": f"{code} (a published trial, replayed)",
        "study_number": code,
        "registrations": [{"number": application, "country": "US"}],
        "ind_number": application,
    }


def content(
    report_id: str, *, site: str, age_years: int, dose: str, course: tuple[date, date], onset: date
) -> dict[str, Any]:
    """What the desk writes of the case.

    Args:
        report_id: the event's report.
        site: number of the hospital.
        age_years: completed years at onset.
        dose: of the level, in mg/m2.
        course: days of the first and of the last dose.
        onset: of the event.
    """
    first, last = course
    return {
        "expedited": True,
        "narrative": (
            f"{INVENTED} A participant of {age_years} years was given {PRODUCT} {dose} mg/m2 once daily from "
            f"{first.isoformat()} to {last.isoformat()}. On {onset.isoformat()} dehydration of grade 3 was seen, which "
            "the trial counts as dose-limiting. The participant was admitted for fluids into a vein, the product was "
            "stopped, and the participant recovered."
        ),
        "meddra": {report_id: dict(PLACEHOLDER)},
        "reporters": [{"qualification": "1", "country": "US", "organisation": f"Hospital {site} (invented)"}],
        "products": [
            {
                "name": PRODUCT,
                "role": "1",
                "substances": [PRODUCT],
                "dosage": f"{dose} mg/m2 once daily",
                "first_on": first.isoformat(),
                "last_on": last.isoformat(),
                "action": "1",
            }
        ],
        "patient": {"age": str(age_years), "age_unit": "a", "age_group": _age_group(age_years)},
        "fda": {"report_type": "1"},
        "sender_comments": f"{INVENTED} {PLACEHOLDER_NOTE}",
    }


def _age_group(years: int) -> str:
    """Of ICH list 9: child, adolescent or adult; nobody in the story is younger than two or old."""
    if years < _ADOLESCENT:
        return "3"
    return "4" if years < _ADULT else "5"
