"""Routes about delivery, the same in every service, for operators.

Ledger, positions, replay, rebuild; parked events and the audit trail have modules of their own. Reading needs
the role `operations`; so does acting.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from shared import audit_api, ledger, parked_api, rebuild
from shared.act import Act
from shared.audit import record
from shared.database import Sql, Tx, instant_parameter
from shared.delivery_views import (
    IdCursor,
    NumberCursor,
    PublishedPage,
    RebuildBegun,
    ReplayBegun,
    TakenPage,
    WatermarkList,
    after_number,
)
from shared.json_body import Instant, StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.openapi import READING
from shared.operators import Person, operator_only
from shared.perform import Answer
from shared.problems import InvalidRequest
from shared.service import Service, service_of, with_delivery_effects
from shared.watermarks import all_positions

router = APIRouter(tags=["delivery"])
"""Delivery routes of every installation."""
for one in (parked_api.router, audit_api.router):
    router.include_router(one)


# -- reading --------------------------------------------------------------------------------------------


@router.get("/delivery/state")
async def show_delivery_state(request: Request, principal: Person) -> ledger.DeliveryState:
    """How far this service's events have gone and others' have come; all equal means quiet."""
    operator_only(principal)
    service = service_of(request)
    unblinded = service.definition.unblinded_topic
    return await service.database.read(lambda tx: ledger.delivery_state(tx, service.name, unblinded))


@router.get("/delivery/watermarks")
async def list_watermarks(request: Request, principal: Person) -> WatermarkList:
    """Closed time per producer and partition."""
    operator_only(principal)
    service = service_of(request)
    return WatermarkList(items=await service.database.read(lambda tx: all_positions(tx, service.name)))


@router.get("/delivery/outbox")
async def list_published(request: Request, principal: Person, cursor: NumberCursor = "") -> PublishedPage:
    """Published events of the main topic in order; the cursor is a `pub_seq`.

    Of an unblinded topic only counts are shown, with the state.
    """
    operator_only(principal)
    service = service_of(request)
    entries = await service.database.read(
        lambda tx: ledger.published_entries(tx, service.definition.topic, after=after_number(cursor))
    )
    last = str(entries[-1].pub_seq) if len(entries) == ledger.PAGE else None
    return PublishedPage(items=entries, next_cursor=last)


@router.get("/delivery/inbox")
async def list_taken(
    request: Request,
    principal: Person,
    topic: Annotated[str, Query(max_length=100)],
    cursor: IdCursor = "",
) -> TakenPage:
    """Ids of a topic's events that this service has taken in."""
    operator_only(principal)
    service = service_of(request)
    ids = await service.database.read(lambda tx: ledger.taken_ids(tx, service.name, topic, after=cursor))
    return TakenPage(items=ids, next_cursor=ids[-1] if len(ids) == ledger.PAGE else None)


# -- acting ---------------------------------------------------------------------------------------------


class ReplayIn(StrictModel):
    """Which of this service's own published events to send again, and to whom; None is everybody who hears them.

    `unblinded`: those of its unblinded topic, which has positions of its own, instead of the main one's.
    """

    after_pub_seq: int = 0
    since: Instant | None = None
    scope: Annotated[str | None, Field(max_length=64)] = None
    consumer: Annotated[str | None, Field(max_length=64)] = None
    unblinded: bool = False


@router.post(
    "/delivery/replays", status_code=202, response_model=ReplayBegun, openapi_extra=request_body(ReplayIn)
)
async def replay_published(request: Request, principal: Person) -> Response:
    """Send published events again with the same ids and bytes; what was applied is not applied twice."""
    operator_only(principal)
    service = service_of(request)
    raw = await read_limited(request)
    body = parse_body(raw, ReplayIn)
    _refuse_unknown_consumer(service, body.consumer)
    topic = _topic_to_replay(service, body)

    async def command(tx: Tx, act: Act) -> Answer:
        after = await _replay_start(tx, topic, body)
        now = instant_parameter(tx, act.received_at)
        await tx.fetch(_ASK_REPLAY, topic, body.scope, body.consumer, after, now, act.actor)
        await record(tx, act, f"replay:{service.name}", "replay.requested", {"after_pub_seq": after})
        tx.announce()
        return Answer(body=ReplayBegun(after_pub_seq=after), status=202)

    return await service.performer.command(request, principal, raw, command)


def _refuse_unknown_consumer(service: Service, consumer: str | None) -> None:
    """Every service hears every other one, so whoever this one hears is who hears it."""
    if consumer is not None and consumer not in service.inboxes:
        message = f"Input should be one of {', '.join(sorted(service.inboxes))}"
        raise InvalidRequest([{"path": "consumer", "rule": "consumer_unknown", "message": message}])


def _topic_to_replay(service: Service, body: ReplayIn) -> str:
    if not body.unblinded:
        return service.definition.topic
    topic = service.definition.unblinded_topic
    if topic is None:
        message = "This service has no unblinded topic"
        raise InvalidRequest([{"path": "unblinded", "rule": "topic_unknown", "message": message}])
    return topic


async def _replay_start(tx: Tx, topic: str, body: ReplayIn) -> int:
    if body.since is None:
        return max(0, body.after_pub_seq)
    rows = await tx.fetch(_FIRST_SINCE, topic, instant_parameter(tx, body.since))
    return 2**62 if rows[0][0] is None else int(rows[0][0]) - 1


@router.post("/delivery/rebuilds", status_code=202, response_model=RebuildBegun)
async def rebuild_copies(request: Request, principal: Person) -> Response:
    """Clear this service's copies of others' facts and take every event again; nobody relies on them meanwhile."""
    operator_only(principal)
    service = service_of(request)
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        await rebuild.begin_rebuild(tx, service.name, service.definition.projections)
        await record(tx, act, f"rebuild:{service.name}", "rebuild.begun", {})
        await service.upkeep.ask_everything(tx)
        return Answer(body=RebuildBegun(), status=202)

    answer = await service.performer.command(request, principal, raw, command)
    service.copies_cleared()
    return answer


@router.post("/delivery/rebuild-checks", status_code=200, openapi_extra=READING)
async def check_copies(request: Request, principal: Person) -> rebuild.RebuildCheck:
    """Build the copies anew beside the living ones and compare them row by row. Changes nothing."""
    operator_only(principal)
    service = service_of(request)
    await read_nothing(request)
    return await rebuild.check_rebuild(
        service.database,
        service.definition.metadata,
        [with_delivery_effects(service.name, consumer) for consumer in service.definition.consumers],
        service.definition.projections,
        service.history,
    )


_ASK_REPLAY = Sql(
    "INSERT INTO replay_request (topic, partition_key, consumer, after_pub_seq, until_pub_seq, requested_at,"
    " requested_by) SELECT $1, $2::text, $3::text, $4::bigint, pub_seq, $5::timestamptz, $6 FROM relay_leader"
    " WHERE topic = $1"
)
_FIRST_SINCE = Sql("SELECT min(pub_seq) FROM outbox WHERE topic = $1 AND created_at >= $2")
