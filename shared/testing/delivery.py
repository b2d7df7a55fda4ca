"""A relay and an inbox of the toy services, put together the way a service does it."""

from shared.database import Database
from shared.domain_clock import RealDomainClock
from shared.ids import new_id
from shared.inbox import Inbox
from shared.metrics import create_metrics
from shared.relay import BATCHES_PER_TURN, POLL_SECONDS, Relay
from shared.signing import SignatureCheck, accept_unsigned
from shared.testing.toy import COUNTERS, PRODUCER, PROJECTIONS, TOPIC
from shared.transport import Transport


def toy_relay(
    database: Database,
    transport: Transport,
    *,
    holder: str = "test",
    batches_per_turn: int = BATCHES_PER_TURN,
    watermark_seconds: float = 0.0,
    poll_seconds: float = POLL_SECONDS,
) -> Relay:
    """A relay for the toy's topic; unless told otherwise its watermarks follow every turn at once."""
    return Relay(
        service=PRODUCER,
        topic=TOPIC,
        database=database,
        transport=transport,
        holder=holder,
        metrics=create_metrics(),
        busy_seconds=watermark_seconds,
        idle_seconds=watermark_seconds,
        batches_per_turn=batches_per_turn,
        poll_seconds=poll_seconds,
    )


def toy_inbox(
    database: Database,
    *,
    consumer: object = COUNTERS,
    projections: object = PROJECTIONS,
    signature_check: SignatureCheck = accept_unsigned,
    retry_seconds: float = 2.0,
) -> Inbox:
    """An inbox for the toy's topic."""
    return Inbox(
        consumer=consumer,  # type: ignore[arg-type]
        projections=projections,  # type: ignore[arg-type]
        database=database,
        domain_clock=RealDomainClock(),
        new_id=new_id,
        metrics=create_metrics(),
        signature_check=signature_check,
        retry_seconds=retry_seconds,
    )
