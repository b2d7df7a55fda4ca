"""Say aloud that an event could not be applied here: what it was to announce has not happened."""

from shared.act import Act
from shared.consumer import Parked
from shared.database import Tx
from shared.delivery_events import event_parked
from shared.outbox import NewEvent, put
from shared.partitions import NETWORK

_EVENT_PARKED = event_parked("enrolment")


async def report_parked(tx: Tx, act: Act, parked: Parked) -> None:
    """Publish `enrolment.event.parked.v1`; safety wakes somebody, and nobody is registered meanwhile."""
    body = _EVENT_PARKED(
        producer=parked.producer,
        event_type_parked=parked.event_type,
        event_id=parked.event_id,
        scope=parked.partition_key,
        reason=parked.reason,
    )
    scope = parked.partition_key or NETWORK
    await put(tx, act, NewEvent(aggregate_id=act.new_id(), scope=scope, body=body))
