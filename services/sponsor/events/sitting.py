"""The meeting at which a dose decision was taken, as the decision's event tells it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class VoterV1(BaseModel):
    """Somebody who voted: present, delegated, without a conflict."""

    person: Annotated[str, Field(description="Subject id of the person at the identity provider")]
    seat: Literal["chair", "deputy_chair", "medical_monitor", "statistician", "investigator", "member"]


class DissentV1(BaseModel):
    """A voter who decided otherwise, and why; about the trial, never about one participant."""

    person: str
    text: str


class SittingV1(BaseModel):
    """The meeting at which it was decided; those in conflict were present and did not vote."""

    meeting_id: str
    charter_version: int
    held_at: datetime
    voters: list[VoterV1]
    in_conflict: list[str]
    dissents: list[DissentV1]
