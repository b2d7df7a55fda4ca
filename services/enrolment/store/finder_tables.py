"""What a site itself says in the trial finder: whom to speak to, and for which conditions."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant, JsonText


class FinderEntryRow(EnrolmentTable, table=True):
    """Contacts are professional ones, published on purpose; they stay in this table and reach no event."""

    __tablename__ = "finder_entry"

    trial_id: str = Field(primary_key=True)
    site_number: str = Field(primary_key=True)
    conditions: list[str] = Field(sa_type=JsonText)
    principal_investigator: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    contacts: list[Any] = Field(sa_type=JsonText)
    note: str
    updated_at: datetime = Field(sa_type=Instant)
    updated_by: str
