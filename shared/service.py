"""One service as it runs: what it is made of, and in which order it starts and stops.

A service says what it is with a `Definition`; `Service` adds the delivery core around it. The three process
roles (`api`, `worker`, `serve`) differ only in what `start` is asked to run.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter
from sqlalchemy import MetaData
from starlette.requests import Request

from shared.clock import monotonic, server_now
from shared.consumer import Consumer, Projections
from shared.database import Database, Sql, Tx
from shared.delivery_events import delivery_effects
from shared.domain_clock import DemonstrationClock, DomainClock, RealDomainClock
from shared.envelope import Record
from shared.freshness import FreshnessRule
from shared.heartbeat import Heartbeat, heard_lately
from shared.ids import IdSource, new_id
from shared.inbox import Inbox
from shared.metrics import create_metrics
from shared.perform import Performer
from shared.problems import Translation
from shared.rebuild import History
from shared.relay import Relay, wake_all
from shared.service_settings import ServiceSettings
from shared.settings import Environment
from shared.signing import SignatureCheck, accept_unsigned
from shared.stores import delivery_store
from shared.timers import Timer, TimerLoop
from shared.topics import blinding_of, topic_of_service
from shared.transport import Transport
from shared.upkeep import Upkeep
from shared.watermarks import all_positions, database_clock

log = structlog.get_logger(__name__)

CLOCK_STEP_SECONDS = 2.0


class WrongEnvironment(Exception):
    """The store holds demonstration records and this is no demonstration; start is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a service says: its event classes, an example of each, and other documents whose schema it owns.

    `retired` are types that it said once and says no more: stores and topics still hold them, so their schema
    and example stay as they were committed, and readers go on naming them.
    """

    events: Sequence[Any] = ()
    examples: Sequence[Any] = ()
    documents: Mapping[str, Any] = field(default_factory=dict)
    retired: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Work of a service's own that runs beside the timers, outside of transactions (sending mail)."""

    name: str
    run: "Callable[[Service], Awaitable[None]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a service is, apart from how it is delivered.

    `topics_relied_on`: producers whose silence its guards depend on. `loops` are run by a worker. `checks` say
    whether a worker does what it is for; they bear on its readiness and its heartbeat, never on a request.
    """

    name: str
    title: str
    metadata: MetaData
    consumers: Sequence[Consumer]
    projections: Projections
    routers: Sequence[APIRouter]
    timers: Sequence[Timer] = ()
    translations: Mapping[type[Exception], Translation] = field(default_factory=dict)
    topics_relied_on: Sequence[str] = ()
    published: Published = Published()
    loops: Sequence[Loop] = ()
    checks: "Mapping[str, Callable[[Service], Awaitable[bool]]]" = field(default_factory=dict)

    @property
    def topic(self) -> str:
        return topic_of_service(self.name)

    @property
    def unblinded_topic(self) -> str | None:
        """The topic beside the main one; a service none of whose events is unblinded has none."""
        said = {blinding_of(event) for event in self.published.events}
        return topic_of_service(self.name, "unblinded") if "unblinded" in said else None

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that the service publishes on, the main one first."""
        return (self.topic, *([self.unblinded_topic] if self.unblinded_topic else []))


