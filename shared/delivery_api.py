"""Routes about delivery, the same in every service, for operators.

Ledger, positions, parked events, replay, rebuild, audit, and in a demonstration the clock. Reading needs the
role `operations`; so does acting.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from shared import audit_verify, ledger, parked, rebuild
from shared.act import Act
from shared.audit import record
from shared.auth import ANY, Principal, permit, require_principal
from shared.database import Sql, Tx, instant_parameter
from shared.domain_clock import ClockCannotGoBack, DemonstrationClock
from shared.ids import CURSOR_FORM
from shared.json_body import Instant, StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.openapi import READING
from shared.perform import Answer
from shared.problems import Problem
from shared.service import Service, service_of, with_delivery_effects
from shared.timers import ran_until
from shared.wakeup import announce_clock
from shared.watermarks import all_positions

OPERATIONS = ("operations",)
Person = Annotated[Principal, Depends(require_principal)]
ParkedId = Annotated[int, Path(ge=1, le=2**62)]

router = APIRouter(tags=["delivery"])
"""Delivery routes of every installation."""

demonstration_router = APIRouter(tags=["demonstration"])
"""Routes that exist in a demonstration only."""


def _operator(principal: Principal) -> None:
    permit(principal, OPERATIONS, scope=ANY, unit=ANY)


# -- reading --------------------------------------------------------------------------------------------


@router.get("/delivery/state")
async def show_delivery_state(request: Request, principal: Person) -> dict[str, Any]:
    """How far this service's events have gone and others' have come; all equal means quiet."""
    _operator(principal)
    service = service_of(request)
    return await service.database.read(lambda tx: ledger.delivery_state(tx, service.name))


@router.get("/delivery/watermarks")
async def list_watermarks(request: Request, principal: Person) -> dict[str, Any]:
    """Closed time per producer and partition."""
    _operator(principal)
    service = service_of(request)
    return {"watermarks": await service.database.read(lambda tx: all_positions(tx, service.name))}


@router.get("/delivery/outbox")
async def list_published(
    request: Request, principal: Person, after: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> dict[str, Any]:
    """Published events in order, from after a `pub_seq`."""
    _operator(principal)
    service = service_of(request)
    entries = await service.database.read(
        lambda tx: ledger.published_entries(tx, service.definition.topic, after=after)
    )
    return {"events": entries, "next": entries[-1].pub_seq if len(entries) == ledger.PAGE else None}


@router.get("/delivery/inbox")
async def list_taken(
    request: Request,
    principal: Person,
    topic: Annotated[str, Query(max_length=100)],
    after: Annotated[str, Query(pattern=CURSOR_FORM)] = "",
) -> dict[str, Any]:
    """Ids of a topic's events that this service has taken in."""
    _operator(principal)
    service = service_of(request)
    ids = await service.database.read(lambda tx: ledger.taken_ids(tx, service.name, topic, after=after))
    return {"event_ids": ids, "next": ids[-1] if len(ids) == ledger.PAGE else None}


