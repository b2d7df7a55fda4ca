"""Screenings: started with a number, shown with what is signed for them, ended without registration."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import (
    Id,
    OutModel,
    Person,
    ReasonCode,
    SiteNumber,
    Slug,
)
from services.enrolment.commands.fail_screening import FailScreening, fail_screening
from services.enrolment.commands.start_screening import StartScreening, start_screening
from services.enrolment.domain.age import BirthMonth
from services.enrolment.queries.records import ScreeningView, show_screening
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["screenings"])
ScreeningId = Annotated[str, Path(max_length=64)]


class BirthMonthIn(StrictModel):
    """Year and month are all that is taken; the day of birth stays at the site."""

    year: Annotated[int, Field(ge=1900, le=2200)]
    month: Annotated[int, Field(ge=1, le=12)]


class ScreeningIn(StrictModel):
    trial: Id
    part: Slug
    site_number: SiteNumber
    born: BirthMonthIn
    previous_screening_id: Annotated[
        Id | None, Field(description="The screening of the same person that has ended")
    ] = None


class ScreeningStartedOut(OutModel):
    screening_id: str
    screening_number: str
    trial_id: str
    part: str
    site_number: str
    version: int
    started_at: Instant


@router.post(
    "/screenings",
    status_code=201,
    response_model=ScreeningStartedOut,
    openapi_extra=request_body(ScreeningIn),
)
async def start_screening_route(request: Request, principal: Person) -> Response:
    """Start a screening; the number is issued here and used once."""
    raw = await read_limited(request)
    body = parse_body(raw, ScreeningIn)

    async def command(tx: Tx, act: Act) -> Answer:
        born = BirthMonth(year=body.born.year, month=body.born.month)
        screening = await start_screening(
            tx,
            StartScreening(
                trial=body.trial,
                part=body.part,
                site_number=body.site_number,
                born=born,
                previous_screening_id=body.previous_screening_id or "",
            ),
            act,
        )
        return Answer(
            body=ScreeningStartedOut(
                screening_id=screening.id,
                screening_number=screening.number,
                trial_id=screening.trial_id,
                part=screening.part,
                site_number=screening.site_id,
                version=screening.version,
                started_at=screening.started_at,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)


class FailureIn(StrictModel):
    reason_code: ReasonCode


class ScreeningFailedOut(OutModel):
    screening_id: str
    state: Literal["failed"] = "failed"


@router.post(
    "/screenings/{screening_id}/failures",
    status_code=201,
    response_model=ScreeningFailedOut,
    openapi_extra=request_body(FailureIn),
)
async def fail_screening_route(request: Request, principal: Person, screening_id: ScreeningId) -> Response:
    """End the screening without registration."""
    raw = await read_limited(request)
    body = parse_body(raw, FailureIn)

    async def command(tx: Tx, act: Act) -> Answer:
        await fail_screening(tx, FailScreening(screening_id=screening_id, reason_code=body.reason_code), act)
        return Answer(body=ScreeningFailedOut(screening_id=screening_id))

    return await service_of(request).performer.command(request, principal, raw, command)


class ConsentOut(OutModel):
    id: str
    document: str
    version: str
    purpose: str
    capacity: str
    parent: str
    site_number: str
    signed_at: Instant
    superseded_by: Annotated[
        str, Field(description="The consent that corrects this record; empty: it stands")
    ]


class AssentOut(OutModel):
    answer: str
    document: str
    version: str
    decided: bool


class CriterionOut(OutModel):
    """A criterion of the version in use: what was entered, and whether that meets it (met, not_met, unknown)."""

    id: str
    kind: str
    text: str
    entered: Any
    answer: str
    valid_through: Day | None


class FindingOut(OutModel):
    gene: str
    alteration: str
    detail: str
    result: str
    method: str
    determined_on: Day


class EligibilityOut(OutModel):
    """`answers` as they were entered: a word for yes, no and unknown, an object for everything else."""

    version: str
    answers: dict[str, Any]
    signed_by: str
    signed_at: Instant
    delegated: bool
    judgement: str | None


class AgeStatementOut(OutModel):
    years: int
    on: Day
    delegated: bool


class ScreeningOut(OutModel):
    """`stopped` while a possible duplicate waits for the coordinator.

    `criteria` and `judgement_statement` are those of the protocol version in use at the site and of its kind of
    trial; `sample_uses` says of each use whether it is consented to, null while nobody was asked.
    """

    screening_id: str
    screening_number: str
    trial_id: str
    part: str
    site_number: str
    state: str
    version: int
    started_at: Instant
    reason_code: str
    stopped: Literal["possible_duplicate"] | None
    previous_screening_id: str | None
    next_screening_id: str | None
    consents: list[ConsentOut]
    assent: AssentOut
    eligibility: EligibilityOut | None
    age_statements: list[AgeStatementOut]
    protocol_version: str
    criteria: list[CriterionOut]
    judgement_statement: str
    molecular_findings: list[FindingOut]
    biomarkers_not_shown: list[str]
    sample_uses: dict[str, bool | None]


@router.get("/screenings/{screening_id}")
async def show_screening_route(
    request: Request, principal: Person, screening_id: ScreeningId
) -> ScreeningOut:
    """A screening with what is recorded for it."""
    service = service_of(request)
    view = await service.performer.query(
        request, principal, lambda tx, act: show_screening(tx, act, screening_id)
    )
    return ScreeningOut(**_screening(view), **_signed(view), **_asked(view))


def _screening(view: ScreeningView) -> dict[str, Any]:
    screening = view.screening
    return {
        "screening_id": screening.id,
        "screening_number": screening.number,
        "trial_id": screening.trial_id,
        "part": screening.part,
        "site_number": screening.site_id,
        "state": screening.state.value,
        "version": screening.version,
        "started_at": screening.started_at,
        "reason_code": screening.reason_code,
        "stopped": "possible_duplicate" if screening.unresolved_duplicates else None,
        "previous_screening_id": view.neighbours.previous or None,
        "next_screening_id": view.neighbours.following or None,
    }


def _signed(view: ScreeningView) -> dict[str, Any]:
    person = view.person
    return {
        "consents": [
            ConsentOut.model_validate(consent)
            for consent in sorted((*person.consents, *view.superseded), key=lambda one: one.id)
        ],
        "assent": AssentOut(
            answer=person.assent.answer.value,
            document=person.assent.document,
            version=person.assent.version,
            decided=person.assent.decision is not None,
        ),
        "eligibility": _eligibility(view),
        "age_statements": [
            AgeStatementOut(years=one.age_years, on=one.on, delegated=one.signature.delegated)
            for one in person.age_statements
        ],
    }


def _asked(view: ScreeningView) -> dict[str, Any]:
    asked = view.asked
    return {
        "protocol_version": asked.protocol_version,
        "criteria": [CriterionOut.model_validate(one) for one in asked.criteria],
        "judgement_statement": asked.judgement,
        "molecular_findings": [FindingOut.model_validate(one) for one in asked.findings],
        "biomarkers_not_shown": list(asked.biomarkers_not_shown),
        "sample_uses": dict(asked.sample_uses),
    }


def _eligibility(view: ScreeningView) -> EligibilityOut | None:
    eligibility, judgement = view.person.eligibility, view.person.judgement
    if eligibility is None or eligibility.signature is None:
        return None
    return EligibilityOut(
        version=eligibility.version,
        answers=dict(view.answers),
        signed_by=eligibility.signature.signed_by,
        signed_at=eligibility.signature.signed_at,
        delegated=eligibility.signature.delegated,
        judgement=judgement.judgement.value if judgement else None,
    )
