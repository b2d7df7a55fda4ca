"""The downtime procedure: numbers issued in advance, registrations entered afterwards, and what differs."""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.registrations import AgeIn, RegisteredOut, registered_out
from services.enrolment.api.route import (
    Cursor,
    Id,
    Limit,
    OutModel,
    Person,
    SiteNumber,
    TrialQuery,
    count_stale,
    refusal_answer,
    stale_members,
)
from services.enrolment.commands.enter_late_registration import (
    EnterLateRegistration,
    TooLittleKnown,
    enter_late_registration,
)
from services.enrolment.commands.issue_downtime_block import IssueDowntimeBlock, issue_downtime_block
from services.enrolment.domain.downtime import LARGEST_BLOCK, ByTelephone
from services.enrolment.queries.downtime import (
    show_downtime_block,
    show_downtime_blocks,
    show_registration_flags,
)
from shared.act import Act
from shared.clock import format_instant
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["downtime"])
BlockId = Annotated[str, Path(max_length=64)]
COLUMNS = (
    "number",
    "used_at",
    "screening_number",
    "dose_level",
    "registered_at",
    "duty_person",
    "called_at",
    "sponsor_confirmed_by",
    "safety_confirmed_by",
)
"""After the first two the columns are empty: they are filled in by hand while the service is away."""


class BlockIn(StrictModel):
    trial: Id
    site_number: SiteNumber
    count: Annotated[int, Field(ge=1, le=LARGEST_BLOCK)]


class NumberOut(OutModel):
    """`participant_id` and `used_at` are null until a registration was entered with the number."""

    number: str
    participant_id: str | None
    used_at: Instant | None


class BlockOut(OutModel):
    """Numbers of one site; each gives an identity and none gives a place."""

    id: str
    site_number: str
    issued_by: str
    issued_at: Instant
    numbers: list[NumberOut]


@router.post(
    "/downtime-blocks", status_code=201, response_model=BlockOut, openapi_extra=request_body(BlockIn)
)
async def issue_downtime_block_route(request: Request, principal: Person) -> Response:
    """Issue participant numbers of a site in advance."""
    raw = await read_limited(request)
    body = parse_body(raw, BlockIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = IssueDowntimeBlock(trial=body.trial, site_number=body.site_number, count=body.count)
        return Answer(body=BlockOut.model_validate(await issue_downtime_block(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class BlocksOut(OutModel):
    items: list[BlockOut]
    next_cursor: str | None


@router.get("/downtime-blocks")
async def show_downtime_blocks_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> BlocksOut:
    """Blocks of one's own sites, or of the trial, with what became of each number."""
    page = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_downtime_blocks(tx, act, trial, after=cursor, limit=limit)
    )
    return BlocksOut.model_validate(page)


@router.get(
    "/downtime-blocks/{block_id}/numbers.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def print_downtime_block_route(request: Request, principal: Person, block_id: BlockId) -> Response:
    """One block to be printed, with empty columns to be filled in by hand."""
    block = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_downtime_block(tx, act, block_id)
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number in block.numbers:
        used_at = format_instant(number.used_at) if number.used_at else ""
        writer.writerow([number.number, used_at, *([""] * (len(COLUMNS) - 2))])
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8")


Who = Annotated[str, Field(min_length=1, max_length=120)]


class LateRegistrationIn(StrictModel):
    """`level` is the one given by telephone, left out in a part without dose levels.

    The people are named as the delegation log or the rota names them.
    """

    screening_id: Id
    downtime_number: Annotated[str, Field(min_length=1, max_length=40)]
    level: Annotated[int, Field(ge=1, le=50)] | None = None
    claimed_registered_at: Instant
    duty_person: Who
    called_at: Instant
    sponsor_confirmed_by: Who
    safety_confirmed_by: Who
    age_statement: AgeIn | None = None

    def call(self) -> ByTelephone:
        return ByTelephone(
            duty_person=self.duty_person,
            called_at=self.called_at,
            sponsor_confirmed_by=self.sponsor_confirmed_by,
            safety_confirmed_by=self.safety_confirmed_by,
        )


class DifferenceOut(OutModel):
    """What was not in order: `then` as of the claimed time, `now` as of the entry."""

    guard: str
    code: str
    detail: str
    then: bool
    now: bool


class LateRegisteredOut(OutModel):
    """The registration stands; `slot_id` is null when no place was left at the level."""

    registration: RegisteredOut
    slot_id: str | None
    differences: list[DifferenceOut]


@router.post(
    "/downtime-registrations",
    status_code=201,
    response_model=LateRegisteredOut,
    openapi_extra=request_body(LateRegistrationIn),
)
async def enter_late_registration_route(request: Request, principal: Person) -> Response:
    """201 with whatever differs, 503 while too little is known: late entry can wait."""
    raw = await read_limited(request)
    body = parse_body(raw, LateRegistrationIn)
    service = service_of(request)
    wanted = EnterLateRegistration(
        screening_id=body.screening_id,
        number=body.downtime_number,
        level=body.level or 0,
        claimed_registered_at=body.claimed_registered_at,
        call=body.call(),
        age_years=body.age_statement.years if body.age_statement else None,
        age_on=body.age_statement.on if body.age_statement else None,
    )

    async def command(tx: Tx, act: Act) -> Answer:
        outcome = await enter_late_registration(tx, wanted, act, service.freshness)
        if isinstance(outcome, TooLittleKnown):
            count_stale(tx, service, outcome.stale)
            return refusal_answer(outcome.refused, act, **stale_members(outcome.stale))
        return Answer(
            body=LateRegisteredOut(
                registration=registered_out(outcome.registered),
                slot_id=outcome.registered.participant.slot_id,
                differences=[DifferenceOut.model_validate(one) for one in outcome.found],
            )
        )

    return await service.performer.command(request, principal, raw, command)


class CallOut(OutModel):
    duty_person: str
    called_at: Instant
    sponsor_confirmed_by: str
    safety_confirmed_by: str


class LateOut(OutModel):
    number: str
    claimed_registered_at: Instant
    entered_at: Instant
    call: CallOut
    differences: list[DifferenceOut]


class RegistrationFlagOut(OutModel):
    """`about` are codes (`late_entry`), halts (`halt_seen_late`) or records; `late` tells of an entry after an outage.

    `voided`: the registration was taken back since.
    """

    flag: str
    about: list[str]
    flagged_at: Instant | None
    participant_id: str
    participant_number: str
    site_number: str
    registration_id: str
    voided: bool
    late: LateOut | None


class RegistrationFlagsOut(OutModel):
    items: list[RegistrationFlagOut]
    next_cursor: str | None


@router.get("/registration-flags")
async def show_registration_flags_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> RegistrationFlagsOut:
    """Registrations of the trial that stand although something about them is not in order."""
    page = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_registration_flags(tx, act, trial, after=cursor, limit=limit)
    )
    return RegistrationFlagsOut.model_validate(page)
