"""Referrals: sent to a site, acknowledged, decided, replied. Nothing here says who the patient is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Cursor, Id, Limit, OutModel, Person, SiteNumber, Slug, TrialQuery
from services.enrolment.commands.acknowledge_referral import acknowledge_referral
from services.enrolment.commands.decide_referral import DecideReferral, decide_referral
from services.enrolment.commands.receive_referral import ReceiveReferral, receive_referral
from services.enrolment.commands.reply_to_referral import ReplyToReferral, reply_to_referral
from services.enrolment.domain.referrals import Outcome, Referral, ReferralState, ReplyWay
from services.enrolment.queries.referrals import show_referral, show_referrals
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["referrals"])
ReferralId = Annotated[str, Path(max_length=64)]
Organisation = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9 .,&'()-]{1,119}$")]
Condition = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,59}$")]
UrgencyIn = Literal["routine", "soon", "urgent"]
OutcomeIn = Literal["screening_started", "not_suitable", "no_place", "waiting", "elsewhere", "withdrawn"]
ReplyWayIn = Literal["letter", "telephone", "email", "portal", "in_person"]


class ReferralIn(StrictModel):
    """The patient by age or year of birth and one word for the condition.

    `contact_reference` is an entry in the receiving site's own address book; no person is named here.
    """

    trial: Id
    site_number: SiteNumber
    from_site_number: SiteNumber | None = None
    organisation: Organisation
    contact_reference: Slug
    age_years: Annotated[int, Field(ge=0, le=120)] | None = None
    birth_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    condition: Condition
    part: Slug | None = None
    urgency: UrgencyIn = "routine"
    sent_at: Instant

    @model_validator(mode="after")
    def _one_age(self) -> "ReferralIn":
        if (self.age_years is None) == (self.birth_year is None):
            raise ValueError("give the age in years or the year of birth")
        return self


class ReferralOut(OutModel):
    """`screening_id` is shown to the site that screens."""

    id: str
    trial_id: str
    site_number: str
    from_site_number: str
    organisation: str
    contact_reference: str
    age_years: int | None
    birth_year: int | None
    condition: str
    part: str
    urgency: str
    state: str
    sent_at: Instant
    received_at: Instant
    acknowledged_at: Instant | None
    outcome: str | None
    outcome_at: Instant | None
    screening_id: str | None
    reply_sent_at: Instant | None
    reply_by_way_of: str | None


@router.post(
    "/referrals", status_code=201, response_model=ReferralOut, openapi_extra=request_body(ReferralIn)
)
async def receive_referral_route(request: Request, principal: Person) -> Response:
    """Refer a patient to a site, or enter a referral that the site has received."""
    raw = await read_limited(request)
    body = parse_body(raw, ReferralIn)
    command = ReceiveReferral(
        trial=body.trial,
        site_number=body.site_number,
        from_site_number=body.from_site_number or "",
        organisation=body.organisation,
        contact_reference=body.contact_reference,
        age_years=body.age_years,
        birth_year=body.birth_year,
        condition=body.condition,
        part=body.part or "",
        urgency=body.urgency,
        sent_at=body.sent_at,
    )

    async def work(tx: Tx, act: Act) -> Answer:
        return _answer(await receive_referral(tx, command, act))

    return await service_of(request).performer.command(request, principal, raw, work)


@router.post("/referrals/{referral_id}/acknowledgements", status_code=201, response_model=ReferralOut)
async def acknowledge_referral_route(
    request: Request, principal: Person, referral_id: ReferralId
) -> Response:
    """The receiving site has seen the referral."""
    raw = await read_nothing(request)

    async def work(tx: Tx, act: Act) -> Answer:
        return _answer(await acknowledge_referral(tx, referral_id, act))

    return await service_of(request).performer.command(request, principal, raw, work)


class OutcomeOfReferralIn(StrictModel):
    """What came of it; a screening is named when one was started, and only then."""

    outcome: OutcomeIn
    screening_id: Id | None = None

    @model_validator(mode="after")
    def _screening_when_started(self) -> "OutcomeOfReferralIn":
        if (self.outcome == "screening_started") == (self.screening_id is None):
            raise ValueError("name the screening that was started")
        return self


@router.post(
    "/referrals/{referral_id}/outcomes",
    status_code=201,
    response_model=ReferralOut,
    openapi_extra=request_body(OutcomeOfReferralIn),
)
async def decide_referral_route(request: Request, principal: Person, referral_id: ReferralId) -> Response:
    """Say what comes of the referral; only one that waits may be decided anew."""
    raw = await read_limited(request)
    body = parse_body(raw, OutcomeOfReferralIn)
    command = DecideReferral(
        referral_id=referral_id, outcome=Outcome(body.outcome), screening_id=body.screening_id
    )

    async def work(tx: Tx, act: Act) -> Answer:
        return _answer(await decide_referral(tx, command, act))

    return await service_of(request).performer.command(request, principal, raw, work)


class ReplyIn(StrictModel):
    by_way_of: ReplyWayIn
    sent_at: Instant


@router.post(
    "/referrals/{referral_id}/replies",
    status_code=201,
    response_model=ReferralOut,
    openapi_extra=request_body(ReplyIn),
)
async def reply_to_referral_route(request: Request, principal: Person, referral_id: ReferralId) -> Response:
    """The sender has been told the outcome."""
    raw = await read_limited(request)
    body = parse_body(raw, ReplyIn)
    command = ReplyToReferral(
        referral_id=referral_id, sent_at=body.sent_at, by_way_of=ReplyWay(body.by_way_of)
    )

    async def work(tx: Tx, act: Act) -> Answer:
        return _answer(await reply_to_referral(tx, command, act))

    return await service_of(request).performer.command(request, principal, raw, work)


class ReferralsOut(OutModel):
    items: list[ReferralOut]
    next_cursor: str | None


@router.get("/referrals")
async def list_referrals_route(
    request: Request,
    principal: Person,
    trial: TrialQuery,
    state: Annotated[ReferralState | None, Query()] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ReferralsOut:
    """Referrals to and from one's own sites, oldest first."""
    wanted = state.value if state else ""
    page = await service_of(request).performer.query(
        request,
        principal,
        lambda tx, act: show_referrals(tx, act, trial, state=wanted, after=cursor, limit=limit),
    )
    return ReferralsOut.model_validate(page)


@router.get("/referrals/{referral_id}")
async def show_referral_route(request: Request, principal: Person, referral_id: ReferralId) -> ReferralOut:
    """One referral, for the site that received it and the site that sent it."""
    referral = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_referral(tx, act, referral_id)
    )
    return ReferralOut.model_validate(referral)


def _answer(referral: Referral) -> Answer:
    return Answer(body=ReferralOut.model_validate(referral))
