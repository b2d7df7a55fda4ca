"""Follow-up: what is owed and what became of it, attempts to reach somebody, loss and return."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.participants import StandingOut
from services.enrolment.api.route import Cursor, Limit, OutModel, Person, Slug, TrialQuery
from services.enrolment.commands.declare_loss import DeclareLoss, declare_loss
from services.enrolment.commands.record_contact_attempt import RecordContactAttempt, record_contact_attempt
from services.enrolment.commands.record_follow_up import RecordFollowUp, record_follow_up
from services.enrolment.domain.follow_up_states import ContactOutcome, EntryNow
from services.enrolment.domain.loss import Channel
from services.enrolment.queries.follow_up import (
    FollowUpView,
    TaskView,
    show_follow_up,
    show_worklist,
)
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["follow-up"])
ParticipantId = Annotated[str, Path(max_length=64)]


class FollowUpContactIn(StrictModel):
    """`visit` and `day` name the entry; `happened_on` of a missed one is the day on which that was known."""

    visit: Slug
    day: Annotated[int, Field(ge=0, le=36525)]
    outcome: Literal["done", "missed", "refused"]
    happened_on: Day


class FollowUpRecordedOut(OutModel):
    participant_id: str
    visit: str
    day: int
    state: str
    due_on: Day
    flags: list[str]
    already_recorded: bool


@router.post(
    "/participants/{participant_id}/follow-up-contacts",
    status_code=201,
    response_model=FollowUpRecordedOut,
    openapi_extra=request_body(FollowUpContactIn),
)
async def record_follow_up_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record what became of a visit or contact; the last word about it counts."""
    raw = await read_limited(request)
    body = parse_body(raw, FollowUpContactIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordFollowUp(
            participant_id=participant_id,
            visit=body.visit,
            day=body.day,
            outcome=ContactOutcome(body.outcome),
            happened_on=body.happened_on,
        )
        recorded = await record_follow_up(tx, wanted, act)
        return Answer(
            body=FollowUpRecordedOut(
                participant_id=participant_id,
                visit=body.visit,
                day=body.day,
                state=body.outcome,
                due_on=recorded.entry.due_on,
                flags=sorted(flag.value for flag in recorded.flags),
                already_recorded=not recorded.contact_id,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)


class ContactAttemptIn(StrictModel):
    channel: Literal[
        "telephone",
        "text_message",
        "email",
        "letter",
        "home_visit",
        "general_practitioner",
        "other_hospital",
        "national_records",
    ]
    attempted_at: Instant
    reached: bool


class ContactAttemptedOut(OutModel):
    attempt_id: str


@router.post(
    "/participants/{participant_id}/contact-attempts",
    status_code=201,
    response_model=ContactAttemptedOut,
    openapi_extra=request_body(ContactAttemptIn),
)
async def record_contact_attempt_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record an attempt to reach the participant, in vain or not."""
    raw = await read_limited(request)
    body = parse_body(raw, ContactAttemptIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordContactAttempt(
            participant_id=participant_id,
            channel=Channel(body.channel),
            attempted_at=body.attempted_at,
            reached=body.reached,
        )
        return Answer(body=ContactAttemptedOut(attempt_id=await record_contact_attempt(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class LossIn(StrictModel):
    """Nothing to say: what was tried is on record."""


class LostOut(OutModel):
    loss_id: str
    participant_id: str
    state: Literal["ltfu"] = "ltfu"


@router.post(
    "/participants/{participant_id}/losses",
    status_code=201,
    response_model=LostOut,
    openapi_extra=request_body(LossIn),
)
async def declare_loss_route(request: Request, principal: Person, participant_id: ParticipantId) -> Response:
    """Lost to follow-up, once the protocol's attempts were made in vain; any contact ends it."""
    raw = await read_limited(request)
    parse_body(raw, LossIn)

    async def command(tx: Tx, act: Act) -> Answer:
        loss_id = await declare_loss(tx, DeclareLoss(participant_id=participant_id), act)
        return Answer(body=LostOut(loss_id=loss_id, participant_id=participant_id))

    return await service_of(request).performer.command(request, principal, raw, command)


class EntryOut(OutModel):
    """One visit or contact: `day` counts from the start; dates are the site's."""

    visit: str
    day: int
    label: str
    kind: str
    due_on: Day
    opens_on: Day
    closes_on: Day
    protocol_version: str
    state: str
    happened_on: Day | None


class AttemptOut(OutModel):
    channel: str
    attempted_at: Instant
    reached: bool


class LossOut(OutModel):
    lost_at: Instant
    attempts: list[dict[str, str]]
    found_at: Instant | None
    found_by: str


class EpisodeOut(OutModel):
    number: int
    started_at: Instant
    elements: list[str]


class FollowUpOut(OutModel):
    """`responsible` is `site`, or `trial_office` once the site has closed; `ends_on` null before the start."""

    participant_id: str
    participant_number: str
    responsible: str
    standing: StandingOut
    ends_on: Day | None
    entries: list[EntryOut]
    attempts: list[AttemptOut]
    losses: list[LossOut]
    episodes: list[EpisodeOut]


@router.get("/participants/{participant_id}/follow-up")
async def show_follow_up_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> FollowUpOut:
    """The whole schedule as it stands today, and what was tried."""
    view = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_follow_up(tx, act, participant_id)
    )
    return _follow_up(view)


def _follow_up(view: FollowUpView) -> FollowUpOut:
    return FollowUpOut(
        participant_id=view.participant_id,
        participant_number=view.participant_number,
        responsible=view.responsible,
        standing=StandingOut.model_validate(view.standing),
        ends_on=view.plan.ends_on,
        entries=[EntryOut(**_entry(one)) for one in view.plan.entries],
        attempts=[AttemptOut(**_only(AttemptOut, row)) for row in view.attempts],
        losses=[LossOut(**_only(LossOut, row)) for row in view.losses],
        episodes=[EpisodeOut(**_only(EpisodeOut, row)) for row in view.episodes],
    )


def _entry(one: EntryNow) -> dict[str, Any]:
    entry = one.entry
    return {
        "visit": entry.visit,
        "day": entry.day,
        "label": entry.label,
        "kind": entry.kind.value,
        "due_on": entry.due_on,
        "opens_on": entry.opens_on,
        "closes_on": entry.closes_on,
        "protocol_version": entry.protocol_version,
        "state": one.state.value,
        "happened_on": one.happened_on,
    }


def _only(model: type[OutModel], row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in model.model_fields}


class TaskOut(EntryOut):
    participant_id: str
    participant_number: str
    site_number: str
    responsible: str
    lost: bool


class WorklistOut(OutModel):
    items: list[TaskOut]
    next_cursor: str | None


@router.get("/follow-up-worklist")
async def show_worklist_route(
    request: Request,
    principal: Person,
    trial: TrialQuery,
    until: Annotated[
        date | None, Query(description="Windows that open by this date; today if absent")
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> WorklistOut:
    """What is due or overdue at the sites that the asking person sees, by participant."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: show_worklist(tx, act, trial, until=until, after=cursor, limit=limit),
    )
    return WorklistOut(items=[_task(one) for one in page.items], next_cursor=page.next_cursor)


def _task(one: TaskView) -> TaskOut:
    return TaskOut(
        **_entry(one.now),
        participant_id=one.participant_id,
        participant_number=one.participant_number,
        site_number=one.site_number,
        responsible=one.responsible,
        lost=one.lost,
    )
