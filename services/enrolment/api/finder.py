"""The trial finder: JSON for systems, CSV in the order of the referrers' template, a plain page to read."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.finder_csv import as_csv
from services.enrolment.api.finder_page import as_page
from services.enrolment.api.route import Id, Limit, OutModel, Person, SiteNumber
from services.enrolment.commands.update_finder_entry import UpdateFinderEntry, update_finder_entry
from services.enrolment.domain.finder import RecruitmentStatus, Search
from services.enrolment.queries.trial_finder import FinderPage, search_trials
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["trial finder"])

Wanted = Annotated[str, Query(max_length=80)]
Age = Annotated[int | None, Query(ge=0, le=120, description="Completed years")]
Status = Annotated[RecruitmentStatus | None, Query()]
CodeCursor = Annotated[
    str, Query(pattern=r"^([A-Z][A-Z0-9]{1,11})?$", description="`next_cursor` of the page before")
]


def _text(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string"}}}}}


class MarkerOut(OutModel):
    gene: str
    alteration: str
    detail: str
    must_be: str


class PartOut(OutModel):
    """`slots_open` and `waiting` are null where places are not shared or their counts not shown."""

    part: str
    stratum: str
    age_from_years: int
    age_below_years: int
    markers: list[MarkerOut]
    slots_open: int | None
    waiting: int | None
    expected_openings: Annotated[
        list[Day], Field(description="Dates from which a window will be over; an expectation, no promise")
    ]


class ContactOut(OutModel):
    role: str
    name: str
    email: str
    telephone: str


class SiteOut(OutModel):
    site_number: str
    organisation: str
    country: str
    status: RecruitmentStatus
    conditions: list[str]
    principal_investigator: ContactOut | None
    contacts: list[ContactOut]
    note: str
    updated_at: Instant | None


class EntryOut(OutModel):
    title: str
    kind: str
    phase: str
    registry_ids: list[str]
    registry_link: str
    treatment_type: str
    conditions: list[str]
    markers: list[str]
    plain_title: str
    plain_summary: str
    plain_what_happens: str
    plain_possible_risks: str
    who_to_ask: str
    expected_opening: Day | None
    results: str


class TrialOut(OutModel):
    code: str
    status: RecruitmentStatus
    entry: EntryOut
    recruitment_paused_since: Instant | None
    dosing_paused_since: Instant | None
    parts: list[PartOut]
    sites: list[SiteOut]


class FinderOut(OutModel):
    """Version 1 of the feed; `as_of` is when everything that is known here was known."""

    schema_version: int
    as_of: Instant | None
    items: list[TrialOut]
    next_cursor: str | None


@router.get("/trial-finder")
async def search_trials_route(
    request: Request,
    principal: Person,
    condition: Wanted = "",
    age: Age = None,
    marker: Wanted = "",
    location: Wanted = "",
    status: Status = None,
    cursor: CodeCursor = "",
    limit: Limit = 50,
) -> FinderOut:
    """Trials that fit, by code; every wish that is stated must be met."""
    search = Search(condition=condition, age_years=age, marker=marker, location=location, status=status)
    page = await _search(request, principal, search, after=cursor, limit=limit)
    return FinderOut(
        schema_version=1,
        as_of=page.as_of,
        items=[TrialOut.model_validate(trial) for trial in page.items],
        next_cursor=page.next_cursor,
    )


@router.get("/trial-finder.csv", response_class=Response, responses=_text("text/csv"))
async def finder_csv_route(
    request: Request,
    principal: Person,
    condition: Wanted = "",
    age: Age = None,
    marker: Wanted = "",
    location: Wanted = "",
    status: Status = None,
) -> Response:
    """One line per trial and site, in the order of the referrers' template."""
    search = Search(condition=condition, age_years=age, marker=marker, location=location, status=status)
    page = await _search(request, principal, search)
    return Response(as_csv(page), media_type="text/csv; charset=utf-8")


@router.get("/trial-finder.html", response_class=Response, responses=_text("text/html"))
async def finder_page_route(
    request: Request,
    principal: Person,
    condition: Wanted = "",
    age: Age = None,
    marker: Wanted = "",
    location: Wanted = "",
    status: Status = None,
) -> Response:
    """The same as a page without script, that prints and that a screen reader reads."""
    search = Search(condition=condition, age_years=age, marker=marker, location=location, status=status)
    page = await _search(request, principal, search)
    return Response(as_page(page), media_type="text/html; charset=utf-8")


async def _search(
    request: Request, principal: Any, search: Search, *, after: str = "", limit: int | None = None
) -> FinderPage:
    return await service_of(request).performer.query(
        request, principal, lambda tx, act: search_trials(tx, act, search, after=after, limit=limit)
    )


# -- what a site says -----------------------------------------------------------------------------------

Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Reached = Annotated[str, StringConstraints(max_length=120)]
Condition = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class ContactIn(StrictModel):
    """A professional contact that the site wants to be published."""

    role: Name
    name: Reached = ""
    email: Annotated[str, StringConstraints(pattern=r"^([^@\s]{1,64}@[^@\s]{1,120})?$")] = ""
    telephone: Annotated[str, StringConstraints(pattern=r"^([+()0-9 -]{4,40})?$")] = ""


class FinderEntryIn(StrictModel):
    trial: Id
    site_number: SiteNumber
    conditions: Annotated[list[Condition], Field(max_length=50)] = Field(default=[])
    principal_investigator: ContactIn | None = None
    contacts: Annotated[list[ContactIn], Field(max_length=2)] = Field(default=[])
    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class FinderEntryOut(OutModel):
    trial: str
    site_number: str
    updated_at: Instant


@router.post(
    "/finder-entries",
    status_code=201,
    response_model=FinderEntryOut,
    openapi_extra=request_body(FinderEntryIn),
)
async def update_finder_entry_route(request: Request, principal: Person) -> Response:
    """Replace what the site says in the finder."""
    raw = await read_limited(request)
    body = parse_body(raw, FinderEntryIn)
    investigator = body.principal_investigator
    wanted = UpdateFinderEntry(
        trial=body.trial,
        site_number=body.site_number,
        conditions=body.conditions,
        principal_investigator=investigator.model_dump() if investigator else None,
        contacts=[contact.model_dump() for contact in body.contacts],
        note=body.note,
    )

    async def command(tx: Tx, act: Act) -> Answer:
        updated_at = await update_finder_entry(tx, wanted, act)
        return Answer(
            body=FinderEntryOut(trial=body.trial, site_number=body.site_number, updated_at=updated_at)
        )

    return await service_of(request).performer.command(request, principal, raw, command)
