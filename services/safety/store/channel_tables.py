"""Rows about the channels of alerts: how each one is, and the receipt of every try."""

from datetime import datetime

from sqlmodel import Field

from services.safety.store.base import SafetyTable
from shared.tables import Instant


class AlertChannelRow(SafetyTable, table=True):
    """How a part of the alerting is: a channel, or the evaluator that takes the steps.

    `beat_at` is when it last did its round, by server time. `outage` names the trouble that it is in, from its
    first failed try to its next delivery; a channel whose receiver has shut it is `gone`.
    """

    __tablename__ = "alert_channel"

    name: str = Field(primary_key=True)
    beat_at: datetime = Field(sa_type=Instant)
    state: str
    failures: int
    outage: str | None
    failing_since: datetime | None = Field(sa_type=Instant, nullable=True)
    last_error: str | None
    last_delivered_at: datetime | None = Field(sa_type=Instant, nullable=True)
    last_test_on: str


class AlertReceiptRow(SafetyTable, table=True):
    """One try to hand one message to one person by one channel, and what came of it; never changed."""

    __tablename__ = "alert_receipt"

    id: str = Field(primary_key=True)
    alert_id: str = Field(index=True)
    send_id: str
    step: int
    person: str
    channel: str
    attempt: int
    outcome: str
    error: str | None
    tried_at: datetime = Field(sa_type=Instant)
