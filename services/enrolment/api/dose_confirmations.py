"""What the pharmacy is told and acknowledges, and queries about amounts given."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AliasChoices, Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Cursor, LevelOut, Limit, OutModel, Person, TextOut, TrialQuery, Words
from services.enrolment.commands.acknowledge_confirmation import acknowledge
from services.enrolment.commands.answer_dose_query import AnswerDoseQuery, answer_dose_query
from services.enrolment.domain.dose_confirmation import Confirmation
from services.enrolment.domain.planned_dose import DoseBasis, planned_unit, shown
from services.enrolment.queries.doses import DoseGiven, list_confirmations, list_dose_queries
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, DecimalText, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["dose confirmations"])
ConfirmationId = Annotated[str, Path(max_length=64)]
QueryId = Annotated[str, Path(max_length=64)]
Basis = Literal["none", "flat", "weight", "body_surface"]


class DoseConfirmationOut(OutModel):
    """What to prepare. `planned` is exact and for one dose; null until a weight or surface is stated.

    `measure` is the weight in kg or the body surface in m², `planned_shown` the amount for reading.
    """

    confirmation_id: str
    kind: Literal["registration", "authorisation"]
    authorisation_id: str | None
    participant_id: str
    participant_number: str
    site_number: str
    part: str
    level: LevelOut
    dose: TextOut
    unit: TextOut
    dose_basis: Basis
    measure: DecimalText | None
    measured_on: Day | None
    planned: DecimalText | None
    planned_shown: str | None
    planned_unit: TextOut
    planned_at: Instant | None
    doses: int
    confirmed_at: Instant
    acknowledged_by: str | None
    acknowledged_at: Instant | None


def confirmation_out(one: Confirmation) -> DoseConfirmationOut:
    basis = DoseBasis(one.basis)
    own = {name: getattr(one, name) for name in DoseConfirmationOut.model_fields if hasattr(one, name)}
    return DoseConfirmationOut.model_validate(
        own
        | {
            "confirmation_id": one.id,
            "dose_basis": one.basis,
            "planned_shown": None if one.planned is None else shown(Decimal(one.planned)),
            "planned_unit": planned_unit(one.unit, basis),
        }
    )


class DoseGivenOut(OutModel):
    administration_id: str
    at: Instant
    amount: DecimalText | None
    batch: str | None


class ConfirmedDosesOut(DoseConfirmationOut):
    """A confirmation with what was given under it."""

    given: list[DoseGivenOut]


class ConfirmationsOut(OutModel):
    items: list[ConfirmedDosesOut]
    next_cursor: str | None


@router.get("/confirmations")
async def list_confirmations_route(
    request: Request,
    principal: Person,
    trial: TrialQuery,
    state: Annotated[Literal["unacknowledged", "all"], Query()] = "unacknowledged",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ConfirmationsOut:
    """Confirmations of the sites that the asking person sees; by default those that no pharmacist has taken."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: list_confirmations(
            tx, act, trial, open_only=state == "unacknowledged", after=cursor, limit=limit
        ),
    )
    return ConfirmationsOut(
        items=[
            ConfirmedDosesOut(**confirmation_out(one.confirmation).model_dump(), given=_given(one.given))
            for one in page.items
        ],
        next_cursor=page.next_cursor,
    )


def _given(doses: Sequence[DoseGiven]) -> list[DoseGivenOut]:
    return [DoseGivenOut.model_validate(one) for one in doses]


class AcknowledgementIn(StrictModel):
    pass


@router.post(
    "/confirmations/{confirmation_id}/acknowledgements",
    status_code=201,
    response_model=DoseConfirmationOut,
    openapi_extra=request_body(AcknowledgementIn),
)
async def acknowledge_confirmation_route(
    request: Request, principal: Person, confirmation_id: ConfirmationId
) -> Response:
    """A pharmacist of the site has read it."""
    raw = await read_limited(request)
    parse_body(raw, AcknowledgementIn)

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=confirmation_out(await acknowledge(tx, confirmation_id, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class DoseQueryOut(OutModel):
    """An amount given more than 10 % from planned, and what the site says of it."""

    query_id: str = Field(validation_alias=AliasChoices("query_id", "id"))
    participant_id: str
    participant_number: str
    site_number: str
    administration_id: str
    planned: DecimalText
    given: DecimalText
    state: Literal["open", "answered"]
    opened_at: Instant
    answer: str | None
    answered_by: str | None
    answered_at: Instant | None


class DoseQueriesOut(OutModel):
    items: list[DoseQueryOut]
    next_cursor: str | None


@router.get("/dose-queries")
async def list_dose_queries_route(
    request: Request,
    principal: Person,
    trial: TrialQuery,
    state: Annotated[Literal["open", "all"], Query()] = "open",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DoseQueriesOut:
    """Queries of the sites that the asking person sees; by default those without an answer."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: list_dose_queries(
            tx, act, trial, open_only=state == "open", after=cursor, limit=limit
        ),
    )
    return DoseQueriesOut.model_validate(page)


class DoseAnswerIn(StrictModel):
    answer: Words


@router.post(
    "/dose-queries/{query_id}/answers",
    status_code=201,
    response_model=DoseQueryOut,
    openapi_extra=request_body(DoseAnswerIn),
)
async def answer_dose_query_route(request: Request, principal: Person, query_id: QueryId) -> Response:
    """The site says why; an amount that was entered wrongly is corrected instead."""
    raw = await read_limited(request)
    body = parse_body(raw, DoseAnswerIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = AnswerDoseQuery(query_id=query_id, answer=body.answer)
        return Answer(body=DoseQueryOut.model_validate(await answer_dose_query(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)
