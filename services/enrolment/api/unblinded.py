"""Lists, draws and arms, for unblinded people alone; everybody else is answered 403."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Limit, Person
from services.enrolment.api.unblinded_views import (
    AllocationsOut,
    ArmOut,
    ArmsOut,
    ListsOut,
    PreparedOut,
    ReplayOut,
    RowsOut,
    UploadCheckOut,
    audit_out,
    list_out,
    rows_out,
)
from services.enrolment.commands.prepare_list import (
    Design,
    PrepareList,
    UploadList,
    check_upload,
    prepare_list,
    upload_list,
)
from services.enrolment.queries.randomisations import (
    recorded_draws,
    show_arms,
    show_audit,
    show_lists,
    show_rows,
)
from shared.act import Act
from shared.database import Tx
from shared.delivery_views import NumberCursor, after_number
from shared.json_body import StrictModel, parse_body, read_limited, read_nothing, request_body
from shared.openapi import READING
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["unblinded"])
Trial = Annotated[str, Path(max_length=64, description="Code or id of the trial")]
Code = Annotated[str, Path(max_length=40, description="The randomisation, as the protocol file names it")]
Text = Annotated[str, Path(max_length=64)]
DesignVersion = Annotated[str, Field(min_length=1, max_length=20)]
MOST_CSV = 900_000


class ListIn(StrictModel):
    """Whoever knows the seed knows every arm; `rows_per_stratum` is a fifth more than the target when left out."""

    seed: Annotated[str, Field(min_length=16, max_length=200)]
    rows_per_stratum: Annotated[int, Field(ge=1, le=20_000)] | None = None
    design_version: DesignVersion | None = None


@router.post(
    "/randomisations/{trial}/{randomisation}/lists",
    status_code=201,
    response_model=PreparedOut,
    openapi_extra=request_body(ListIn),
)
async def prepare_list_route(
    request: Request, principal: Person, trial: Trial, randomisation: Code
) -> Response:
    """Record the seed from which lists are generated, or by which minimisation draws."""
    raw = await read_limited(request)
    body = parse_body(raw, ListIn)
    wanted = PrepareList(
        design=Design(trial=trial, randomisation=randomisation, design_version=body.design_version),
        seed=body.seed,
        rows_per_stratum=body.rows_per_stratum,
    )

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=PreparedOut.of(await prepare_list(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class UploadIn(StrictModel):
    """A table as CSV with the columns `stratum,row,arm`."""

    csv: Annotated[str, Field(min_length=1, max_length=MOST_CSV)]
    design_version: DesignVersion | None = None

    def command(self, trial: str, randomisation: str) -> UploadList:
        design = Design(trial=trial, randomisation=randomisation, design_version=self.design_version)
        return UploadList(design=design, table=self.csv)


@router.post(
    "/randomisations/{trial}/{randomisation}/list-uploads",
    status_code=201,
    response_model=PreparedOut,
    openapi_extra=request_body(UploadIn),
)
async def upload_list_route(
    request: Request, principal: Person, trial: Trial, randomisation: Code
) -> Response:
    """Keep a table that was made elsewhere; refused with every row that is wrong."""
    raw = await read_limited(request)
    wanted = parse_body(raw, UploadIn).command(trial, randomisation)

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=PreparedOut.of(await upload_list(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/randomisations/{trial}/{randomisation}/list-upload-checks",
    status_code=200,
    openapi_extra=request_body(UploadIn) | READING,
)
async def check_upload_route(
    request: Request, principal: Person, trial: Trial, randomisation: Code
) -> UploadCheckOut:
    """What an upload of this table would say. Changes nothing."""
    wanted = parse_body(await read_limited(request), UploadIn).command(trial, randomisation)
    service = service_of(request)
    found = await service.performer.query(request, principal, lambda tx, act: check_upload(tx, wanted, act))
    return UploadCheckOut.of(found)


@router.get("/randomisations/{trial}/{randomisation}/lists")
async def list_lists_route(
    request: Request, principal: Person, trial: Trial, randomisation: Code
) -> ListsOut:
    """Seeds and lists of a randomisation, one for each version of its design."""
    service = service_of(request)
    found = await service.performer.query(
        request, principal, lambda tx, act: show_lists(tx, act, trial, randomisation)
    )
    return ListsOut(items=[list_out(one) for one in found])


@router.get("/randomisations/{trial}/{randomisation}/lists/{list_id}/rows")
async def list_rows_route(
    request: Request,
    principal: Person,
    trial: Trial,
    randomisation: Code,
    list_id: Text,
    stratum: Annotated[str, Query(max_length=400)] = "",
    cursor: NumberCursor = "",
    limit: Limit = 50,
) -> RowsOut:
    """Rows of one stratum with their arms, and who used them."""
    service, after = service_of(request), after_number(cursor)
    found = await service.performer.query(
        request,
        principal,
        lambda tx, act: show_rows(tx, act, trial, randomisation, list_id, stratum, after=after, limit=limit),
    )
    return rows_out(found, limit)


@router.get("/randomisations/{trial}/{randomisation}/audit")
async def audit_route(
    request: Request,
    principal: Person,
    trial: Trial,
    randomisation: Code,
    cursor: NumberCursor = "",
    limit: Limit = 50,
) -> AllocationsOut:
    """Everything to make each draw again: design, seed, counts, both random numbers, G, probabilities, order, arm."""
    service, after = service_of(request), after_number(cursor)
    page = await service.performer.query(
        request,
        principal,
        lambda tx, act: show_audit(tx, act, trial, randomisation, after=after, limit=limit),
    )
    return audit_out(page, limit)


@router.post(
    "/randomisations/{trial}/{randomisation}/replays",
    status_code=200,
    openapi_extra=READING,
)
async def replay_route(request: Request, principal: Person, trial: Trial, randomisation: Code) -> ReplayOut:
    """Make every draw again and name what comes out differently. Changes nothing."""
    await read_nothing(request)
    service = service_of(request)
    recorded = await service.performer.query(
        request, principal, lambda tx, act: recorded_draws(tx, act, trial, randomisation)
    )
    # Beside the event loop: a thousand assignments are counted a thousand times.
    differences = await asyncio.to_thread(recorded.replayed)
    return ReplayOut.of(len(recorded.assignments), differences)


@router.get("/participants/{participant_id}/arms")
async def list_arms_route(request: Request, principal: Person, participant_id: Text) -> ArmsOut:
    """A participant's arms, for the unblinded statistician and an unblinded pharmacist of the site."""
    service = service_of(request)
    found = await service.performer.query(
        request, principal, lambda tx, act: show_arms(tx, act, participant_id)
    )
    return ArmsOut(items=[ArmOut.of(one) for one in found])
