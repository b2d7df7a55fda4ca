"""Whether somebody takes part already, by keyed hash; and whose record a number belongs to."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import (
    Cursor,
    Id,
    Limit,
    OutModel,
    Person,
    Slug,
    TrialQuery,
    Words,
    refusal_answer,
)
from services.enrolment.commands.look_up_number import LookUpNumber, NumberNotShown, look_up_number
from services.enrolment.commands.record_identity_hash import RecordIdentityHash, record_identity_hash
from services.enrolment.commands.resolve_duplicate import ResolveDuplicate, resolve_duplicate
from services.enrolment.domain.identity import STOPPED, IdentityHash, IdentityKind, Resolution
from services.enrolment.domain.refusals import Refused
from services.enrolment.queries.duplicates import show_suspicions
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["identity"])
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ResolutionIn = Literal["false_match", "same_person_refused", "transfer"]


class IdentityHashIn(StrictModel):
    """HMAC-SHA-256, in lower-case hexadecimal, of the normalised NHS number or of initials and birth date.

    The site computes it under the key that the sites share; `key_version` names that key.
    """

    kind: Literal["nhs_number", "initials_and_birth_date"]
    key_version: Slug
    hash: Annotated[Digest, Field(description="Confidential: never shown again by any route")]


class IdentityCheckedOut(OutModel):
    screening_id: str
    possible_duplicate: Literal[False] = False


@router.post(
    "/screenings/{screening_id}/identity-hashes",
    status_code=201,
    response_model=IdentityCheckedOut,
    openapi_extra=request_body(IdentityHashIn),
)
async def record_identity_hash_route(
    request: Request, principal: Person, screening_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """Check that the child is not in the trial already; an equal hash stops the screening."""
    raw = await read_limited(request)
    body = parse_body(raw, IdentityHashIn)
    given = IdentityHash(kind=IdentityKind(body.kind), key_version=body.key_version, digest=body.hash)
    command = RecordIdentityHash(screening_id=screening_id, given=given)

    async def work(tx: Tx, act: Act) -> Answer:
        if await record_identity_hash(tx, command, act):
            return Answer(body=IdentityCheckedOut(screening_id=screening_id))
        return refusal_answer(Refused("possible_duplicate", STOPPED), act)

    return await service_of(request).performer.command(request, principal, raw, work)


class SuspectOut(OutModel):
    screening_id: str
    screening_number: str
    site_number: str
    state: str


class SuspicionOut(OutModel):
    suspicion_id: str
    kind: str
    key_version: str
    state: str
    suspected_at: Instant
    stopped: SuspectOut
    other: SuspectOut
    resolved_at: Instant | None
    resolved_by: str | None
    reason: str | None
    transfer_id: str | None


class SuspicionsOut(OutModel):
    items: list[SuspicionOut]
    next_cursor: str | None


@router.get("/duplicate-suspicions")
async def list_suspicions_route(
    request: Request,
    principal: Person,
    trial: TrialQuery,
    state: Annotated[
        Literal["open", "false_match", "same_person_refused", "transfer"] | None, Query()
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> SuspicionsOut:
    """Possible duplicates, for the trial's coordinator alone."""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: show_suspicions(tx, act, trial, state=state or "", after=cursor, limit=limit),
    )
    return SuspicionsOut.model_validate(page)


class ResolutionOfDuplicateIn(StrictModel):
    resolution: ResolutionIn
    reason: Words


class ResolvedOut(OutModel):
    suspicion_id: str
    resolution: str
    transfer_id: str | None


@router.post(
    "/duplicate-suspicions/{suspicion_id}/resolutions",
    status_code=201,
    response_model=ResolvedOut,
    openapi_extra=request_body(ResolutionOfDuplicateIn),
)
async def resolve_duplicate_route(
    request: Request, principal: Person, suspicion_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """Say what a possible duplicate is: no match, the same person refused, or the same person moving."""
    raw = await read_limited(request)
    body = parse_body(raw, ResolutionOfDuplicateIn)
    command = ResolveDuplicate(
        suspicion_id=suspicion_id, resolution=Resolution(body.resolution), reason=body.reason
    )

    async def work(tx: Tx, act: Act) -> Answer:
        return Answer(body=ResolvedOut.model_validate(await resolve_duplicate(tx, command, act)))

    return await service_of(request).performer.command(request, principal, raw, work)


class NumberIn(StrictModel):
    trial: Id
    number: Annotated[str, Field(min_length=1, max_length=40)]


class NumberedOut(OutModel):
    kind: str
    id: str
    number: str
    site_number: str


@router.post(
    "/number-lookups", status_code=201, response_model=NumberedOut, openapi_extra=request_body(NumberIn)
)
async def look_up_number_route(request: Request, principal: Person) -> Response:
    """Find a screening or participant by its number; what is not shown is kept in the audit."""
    raw = await read_limited(request)
    body = parse_body(raw, NumberIn)

    async def work(tx: Tx, act: Act) -> Answer:
        found = await look_up_number(tx, LookUpNumber(trial=body.trial, number=body.number), act)
        if isinstance(found, NumberNotShown):
            return refusal_answer(found.refused, act)
        return Answer(body=NumberedOut.model_validate(found))

    return await service_of(request).performer.command(request, principal, raw, work)
