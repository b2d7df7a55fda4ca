"""Records of our own inboxes that could not be applied, told from the envelope alone."""

from services.safety.commands.report_parked_event import ReportParkedEvent, report_parked_event
from services.safety.consumers.enrolment_events import ENROLMENT_EVENTS
from services.safety.consumers.sponsor_events import SPONSOR_EVENTS
from shared.act import Act
from shared.consumer import Parked
from shared.database import Tx

IGNORED = {consumer.producer: consumer.ignored for consumer in (SPONSOR_EVENTS, ENROLMENT_EVENTS)}
"""By producer, the types that say nothing to this service."""


async def on_parked(tx: Tx, act: Act, parked: Parked) -> None:
    """Raise "unreadable event" in the transaction that parks the record."""
    command = ReportParkedEvent(
        where="safety",
        producer=parked.producer,
        event_type=parked.event_type,
        event_id=parked.event_id,
        scope=parked.partition_key,
        reason=parked.reason,
    )
    await report_parked_event(tx, command, act, ignored=IGNORED)
