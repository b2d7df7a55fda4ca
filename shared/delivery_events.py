"""Events that every service publishes about delivery itself: replay requests, audit heads, parked events.

The classes are the same for all three; only the type's first word differs, so they are made per service.
"""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from pydantic import BaseModel

from shared.act import Act
from shared.consumer import Effect, React, Received
from shared.database import Sql, Tx, instant_parameter
from shared.topics import topic_of_service

M = TypeVar("M", bound=BaseModel)


class ReplayRequested(BaseModel):
    """A consumer found that it has not got everything of a partition and asks its producer to send again."""

    event_type: ClassVar[str] = ""

    topic: str
    partition: int
    after_pub_seq: int


class AuditHeadPublished(BaseModel):
    """Where a service's audit trail stood; the other services keep it as witnesses."""

    event_type: ClassVar[str] = ""

    pub_seq: int
    head: str
    audit_rows: int
    audit_last_id: int
    unblinded_pub_seq: int | None = None
    unblinded_head: str | None = None


class EventParked(BaseModel):
    """A consumer could not apply an event: what it was to announce has not happened there."""

    event_type: ClassVar[str] = ""

    producer: str
    event_type_parked: str | None
    event_id: str | None
    scope: str | None
    reason: str


def replay_requested(service: str) -> type[ReplayRequested]:
    return _named(ReplayRequested, f"{service}.replay.requested.v1")


def audit_head_published(service: str) -> type[AuditHeadPublished]:
    return _named(AuditHeadPublished, f"{service}.audit-head.published.v1")


def event_parked(service: str) -> type[EventParked]:
    return _named(EventParked, f"{service}.event.parked.v1")


def delivery_examples(service: str) -> list[BaseModel]:
    """One example of each event about delivery."""
    return [
        replay_requested(service)(topic="other.events.v1", partition=3, after_pub_seq=1234),
        audit_head_published(service)(pub_seq=5678, head="ab" * 32, audit_rows=6789, audit_last_id=6790),
        event_parked(service)(
            producer="other",
            event_type_parked="other.thing.changed.v1",
            event_id="0193b5d2-0000-7000-8000-000000000001",
            scope="network",
            reason="unknown_type",
        ),
    ]


def delivery_effects(*, service: str, producer: str) -> dict[str, Effect]:
    """What any service does with a producer's replay requests and audit heads."""
    return {
        f"{producer}.replay.requested.v1": Effect(model=ReplayRequested, react=_obey_replay_of(service)),
        f"{producer}.audit-head.published.v1": Effect(model=AuditHeadPublished, project=_witness_heads),
    }


def _named(model: type[M], event_type: str) -> type[M]:
    return type(model.__name__ + "V1", (model,), {"event_type": event_type, "__doc__": model.__doc__})


def _obey_replay_of(service: str) -> React:
    own_topics = (topic_of_service(service), topic_of_service(service, "unblinded"))

    async def obey(tx: Tx, act: Act, event: Received[ReplayRequested]) -> None:
        if event.body.topic in own_topics:
            await tx.fetch(
                _REQUEST_REPLAY,
                event.body.topic,
                event.body.partition,
                event.envelope.producer,
                event.body.after_pub_seq,
                instant_parameter(tx, act.received_at),
                event.envelope.id,
            )
            tx.announce()

    return obey


async def _witness_heads(tx: Tx, events: Sequence[Received[AuditHeadPublished]]) -> None:
    for event in events:
        await tx.fetch(
            _WITNESS,
            event.envelope.producer,
            event.body.pub_seq,
            event.body.head,
            event.body.audit_rows,
            event.body.audit_last_id,
        )


_REQUEST_REPLAY = Sql(
    "INSERT INTO replay_request (topic, partition, consumer, after_pub_seq, until_pub_seq, requested_at, requested_by)"
    " SELECT $1, $2, $3, $4, pub_seq, $5::timestamptz, $6 FROM relay_leader WHERE topic = $1"
)
_WITNESS = Sql(
    "INSERT INTO peer_audit_head (producer, pub_seq, head, audit_rows, audit_last_id) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (producer, pub_seq) DO NOTHING"
)
