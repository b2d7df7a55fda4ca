"""What is found and set right for a screening: molecular findings, corrections of consents."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.consent_bodies import ConsentIn
from services.enrolment.api.route import OutModel, Person, ReasonCode, Words
from services.enrolment.commands.correct_consent import CorrectConsent, correct_consent
from services.enrolment.commands.record_molecular import RecordMolecularFinding, record_molecular_finding
from services.enrolment.domain.molecular import Alteration, FindingResult
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["screenings"])
ScreeningId = Annotated[str, Path(max_length=64)]


class MolecularFindingIn(StrictModel):
    """`gene` is the approved HGNC symbol; without a `detail` the finding is of any alteration of its kind."""

    gene: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9-]{0,19}$")]
    alteration: Literal[
        "mutation",
        "amplification",
        "deletion",
        "fusion",
        "overexpression",
        "wild_type",
        "positive",
        "negative",
    ]
    detail: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    result: Literal["present", "absent", "not_determined"]
    method: ReasonCode
    determined_on: Day


class MolecularFindingRecordedOut(OutModel):
    finding_id: str


@router.post(
    "/screenings/{screening_id}/molecular-findings",
    status_code=201,
    response_model=MolecularFindingRecordedOut,
    openapi_extra=request_body(MolecularFindingIn),
)
async def record_molecular_finding_route(
    request: Request, principal: Person, screening_id: ScreeningId
) -> Response:
    """Record what a laboratory found about an alteration."""
    raw = await read_limited(request)
    body = parse_body(raw, MolecularFindingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordMolecularFinding(
            screening_id=screening_id,
            gene=body.gene,
            alteration=Alteration(body.alteration),
            detail=body.detail or "",
            result=FindingResult(body.result),
            method=body.method,
            determined_on=body.determined_on,
        )
        finding_id = await record_molecular_finding(tx, wanted, act)
        return Answer(body=MolecularFindingRecordedOut(finding_id=finding_id))

    return await service_of(request).performer.command(request, principal, raw, command)


class ConsentCorrectionIn(ConsentIn):
    """The consent as it was signed, whole, and why the record of it was wrong; the reason stays in this record."""

    reason: Words


class ConsentCorrectedOut(OutModel):
    consent_id: str
    flagged_registration_id: str | None


@router.post(
    "/screenings/{screening_id}/consents/{consent_id}/corrections",
    status_code=201,
    response_model=ConsentCorrectedOut,
    openapi_extra=request_body(ConsentCorrectionIn),
)
async def correct_consent_route(
    request: Request,
    principal: Person,
    screening_id: ScreeningId,
    consent_id: Annotated[str, Path(max_length=64)],
) -> Response:
    """Set a wrongly recorded consent right; the wrong record stays and a registration that rests on it is flagged."""
    raw = await read_limited(request)
    body = parse_body(raw, ConsentCorrectionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = CorrectConsent(
            screening_id=screening_id, consent_id=consent_id, reason=body.reason, **body.given()
        )
        return Answer(body=ConsentCorrectedOut.model_validate(await correct_consent(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)
