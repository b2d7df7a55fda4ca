"""Faults planted behind the services' backs, each of which the books must show."""

from sqlalchemy import select

from shared.act import Act
from shared.clock import server_now
from shared.database import Sql, Tx
from shared.ids import new_id
from shared.outbox import NewEvent, put
from shared.rows import insert_row
from tests.journeys.world import World


async def lost_event(world: World) -> None:
    """One event that the sponsor published has never been taken in by safety."""
    newest = (await world.published("sponsor"))[-1]["event_id"]
    await world.service("safety").database.write(lambda tx: tx.fetch(_UNTAKE, newest))


async def row_twice(world: World) -> None:
    """One of enrolment's copies stands there twice."""
    definition = world.service("enrolment").definition
    table = definition.metadata.tables[definition.projections.tables[0]]

    async def plant(tx: Tx) -> None:
        row = (await tx.execute(select(table).limit(1))).one()
        key = next(iter(table.primary_key.columns)).name
        await insert_row(tx, table, dict(row._mapping) | {key: new_id()})

    await world.service("enrolment").database.write(plant)


async def effect_twice(world: World) -> None:
    """What followed at enrolment from one event of the sponsor has followed from it a second time."""
    service = world.service("enrolment")
    said = next(event for event in await world.published("enrolment") if event["causation_id"])
    body = next(one for one in service.definition.published.examples if one.event_type == said["type"])

    async def say_again(tx: Tx) -> None:
        act = Act(
            actor="planted",
            actor_role="planted",
            now=server_now(),
            received_at=server_now(),
            correlation_id="planted",
            causation_id=said["causation_id"],
            new_id=new_id,
        )
        await put(tx, act, NewEvent(aggregate_id=said["aggregate_id"], scope="network", body=body))

    await service.database.write(say_again)
    await world.stage().quiet()


_UNTAKE = Sql("DELETE FROM inbox WHERE event_id = $1")
