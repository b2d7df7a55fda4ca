"""Recorded doses that were wrong, and the list of doses with something not in order."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.doses import AdministrationIn, administration
from services.enrolment.api.route import Cursor, Id, LevelOut, Limit, OutModel, Person, TrialQuery, Words
from services.enrolment.commands.correct_dose import CorrectDose, correct_dose
from services.enrolment.commands.take_back_dose import Correction, Why
from services.enrolment.commands.void_dose import VoidDose, void_dose
from services.enrolment.domain.dose_recording import DoseFlag
from services.enrolment.domain.first_dose import CorrectionReason
from services.enrolment.queries.doses import list_dose_deviations
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["dose corrections"])
ParticipantId = Annotated[str, Path(max_length=64)]
AdministrationId = Annotated[str, Path(max_length=64)]


class CorrectionIn(StrictModel):
    """The whole dose as it was; what is left out was not stated. The reason's words stay in the audit."""

    administration: AdministrationIn
    reason_code: Literal["wrong_time", "wrong_level", "wrong_amount", "not_given", "other"]
    reason: Words


class VoidingIn(StrictModel):
    """`recorded_for` is the participant to whom the dose was given instead; it is recorded there in this act."""

    reason_code: Literal["wrong_participant", "not_given", "entered_twice", "other"]
    reason: Words
    recorded_for: Id | None = None


class CorrectionOut(OutModel):
    """`replaced_by` is the record that says it right, `moved_to` whose it is when it is another child's.

    `first_dose_at` is what this participant's windows count from now.
    """

    administration_id: str
    replaced_by: str | None
    moved_to: str | None
    first_dose_at: Instant | None
    flags: list[str]


def _answer(correction: Correction) -> Answer:
    return Answer(body=CorrectionOut.model_validate(correction))


@router.post(
    "/participants/{participant_id}/doses/{administration_id}/corrections",
    status_code=201,
    response_model=CorrectionOut,
    openapi_extra=request_body(CorrectionIn),
)
async def correct_dose_route(
    request: Request, principal: Person, participant_id: ParticipantId, administration_id: AdministrationId
) -> Response:
    """Another time, level or amount; windows and counts are computed anew, the first record stays."""
    raw = await read_limited(request)
    body = parse_body(raw, CorrectionIn)
    wanted = CorrectDose(
        participant_id=participant_id,
        administration_id=administration_id,
        truth=administration(body.administration),
        why=Why(code=CorrectionReason(body.reason_code), reason=body.reason),
    )

    async def command(tx: Tx, act: Act) -> Answer:
        return _answer(await correct_dose(tx, wanted, act))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/participants/{participant_id}/doses/{administration_id}/voidings",
    status_code=201,
    response_model=CorrectionOut,
    openapi_extra=request_body(VoidingIn),
)
async def void_dose_route(
    request: Request, principal: Person, participant_id: ParticipantId, administration_id: AdministrationId
) -> Response:
    """No such dose was given to this child; windows and counts are computed anew."""
    raw = await read_limited(request)
    body = parse_body(raw, VoidingIn)
    wanted = VoidDose(
        participant_id=participant_id,
        administration_id=administration_id,
        why=Why(code=CorrectionReason(body.reason_code), reason=body.reason),
        recorded_for=body.recorded_for,
    )

    async def command(tx: Tx, act: Act) -> Answer:
        return _answer(await void_dose(tx, wanted, act))

    return await service_of(request).performer.command(request, principal, raw, command)


class DeviationOut(OutModel):
    administration_id: str
    participant_id: str
    participant_number: str
    site_number: str
    at: Instant
    given: bool
    level: LevelOut
    flags: list[str]
    recorded_by: str
    recorded_at: Instant


class DeviationsOut(OutModel):
    items: list[DeviationOut]
    next_cursor: str | None


@router.get("/dose-deviations")
async def list_dose_deviations_route(
    request: Request,
    principal: Person,
    trial: TrialQuery,
    flag: Annotated[DoseFlag | None, Query(description="With this flag alone, as `late_entry`")] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DeviationsOut:
    """Doses on record with something not in order: unauthorised, late, during a halt, far from planned."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: list_dose_deviations(
            tx, act, trial, flag="" if flag is None else flag.value, after=cursor, limit=limit
        ),
    )
    return DeviationsOut(
        items=[DeviationOut.model_validate({**one, "administration_id": one["id"]}) for one in page.items],
        next_cursor=page.next_cursor,
    )
