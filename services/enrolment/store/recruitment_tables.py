"""Rows of whether a part with a target still recruits."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from services.enrolment.store.base import EnrolmentTable
from shared.tables import Instant


class PartRecruitmentRow(EnrolmentTable, table=True):
    """`closed_at` is null while the target is not reached; there is no row before it is for the first time."""

    __tablename__ = "part_recruitment"
    __table_args__ = (Index("part_recruitment_once", "trial_id", "part", unique=True),)

    id: str = Field(primary_key=True)
    trial_id: str
    part: str
    closed_at: datetime | None = Field(sa_type=Instant, nullable=True)
