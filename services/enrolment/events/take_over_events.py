"""Trials that came from another system while they ran."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from services.enrolment.events.event_model import PublishedEvent


class TakeOverCompletedV1(PublishedEvent):
    """Everybody of a running trial is known here with what happened so far. Subject: the take-over."""

    event_type: ClassVar[str] = "enrolment.take-over.completed.v1"

    trial_id: str
    take_over_id: str
    folder_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    participants: int
    waiting: int
    completed_at: datetime


TAKE_OVER_EVENTS: tuple[type[PublishedEvent], ...] = (TakeOverCompletedV1,)
