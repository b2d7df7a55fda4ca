"""What the routes about delivery answer: one model per answer, so that the OpenAPI document is complete.

Every list is `items`, and `next_cursor` where it comes in pages.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from shared.audit_verify import AuditReport, BadRow
from shared.ids import CURSOR_FORM
from shared.ledger import PublishedEntry
from shared.parked import ParkedRow
from shared.watermarks import Position

_CURSOR_IS = "`next_cursor` of the page before"

IdCursor = Annotated[str, Query(pattern=CURSOR_FORM, description=_CURSOR_IS)]
NumberCursor = Annotated[str, Query(pattern=r"^([0-9]{1,18})?$", description=_CURSOR_IS)]
"""Of lists whose entries have numbers: the last number of the page before."""
HeadCursor = Annotated[str, Query(pattern=r"^([a-z][a-z0-9_-]{0,63}:[0-9]{1,18})?$", description=_CURSOR_IS)]


def after_number(cursor: NumberCursor) -> int:
    return int(cursor or 0)


def after_head(cursor: HeadCursor) -> tuple[str, int]:
    producer, _, pub_seq = cursor.partition(":")
    return producer, int(pub_seq or 0)


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WatermarkList(View):
    """Closed time of every producer and partition."""

    items: list[Position]


class PublishedPage(View):
    items: list[PublishedEntry]
    next_cursor: str | None


class TakenPage(View):
    """Ids of events, ascending."""

    items: list[str]
    next_cursor: str | None


class ParkedPage(View):
    items: list[ParkedRow]
    next_cursor: str | None


class Released(View):
    """How many events were applied."""

    applied: int


class DiscardState(View):
    state: Literal["second_person_required", "discarded"]


class ReplayBegun(View):
    """What comes after this place of the topic is sent again."""

    after_pub_seq: int


class RebuildBegun(View):
    state: Literal["rebuilding"] = "rebuilding"


class HeadView(View):
    """An audit head of another service, as this one received it."""

    producer: str
    pub_seq: int
    head: str
    audit_rows: int
    audit_last_id: int


class HeadPage(View):
    items: list[HeadView]
    next_cursor: str | None


class HeadPublished(View):
    """`published` is false when there was nothing new to anchor."""

    published: bool


class AuditView(View):
    """What a walk over every chain found; `first_bad` is the first row that is not true."""

    ok: bool
    rows: int
    anchored_events: int
    head: str
    first_bad: BadRow | None

    @classmethod
    def of(cls, report: AuditReport) -> "AuditView":
        return cls(
            ok=report.ok,
            rows=report.rows,
            anchored_events=report.anchored_events,
            head=report.head,
            first_bad=report.first_bad,
        )


class ClockView(View):
    """Domain time, and up to which domain time everything due has been done."""

    now: datetime
    timers_ran_until: datetime | None


class ClockMoved(View):
    now: datetime