class Service:
    """A definition with its store, its voice, its ears and its clock."""

    def __init__(
        self,
        definition: Definition,
        *,
        settings: ServiceSettings,
        database: Database,
        transport: Transport,
        unblinded_transport: Transport | None = None,
        new_id: IdSource = new_id,
        signature_check: SignatureCheck = accept_unsigned,
    ) -> None:
        """`unblinded_transport`, where given, carries the unblinded topic: trouble there disturbs nobody else."""
        self.definition = definition
        self.settings = settings
        self.database = database
        self.delivery = delivery = delivery_store(database)
        self.transport = transport
        self.new_id = new_id
        self.holder = new_id()
        self.metrics = create_metrics()
        self.domain_clock: DomainClock = (
            DemonstrationClock()
            if settings.deployment.environment is Environment.DEMONSTRATION
            else RealDomainClock()
        )
        self.performer = Performer(
            service=definition.name, database=database, domain_clock=self.domain_clock, new_id=new_id
        )
        self.relay = self._relay_of(definition.topic, transport)
        self.relays: Mapping[str, Relay] = {"relay": self.relay}
        if definition.unblinded_topic:
            beside = self._relay_of(definition.unblinded_topic, unblinded_transport or transport)
            self.relays = {**self.relays, "relay-unblinded": beside}
        self.inboxes = {
            consumer.producer: Inbox(
                consumer=with_delivery_effects(definition.name, consumer),
                projections=definition.projections,
                database=delivery,
                domain_clock=self.domain_clock,
                new_id=new_id,
                metrics=self.metrics,
                signature_check=signature_check,
            )
            for consumer in definition.consumers
        }
        if len(self.inboxes) != len(definition.consumers):
            raise ValueError("a service reads one topic of each producer")
        self.timers = TimerLoop(
            service=definition.name,
            timers=definition.timers,
            database=delivery,
            domain_clock=self.domain_clock,
            new_id=new_id,
            holder=self.holder,
        )
        self.upkeep = Upkeep(
            service=definition.name,
            unblinded_topic=definition.unblinded_topic,
            database=delivery,
            domain_clock=self.domain_clock,
            new_id=new_id,
            metrics=self.metrics,
        )
        self.heartbeat = Heartbeat(settings.outside.heartbeat, self.working)
        self.clock_watch = ClockWatch()
        self.freshness = FreshnessRule(
            consumer=definition.name,
            topics=tuple(definition.topics_relied_on),
            max_age=timedelta(seconds=settings.freshness.max_age_seconds),
            started_at=server_now(),
            clock_is_steady=self.clock_watch.is_steady,
        )
        self.history: History = no_history
        self.copies_cleared: Callable[[], None] = lambda: None
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._on_stop: list[Callable[[], Awaitable[None]]] = []
        self.failed = asyncio.Event()

    @property
    def name(self) -> str:
        return self.definition.name

    def _relay_of(self, topic: str, transport: Transport) -> Relay:
        """A topic's relay: it leads, is watched and fails by itself."""
        return Relay(
            service=self.name,
            topic=topic,
            database=self.delivery,
            transport=transport,
            holder=self.holder,
            metrics=self.metrics,
        )

    def wake_relays(self) -> None:
        """There are new rows in the outbox."""
        wake_all(tuple(self.relays.values()))()

    async def start(self, *, worker: bool, open_store: bool = True) -> None:
        """Open the store and, as a worker, relay, run timers and look after delivery.

        Records come in through `inboxes`; whoever composes the process connects them to a transport.

        Raises:
            WrongEnvironment: demonstration records outside a demonstration, or the other way round.
        """
        if open_store:
            await self.database.start()
        if self.delivery is not self.database:
            await self.delivery.start()
        await self.database.write(self._check_environment)
        self.freshness = await self.database.read(self._freshness_from_now)
        self.run("clock", self.clock_watch.run)
        for inbox in self.inboxes.values():
            await inbox.prepare()
        if worker:
            self.database.on_announced = self.delivery.on_announced = self.wake_relays
            for loop_name, relay in self.relays.items():
                self.run(loop_name, relay.run)
            self.run("timers", self.timers.run)
            self.run("upkeep", self.upkeep.run)
            for loop in self.definition.loops:
                self.run(loop.name, partial(loop.run, self))
            if self.heartbeat.configured:
                self.run("heartbeat", self.heartbeat.run)

    def run(self, what: str, loop: Callable[[], Awaitable[None]]) -> None:
        """Run a loop of this service until it stops; a loop that ends by itself fails the process."""

        async def watched() -> None:
            try:
                await loop()
            except Exception as error:
                log.critical("loop_failed", loop=what, error=type(error).__name__)
            self.failed.set()

        if what in self._loops:
            raise ValueError(f"{self.name}:{what} runs already")
        self._loops[what] = asyncio.create_task(watched(), name=f"{self.name}:{what}")

    async def end(self, *loops: str) -> None:
        """End the named loops of this service while the others go on; `run` may start them again."""
        tasks = [self._loops.pop(one) for one in loops if one in self._loops]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def on_stop(self, end: Callable[[], Awaitable[None]]) -> None:
        """Call `end` when stopping, before the loops and the store; what came last goes first."""
        self._on_stop.append(end)

    async def working(self) -> Mapping[str, bool]:
        """What a worker is for, by name, and whether it does it: its own checks, and each producer heard lately."""
        positions = await self.database.read(lambda tx: all_positions(tx, self.name))
        heard = heard_lately(positions, server_now())
        own = {name: await check(self) for name, check in self.definition.checks.items()}
        return own | {f"heard-{topic}": well for topic, well in heard.items()}

    async def is_whole(self) -> bool:
        """Whether every loop of this process still runs."""
        return not self.failed.is_set()

    async def stop(self, *, close_store: bool = True) -> None:
        """Stop in reverse order; what was not acknowledged is delivered again after the next start."""
        try:
            while self._on_stop:
                await self._on_stop.pop()()
            await self.end(*self._loops)
        finally:
            if self.delivery is not self.database:
                await self.delivery.stop()
            if close_store:
                await self.database.stop()

    async def _freshness_from_now(self, tx: Tx) -> FreshnessRule:
        rule = self.freshness
        return FreshnessRule(
            consumer=rule.consumer,
            topics=rule.topics,
            max_age=rule.max_age,
            started_at=await database_clock(tx),
            clock_is_steady=rule.clock_is_steady,
        )

    async def _check_environment(self, tx: Tx) -> None:
        demonstration = self.domain_clock.demonstration
        rows = await tx.fetch(_PROFILE)
        if not rows:
            await tx.fetch(_SET_PROFILE, str(int(demonstration)))
        elif (rows[0][0] == "1") != demonstration:
            kind = "demonstration" if rows[0][0] == "1" else "real"
            raise WrongEnvironment(f"the store of {self.name} holds {kind} records")

    async def database_answers(self) -> bool:
        """Whether the store can be read now."""

        async def ask(tx: Tx) -> bool:
            return bool(await tx.fetch(_ONE))

        return await self.database.read(ask)