@router.get("/delivery/parked")
async def list_parked_events(
    request: Request, principal: Person, after: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> dict[str, Any]:
    """Events that could not be applied and wait; no payload is shown."""
    _operator(principal)
    service = service_of(request)
    rows = await service.database.read(
        lambda tx: parked.list_parked(tx, service.name, after=after, limit=200)
    )
    return {"parked": rows, "next": rows[-1].id if len(rows) == 200 else None}


@router.get("/delivery/parked/{parked_id}")
async def show_parked_event(request: Request, principal: Person, parked_id: ParkedId) -> parked.ParkedRow:
    """One parked event; no payload is shown."""
    _operator(principal)
    service = service_of(request)
    row = await service.database.read(lambda tx: parked.find_parked(tx, service.name, parked_id))
    if row is None:
        raise Problem("not_found")
    return row


@router.get("/delivery/audit")
async def verify_audit(request: Request, principal: Person) -> dict[str, Any]:
    """Walk every audit chain of this service and name the first bad row."""
    _operator(principal)
    service = service_of(request)
    report = await service.database.read(lambda tx: audit_verify.verify(tx, service.definition.topic))
    return _audit_document(report)


@router.get("/delivery/audit/witnessed")
async def list_witnessed_heads(request: Request, principal: Person) -> dict[str, Any]:
    """Audit heads of the other services, as this one received them."""
    _operator(principal)
    service = service_of(request)
    rows = await service.database.read(lambda tx: tx.fetch(_WITNESSED))
    names = ("producer", "pub_seq", "head", "audit_rows", "audit_last_id")
    return {"heads": [dict(zip(names, row, strict=True)) for row in rows]}


class WitnessedHeadIn(StrictModel):
    pub_seq: int
    head: str
    audit_rows: int
    audit_last_id: int


class VerificationIn(StrictModel):
    """Heads of this service that other services hold."""

    witnessed: list[WitnessedHeadIn]


@router.post(
    "/delivery/audit-verifications",
    status_code=200,
    openapi_extra=request_body(VerificationIn) | READING,
)
async def verify_audit_against_witnesses(request: Request, principal: Person) -> dict[str, Any]:
    """The same walk, compared with heads that others hold: finds a chain rewritten as a whole. Changes nothing."""
    _operator(principal)
    service = service_of(request)
    body = parse_body(await read_limited(request), VerificationIn)
    heads = [
        audit_verify.WitnessedHead(
            pub_seq=one.pub_seq, head=one.head, audit_rows=one.audit_rows, audit_last_id=one.audit_last_id
        )
        for one in body.witnessed
    ]
    return _audit_document(
        await service.database.read(lambda tx: audit_verify.verify(tx, service.definition.topic, heads))
    )


def _audit_document(report: audit_verify.AuditReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "rows": report.rows,
        "anchored_events": report.anchored_events,
        "head": report.head,
        "first_bad": report.first_bad,
    }


# -- acting ---------------------------------------------------------------------------------------------


@router.post("/delivery/audit-heads", status_code=201)
async def publish_audit_head(request: Request, principal: Person) -> Response:
    """Publish the audit head now instead of at the next round."""
    _operator(principal)
    service = service_of(request)
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body={"published": await service.upkeep.publish_head(tx)})

    return await service.performer.command(request, principal, raw, command)


@router.post("/delivery/parked/{parked_id}/releases", status_code=201)
async def release_parked(request: Request, principal: Person, parked_id: ParkedId) -> Response:
    """Apply an aggregate's parked events again, oldest first, up to the first that still fails."""
    _operator(principal)
    service = service_of(request)
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        row = await _waiting_row(tx, service, parked_id)
        inbox = service.inboxes[row.producer]
        applied = await inbox.release_in(tx, row.aggregate_id or "", by=act.actor)
        await record(tx, act, f"parked:{row.id}", "parked-event.released", {"applied": applied})
        return Answer(body={"applied": applied})

    return await service.performer.command(request, principal, raw, command)


class DiscardIn(StrictModel):
    reason: str


@router.post(
    "/delivery/parked/{parked_id}/discards",
    status_code=201,
    responses={202: {"description": "Noted; a second person must confirm"}},
    openapi_extra=request_body(DiscardIn),
)
async def discard_parked(request: Request, principal: Person, parked_id: ParkedId) -> Response:
    """Give an event up. The first person asks with a reason, a second one, by the same call, does it."""
    _operator(principal)
    service = service_of(request)
    raw = await read_limited(request)
    reason = parse_body(raw, DiscardIn).reason.strip()
    if not reason:
        raise Problem("reason_required", status=422, title="A reason is needed")

    async def command(tx: Tx, act: Act) -> Answer:
        row = await _waiting_row(tx, service, parked_id)
        if row.resolved_by is None:
            await parked.request_discard(tx, row.id, by=act.actor, note=reason)
            await record(tx, act, f"parked:{row.id}", "parked-event.discard-requested", {}, reason=reason)
            return Answer(body={"state": "second_person_required"}, status=202)
        if row.resolved_by == act.actor:
            raise Problem("second_person_required", status=409, title="Another person must confirm this")
        await service.inboxes[row.producer].discard(tx, row, approved_by=act.actor)
        await record(tx, act, f"parked:{row.id}", "parked-event.discarded", {}, reason=reason)
        return Answer(body={"state": "discarded"})

    return await service.performer.command(request, principal, raw, command)


async def _waiting_row(tx: Tx, service: Service, parked_id: int) -> parked.ParkedRow:
    row = await parked.find_parked(tx, service.name, parked_id)
    if row is None or row.state != "parked":
        raise Problem("not_found")
    return row


class ReplayIn(StrictModel):
    """Which of this service's own published events to send again."""

    after_pub_seq: int = 0
    since: Instant | None = None
    scope: str | None = None
    consumer: str | None = None


