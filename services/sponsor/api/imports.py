"""Files of many rows: sites and staff of a trial, and the folder of a trial that is taken over."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from services.sponsor.api.fields import Person
from services.sponsor.commands.import_rows import Imported, ImportRows, Kind, check_rows, import_rows
from services.sponsor.commands.take_over import check_take_over, sign_take_over
from shared.act import Act
from shared.database import Tx
from shared.folder_api import (
    BadRowOut,
    FolderIn,
    FolderOut,
    answer_folder,
    bad_rows_out,
    folder_out,
    shown_now,
)
from shared.json_body import StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of
from shared.signed_folders import CheckedFolder

router = APIRouter(tags=["imports"])
MAX_IMPORT_BYTES = 2 * 1024 * 1024


class ImportIn(StrictModel):
    """`csv` is the text of the file; with `dry_run` every bad row is told and nothing is changed."""

    kind: Kind
    csv: str
    dry_run: bool = False


class ImportOut(StrictModel):
    kind: str
    dry_run: bool
    rows: int
    added: int
    unchanged: int
    bad: Sequence[BadRowOut]


class TakeOverOut(FolderOut):
    """`trial` by its code."""

    trial: str


@router.post(
    "/trials/{trial_id}/imports",
    status_code=201,
    response_model=ImportOut,
    openapi_extra=request_body(ImportIn),
)
async def import_rows_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Import sites or staff from a CSV file: all rows, or none with every bad row told."""
    raw = await read_limited(request, limit=MAX_IMPORT_BYTES)
    body = parse_body(raw, ImportIn)
    wanted = ImportRows(trial_id=trial_id, kind=body.kind, csv=body.csv)

    async def query(tx: Tx, act: Act) -> ImportOut:
        return _import_out(body, await check_rows(tx, wanted, act))

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=_import_out(body, await import_rows(tx, wanted, act)))

    performer = service_of(request).performer
    if body.dry_run:
        return shown_now(await performer.query(request, principal, query))
    return await performer.command(request, principal, raw, command)


@router.post("/take-overs", status_code=201, response_model=TakeOverOut, openapi_extra=request_body(FolderIn))
async def take_over_route(request: Request, principal: Person) -> Response:
    """Look at the folder of a running trial, or sign it; with two signatures its part here is taken over."""
    return await answer_folder(
        request, principal, check=check_take_over, sign=sign_take_over, shown=_take_over_out
    )


def _import_out(body: ImportIn, imported: Imported) -> ImportOut:
    return ImportOut(
        kind=body.kind,
        dry_run=body.dry_run,
        rows=imported.rows,
        added=imported.added,
        unchanged=imported.unchanged,
        bad=bad_rows_out(imported.bad),
    )


def _take_over_out(checked: CheckedFolder) -> TakeOverOut:
    return TakeOverOut(trial=checked.name, **folder_out(checked).model_dump())
