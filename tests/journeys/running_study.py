"""A running study without dose levels as another system would hand it over; all people in it are invented."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.journeys.running_trial import CODE, PEOPLE, csv_table, day_text, instant_text


def sample_study(now: datetime, form: Mapping[str, Any], version: str) -> dict[str, str]:
    """A study without dose levels: two children, no place, no decision, one event that is still open."""
    header = {
        "format": "trialops-take-over/1",
        "trial": CODE,
        "source": "Old System 3",
        "signed_by": list(PEOPLE),
    }
    at = [now - timedelta(days=days) for days in (90, 60)]
    people = [
        [
            f"OLD-{nth}",
            f"OLD-S-{nth}",
            "012",
            "main",
            None,
            None,
            version,
            instant_text(at[nth]),
            2022,
            3,
            "registered",
            None,
            None,
        ]
        for nth in range(2)
    ]
    consents = [
        [
            *(f"OLD-S-{nth}", form["purpose"], form["document"], form["version"], "parental_responsibility"),
            *("en", "paper", instant_text(at[nth] - timedelta(days=1)), "nurse-012"),
        ]
        for nth in range(2)
    ]
    seen = now - timedelta(days=2)
    event = [
        *("AE-1", "OLD-1", "infection after sampling", "Infections and infestations - Other, specify", 3),
        *(
            day_text(seen),
            None,
            "hospitalisation",
            "possible",
            "recovering",
            instant_text(seen),
            "investigator-012",
            "open",
        ),
    ]
    columns = "number screening_number site_number part level decision protocol_version registered_at"
    events = "reference number verbatim term grade onset end seriousness causality outcome"
    return {
        "trial.json": json.dumps(header),
        "decisions.json": json.dumps({"format": "trialops-decisions/1", "decisions": []}),
        "sites.csv": csv_table(
            "site_number organisation country zone principal_investigator",
            [["012", "Hospital 012", "GB", "Europe/London", "investigator-012"]],
        ),
        "participants.csv": csv_table(
            f"{columns} birth_year birth_month state voided_at void_reason", people
        ),
        "consents.csv": csv_table(
            "screening_number purpose document version capacity language method signed_at taken_by", consents
        ),
        "adverse_events.csv": csv_table(f"{events} aware_at investigator state", [event]),
    }
