"""Doses authorised for one named child despite a halt or an unknown state, and their countersignatures."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.dose_confirmations import DoseConfirmationOut, confirmation_out
from services.enrolment.api.doses import MeasureIn, measure
from services.enrolment.api.route import (
    Cursor,
    Id,
    Limit,
    OutModel,
    Person,
    TrialQuery,
    Words,
    refusal_answer,
)
from services.enrolment.commands.authorise_dose import DoseNotAuthorised
from services.enrolment.commands.authorise_exceptionally import (
    AuthoriseExceptionally,
    authorise_exceptionally,
)
from services.enrolment.commands.countersign import countersign
from services.enrolment.queries.doses import list_exceptional_authorisations
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["exceptional authorisations"])
ParticipantId = Annotated[str, Path(max_length=64)]
AuthorisationId = Annotated[str, Path(max_length=64)]


class ExceptionalAuthorisationIn(StrictModel):
    """One dose. The caller is one of the two people; `second_person` is the other, who agreed by `channel`.

    `harm`: what withholding the dose would do to this child.
    """

    planned_at: Instant
    second_person: Id
    channel: Literal["telephone", "video", "in_person"]
    reason: Words
    harm: Words
    measure: MeasureIn | None = None


class ExceptionalAuthorisationOut(OutModel):
    """In force at once; `missing` are the roles that have not countersigned."""

    authorisation_id: str
    participant_id: str
    site_number: str
    investigator: str
    medical_monitor: str
    stated_by: str
    channel: str
    reason: str
    harm: str
    set_aside: list[str]
    authorised_at: Instant
    countersign_due_at: Instant
    investigator_signed_at: Instant | None
    monitor_signed_at: Instant | None
    missing: list[str]


class ExceptionallyAuthorisedOut(OutModel):
    authorisation: ExceptionalAuthorisationOut
    confirmation: DoseConfirmationOut


@router.post(
    "/participants/{participant_id}/exceptional-authorisations",
    status_code=201,
    response_model=ExceptionallyAuthorisedOut,
    openapi_extra=request_body(ExceptionalAuthorisationIn),
)
async def authorise_exceptionally_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """201 with the confirmation, 409 when anything but a halt of dosing or an unknown state stands in the way."""
    raw = await read_limited(request)
    body = parse_body(raw, ExceptionalAuthorisationIn)
    service = service_of(request)
    wanted = AuthoriseExceptionally(
        participant_id=participant_id,
        planned_at=body.planned_at,
        second_person=body.second_person,
        channel=body.channel,
        reason=body.reason,
        harm=body.harm,
        measure=measure(body.measure),
    )

    async def command(tx: Tx, act: Act) -> Answer:
        outcome = await authorise_exceptionally(tx, wanted, act, service.freshness)
        if isinstance(outcome, DoseNotAuthorised):
            return refusal_answer(outcome.refused, act)
        return Answer(
            body=ExceptionallyAuthorisedOut(
                authorisation=ExceptionalAuthorisationOut.model_validate(outcome.authorisation),
                confirmation=confirmation_out(outcome.confirmation),
            )
        )

    return await service.performer.command(request, principal, raw, command)


class CountersignatureIn(StrictModel):
    pass


@router.post(
    "/exceptional-authorisations/{authorisation_id}/countersignatures",
    status_code=201,
    response_model=ExceptionalAuthorisationOut,
    openapi_extra=request_body(CountersignatureIn),
)
async def countersign_route(
    request: Request, principal: Person, authorisation_id: AuthorisationId
) -> Response:
    """One of the two people signs for the authorisation; each does so within 24 hours."""
    raw = await read_limited(request)
    parse_body(raw, CountersignatureIn)

    async def command(tx: Tx, act: Act) -> Answer:
        signed = await countersign(tx, authorisation_id, act)
        return Answer(body=ExceptionalAuthorisationOut.model_validate(signed))

    return await service_of(request).performer.command(request, principal, raw, command)


class ExceptionalAuthorisationsOut(OutModel):
    items: list[ExceptionalAuthorisationOut]
    next_cursor: str | None


@router.get("/exceptional-authorisations")
async def list_exceptional_authorisations_route(
    request: Request, principal: Person, trial: TrialQuery, cursor: Cursor = "", limit: Limit = 50
) -> ExceptionalAuthorisationsOut:
    """Of the sites that the asking person sees."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: list_exceptional_authorisations(tx, act, trial, after=cursor, limit=limit),
    )
    return ExceptionalAuthorisationsOut.model_validate(page)
