"""Rows of the sponsor service's own facts; copies of others' facts are in `copies.py`."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from services.sponsor.store.base import SponsorTable
from shared.tables import Instant, JsonText


class HaltRow(SponsorTable, table=True):
    """One halt, from imposed to lifted."""

    __tablename__ = "halt"

    id: str = Field(primary_key=True)
    trial_id: str = Field(index=True)
    scope: dict[str, Any] = Field(sa_type=JsonText)
    reason: str
    imposed_by: str
    effective_at: datetime = Field(sa_type=Instant)
    plan: str
    request: dict[str, Any] | None = Field(sa_type=JsonText, nullable=True)
    lifted_by: str | None
    lifted_at: datetime | None = Field(sa_type=Instant, nullable=True)
