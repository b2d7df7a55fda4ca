"""Every table of this service on one metadata: its own facts, its copies of others', and delivery."""

from services.enrolment.store import (
    afterwards_tables,
    consent_tables,
    copies,
    dose_tables,
    downtime_tables,
    finder_tables,
    people_tables,
    person_tables,
    place_tables,
    randomisation_tables,
    recruitment_tables,
)
from services.enrolment.store.base import METADATA

__all__ = [
    "METADATA",
    "afterwards_tables",
    "consent_tables",
    "copies",
    "dose_tables",
    "downtime_tables",
    "finder_tables",
    "people_tables",
    "person_tables",
    "place_tables",
    "randomisation_tables",
    "recruitment_tables",
]
