"""Saying that an event of another service could not be applied here."""

from shared.act import Act
from shared.consumer import Parked
from shared.database import Tx
from shared.delivery_events import event_parked
from shared.outbox import NewEvent, put
from shared.partitions import NETWORK

EventParkedV1 = event_parked("sponsor")


async def say_parked(tx: Tx, act: Act, parked: Parked) -> None:
    """Publish it, so that whoever is woken for such things is."""
    body = EventParkedV1(
        producer=parked.producer,
        event_type_parked=parked.event_type,
        event_id=parked.event_id,
        scope=parked.partition_key,
        reason=parked.reason,
    )
    event = NewEvent(aggregate_id=act.new_id(), scope=parked.partition_key or NETWORK, body=body)
    await put(tx, act, event)
