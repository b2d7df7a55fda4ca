"""What a consumer file is: a table from each event type of a producer to an effect, or to "ignored".

An effect has two halves. `project` keeps the consumer's copy of the producer's facts, in tables that hold
nothing but values of events; a rebuild clears these tables and runs it again. `react` does what follows for
this service (close a level, raise an alert) through its own commands; it looks at the state, not at the event
alone, so that it may run again, and it does not run while a copy is being rebuilt: `settle` does at the end.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from shared.act import Act
from shared.database import Tx
from shared.envelope import Envelope
from shared.topics import Blinding, topic_of_service

E = TypeVar("E", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[E]):
    """One event as a consumer reads it: the fields it uses, and where they came from."""

    body: E
    envelope: Envelope


Project = Callable[[Tx, Sequence[Received[Any]]], Awaitable[None]]
React = Callable[[Tx, Act, Received[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a consumer does with one event type.

    `project` takes a run of events of the type in order, because set-based statements are what makes a replay
    of millions possible; `react` takes one event at a time, with the circumstances of its consequence.
    """

    model: type[BaseModel]
    project: Project | None = None
    react: React | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Everything one service does with one topic of a producer. Every type published there is named."""

    consumer: str
    producer: str
    effects: Mapping[str, Effect]
    ignored: frozenset[str] = frozenset()
    blinding: Blinding = "blinded"

    @property
    def topic(self) -> str:
        return topic_of_service(self.producer, self.blinding)


Settle = Callable[[Tx, Act], Awaitable[None]]
OnParked = Callable[[Tx, Act, "Parked"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A record that could not be applied, as the service that must raise the alarm is told of it."""

    producer: str
    event_type: str | None
    event_id: str | None
    partition_key: str | None
    reason: str


async def nothing_to_settle(_tx: Tx, _act: Act) -> None:
    """For a consumer whose effects are projections alone."""


async def no_alarm(_tx: Tx, _act: Act, _parked: Parked) -> None:
    """For tests and tools; a service raises its own alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """The consumer's copies as a whole: which tables a rebuild clears, and what follows when it is done."""

    tables: Sequence[str] = field(default=())
    settle: Settle = nothing_to_settle
    on_parked: OnParked = no_alarm