async def no_history(_topic: str) -> AsyncIterator[Sequence[Record]]:
    """A process that is connected to no transport has nothing to build copies from."""
    raise RuntimeError("this process has no access to the producers' events")
    yield ()


def with_delivery_effects(service: str, consumer: Consumer) -> Consumer:
    """The consumer's table with what every service does about delivery itself; main topics alone speak of that."""
    if consumer.blinding != "blinded":
        return consumer
    effects = dict(delivery_effects(service=service, producer=consumer.producer)) | dict(consumer.effects)
    return Consumer(
        consumer=consumer.consumer, producer=consumer.producer, effects=effects, ignored=consumer.ignored
    )


class ClockWatch:
    """Notices when the host's wall clock steps: then its age arithmetic cannot be trusted until a restart."""

    def __init__(self) -> None:
        self._wall = server_now()
        self._monotonic = monotonic()
        self._steady = True

    def is_steady(self) -> bool:
        return self._steady

    async def run(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.sample()

    def sample(self) -> None:
        """Compare how far both clocks went since the last sample."""
        wall, mono = server_now(), monotonic()
        if abs((wall - self._wall).total_seconds() - (mono - self._monotonic)) > CLOCK_STEP_SECONDS:
            log.critical("own_clock_stepped")
            self._steady = False
        self._wall, self._monotonic = wall, mono


def service_of(request: Request) -> Service:
    """The running service that answers this request."""
    service: Service = request.app.state.service
    return service


_ONE = Sql("SELECT 1")
_PROFILE = Sql("SELECT value FROM store_profile WHERE name = 'demonstration'")
_SET_PROFILE = Sql("INSERT INTO store_profile (name, value) VALUES ('demonstration', $1)")
