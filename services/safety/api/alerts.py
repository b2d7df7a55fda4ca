"""Routes of alerts: the duty officer's inbox, acknowledging and resolving."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.acknowledge_alert import AcknowledgeAlert, acknowledge_alert
from services.safety.commands.resolve_alert import ResolveAlert, resolve_alert
from services.safety.commands.snooze_alert import SnoozeAlert, snooze_alert
from services.safety.domain.alert import AlertState
from services.safety.queries.alert_health import channels_of
from services.safety.queries.alerts import list_inbox, show_alert
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["alerts"])

ChannelName = Literal["mail", "webhook", "apprise", "none"]


class NoteIn(StrictModel):
    note: Annotated[str, Field(max_length=4000, description="Never leaves this service")] = ""


class AcknowledgedOut(Answered):
    """`noted_only`: the person is not on the duty list, and the escalation goes on."""

    alert_id: str
    effect: Literal["stops_escalation", "noted_only"]


class SnoozeIn(StrictModel):
    until: Instant
    reason: Annotated[str, Field(max_length=4000, description="Never leaves this service")]


class SnoozedOut(Answered):
    alert_id: str
    until: Instant


class ResolvedOut(Answered):
    alert_id: str
    state: Literal["resolved"]


class AlertOut(Answered):
    """An alert; `cause_id` names what caused it, never whom it is about."""

    alert_id: str
    trial: str
    kind: str
    priority: str
    cause_id: str
    state: str
    raised_at: Instant
    acknowledge_by: Instant | None
    acknowledged_by: str | None
    acknowledged_at: Instant | None
    resolved_by: str | None
    resolved_at: Instant | None


class StepOut(Answered):
    """One call of the ladder; `called` are the people whom it reached, in the inbox at least."""

    number: int
    duties: list[str]
    due_at: Instant
    acknowledge_by: Instant
    done_at: Instant | None
    called: list[str]


class SendOut(Answered):
    """One message outside; `sent_at` is when the channel took it, the receipt that there is."""

    step: int
    person: str
    channel: str
    state: str
    attempts: int
    message_id: str
    sent_at: Instant | None
    last_error: str | None


class ReceiptOut(Answered):
    """One try to hand a message over, and what came of it: `delivered`, `failed`, or `gone` (never tried again)."""

    step: int
    person: str
    channel: str
    attempt: int
    outcome: str
    error: str | None
    tried_at: Instant


class NoteOut(Answered):
    person: str
    what: str
    note: str
    noted_at: Instant


class InboxOut(Answered):
    """`outside_channel` is the first of them, and `none` where alerts are shown here and nowhere else."""

    outside_channel: ChannelName
    items: list[AlertOut]
    next_cursor: str | None


class AlertDetailOut(Answered):
    outside_channel: ChannelName
    alert: AlertOut
    steps: list[StepOut]
    sends: list[SendOut]
    receipts: list[ReceiptOut]
    notes: list[NoteOut]


@router.get("/alerts")
async def list_alerts_route(
    request: Request,
    principal: Person,
    trial: TrialCode | None = None,
    state: AlertState | None = None,
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> InboxOut:
    """Alerts of the trials that the person may see, oldest first."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_inbox(tx, principal, trial_key=trial, state=state, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    alerts = [_out(alert, acknowledge_by) for alert, acknowledge_by in found]
    return InboxOut(
        outside_channel=_channel(request),
        items=alerts,
        next_cursor=alerts[-1].alert_id if len(alerts) == limit else None,
    )


@router.get("/alerts/{alert_id}")
async def show_alert_route(request: Request, principal: Person, alert_id: Id) -> AlertDetailOut:
    """One alert with its calls, its messages and what people said."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_alert(tx, principal, alert_id)

    shown = await service_of(request).performer.query(request, principal, query)
    running = [step for step in shown.steps if step.done_at is not None] or shown.steps[:1]
    return AlertDetailOut(
        outside_channel=_channel(request),
        alert=_out(shown.alert, running[-1].acknowledge_by if running else None),
        steps=[
            StepOut(
                number=step.number,
                duties=sorted(duty.value for duty in step.duties),
                due_at=step.due_at,
                acknowledge_by=step.acknowledge_by,
                done_at=step.done_at,
                called=list(step.called),
            )
            for step in shown.steps
        ],
        sends=[SendOut.model_validate(send) for send in shown.sends],
        receipts=[ReceiptOut.model_validate(receipt) for receipt in shown.receipts],
        notes=[NoteOut.model_validate(note) for note in shown.notes],
    )


@router.post(
    "/alerts/{alert_id}/acknowledgements",
    status_code=201,
    response_model=AcknowledgedOut,
    openapi_extra=request_body(NoteIn),
)
async def acknowledge_alert_route(request: Request, principal: Person, alert_id: Id) -> Response:
    """Take an alert; by somebody off the duty list it is noted and the escalation goes on."""
    raw = await read_limited(request)
    body = parse_body(raw, NoteIn)

    async def command(tx: Tx, act: Act) -> Answer:
        effect = await acknowledge_alert(tx, AcknowledgeAlert(alert_id=alert_id, note=body.note), act)
        return Answer(body=AcknowledgedOut(alert_id=alert_id, effect=effect.value))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/alerts/{alert_id}/snoozes",
    status_code=201,
    response_model=SnoozedOut,
    openapi_extra=request_body(SnoozeIn),
)
async def snooze_alert_route(request: Request, principal: Person, alert_id: Id) -> Response:
    """Make the ladder wait, for at most a day; never for what may be a death, a SUSAR or a DLT."""
    raw = await read_limited(request)
    body = parse_body(raw, SnoozeIn)

    async def command(tx: Tx, act: Act) -> Answer:
        asked = SnoozeAlert(alert_id=alert_id, until=body.until, reason=body.reason)
        snooze = await snooze_alert(tx, asked, act)
        return Answer(body=SnoozedOut(alert_id=alert_id, until=snooze.until))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/alerts/{alert_id}/resolutions",
    status_code=201,
    response_model=ResolvedOut,
    openapi_extra=request_body(NoteIn),
)
async def resolve_alert_route(request: Request, principal: Person, alert_id: Id) -> Response:
    """Close an alert that was taken."""
    raw = await read_limited(request)
    body = parse_body(raw, NoteIn)

    async def command(tx: Tx, act: Act) -> Answer:
        await resolve_alert(tx, ResolveAlert(alert_id=alert_id, note=body.note), act)
        return Answer(body=ResolvedOut(alert_id=alert_id, state="resolved"))

    return await service_of(request).performer.command(request, principal, raw, command)


def _channel(request: Request) -> ChannelName:
    names = channels_of(service_of(request).settings).names()
    return names[0].value if names else "none"


def _out(alert: Any, acknowledge_by: datetime | None) -> AlertOut:
    return AlertOut(
        alert_id=alert.id,
        trial=alert.trial_key,
        kind=alert.kind.value,
        priority=alert.priority,
        cause_id=alert.cause_id,
        state=alert.state.value,
        raised_at=alert.raised_at,
        acknowledge_by=acknowledge_by,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_at=alert.acknowledged_at,
        resolved_by=alert.resolved_by,
        resolved_at=alert.resolved_at,
    )