@router.post("/delivery/replays", status_code=202, openapi_extra=request_body(ReplayIn))
async def replay_published(request: Request, principal: Person) -> Response:
    """Send published events again with the same ids and bytes; what was applied is not applied twice."""
    _operator(principal)
    service = service_of(request)
    raw = await read_limited(request)
    body = parse_body(raw, ReplayIn)

    async def command(tx: Tx, act: Act) -> Answer:
        after = await _replay_start(tx, service.definition.topic, body)
        now = instant_parameter(tx, act.received_at)
        await tx.fetch(
            _ASK_REPLAY, service.definition.topic, body.scope, body.consumer, after, now, act.actor
        )
        await record(tx, act, f"replay:{service.name}", "replay.requested", {"after_pub_seq": after})
        tx.announce()
        return Answer(body={"after_pub_seq": after}, status=202)

    return await service.performer.command(request, principal, raw, command)


async def _replay_start(tx: Tx, topic: str, body: ReplayIn) -> int:
    if body.since is None:
        return max(0, body.after_pub_seq)
    rows = await tx.fetch(_FIRST_SINCE, topic, instant_parameter(tx, body.since))
    return 2**62 if rows[0][0] is None else int(rows[0][0]) - 1


@router.post("/delivery/rebuilds", status_code=202)
async def rebuild_copies(request: Request, principal: Person) -> Response:
    """Clear this service's copies of others' facts and take every event again; nobody relies on them meanwhile."""
    _operator(principal)
    service = service_of(request)
    raw = await read_nothing(request)

    async def command(tx: Tx, act: Act) -> Answer:
        await rebuild.begin_rebuild(tx, service.name, service.definition.projections)
        await record(tx, act, f"rebuild:{service.name}", "rebuild.begun", {})
        await service.upkeep.ask_everything(tx)
        return Answer(body={"state": "rebuilding"}, status=202)

    answer = await service.performer.command(request, principal, raw, command)
    service.copies_cleared()
    return answer


@router.post("/delivery/rebuild-checks", status_code=200, openapi_extra=READING)
async def check_copies(request: Request, principal: Person) -> rebuild.RebuildCheck:
    """Build the copies anew beside the living ones and compare them row by row. Changes nothing."""
    _operator(principal)
    service = service_of(request)
    await read_nothing(request)
    return await rebuild.check_rebuild(
        service.database,
        service.definition.metadata,
        [with_delivery_effects(service.name, consumer) for consumer in service.definition.consumers],
        service.definition.projections,
        service.history,
    )


# -- demonstration --------------------------------------------------------------------------------------


class ClockIn(StrictModel):
    move_to: Instant


@demonstration_router.get("/demonstration-clock")
async def show_clock(request: Request, principal: Person) -> dict[str, datetime | None]:
    """Domain time, and up to which domain time everything due has been done."""
    _operator(principal)
    service = service_of(request)

    async def read(tx: Tx) -> dict[str, datetime | None]:
        return {
            "now": await service.domain_clock.now(tx),
            "timers_ran_until": await ran_until(tx, service.name),
        }

    return await service.database.read(read)


@demonstration_router.post("/demonstration-clock", status_code=201, openapi_extra=request_body(ClockIn))
async def move_clock(request: Request, principal: Person) -> Response:
    """Move domain time forward; timers then run as they would."""
    _operator(principal)
    service = service_of(request)
    raw = await read_limited(request)
    move_to = parse_body(raw, ClockIn).move_to

    async def command(tx: Tx, act: Act) -> Answer:
        clock = service.domain_clock
        if not isinstance(clock, DemonstrationClock):
            raise Problem("not_found")
        try:
            now = await clock.move_to(tx, move_to)
        except ClockCannotGoBack:
            raise Problem("clock_cannot_go_back") from None
        await record(tx, act, f"clock:{service.name}", "demonstration-clock.moved", {"to": str(now)})
        tx.after_commit(service.timers.wake)
        await announce_clock(tx)
        return Answer(body={"now": now})

    return await service.performer.command(request, principal, raw, command)


_WITNESSED = Sql(
    "SELECT producer, pub_seq, head, audit_rows, audit_last_id FROM peer_audit_head ORDER BY producer, pub_seq"
)
_ASK_REPLAY = Sql(
    "INSERT INTO replay_request (topic, partition_key, consumer, after_pub_seq, until_pub_seq, requested_at,"
    " requested_by) SELECT $1, $2::text, $3::text, $4::bigint, pub_seq, $5::timestamptz, $6 FROM relay_leader"
    " WHERE topic = $1"
)
_FIRST_SINCE = Sql("SELECT min(pub_seq) FROM outbox WHERE topic = $1 AND created_at >= $2")
