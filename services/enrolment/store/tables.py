"""Every table of this service on one metadata: its own facts, its copies of others', and delivery."""

from services.enrolment.store import copies, person_tables, place_tables
from services.enrolment.store.base import METADATA

__all__ = ["METADATA", "copies", "person_tables", "place_tables"]
