"""Files of many rows: sites and staff of a trial, and the folder of a trial that is taken over."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from services.sponsor.api.fields import Person
from services.sponsor.commands.import_rows import Imported, ImportRows, Kind, check_rows, import_rows
from services.sponsor.commands.take_over import (
    PURPOSE,
    Checked,
    TakeOver,
    check_take_over,
    sign_take_over,
)
from shared.act import Act
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.json_body import StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of
from shared.tokens import Proof, TokenVerifier

router = APIRouter(tags=["imports"])
MAX_IMPORT_BYTES = 2 * 1024 * 1024
MAX_FOLDER_BYTES = 8 * 1024 * 1024
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.(csv|json)$")]


class ImportIn(StrictModel):
    """`csv` is the text of the file; with `dry_run` every bad row is told and nothing is changed."""

    kind: Kind
    csv: str
    dry_run: bool = False


class BadRowOut(StrictModel):
    """A place of a file that breaks a rule; row 1 is the header, row 0 the file itself."""

    file: str
    row: int
    column: str
    rule: str


class ImportOut(StrictModel):
    kind: str
    dry_run: bool
    rows: int
    added: int
    unchanged: int
    bad: Sequence[BadRowOut]


class TakeOverIn(StrictModel):
    """The folder's files by name. Without a dry run `proof` signs its hash, for the purpose `sign-take-over`."""

    files: Annotated[dict[FileName, str], Field(min_length=1, max_length=20)]
    dry_run: bool = False
    proof: Annotated[str, StringConstraints(min_length=1, max_length=8192)] | None = None


class TakeOverOut(StrictModel):
    """`state`: checked, awaited (a second person signs), or done; `counts` is what is kept here."""

    trial: str
    sha256: str
    state: str
    signed_by: Sequence[str]
    counts: dict[str, int]
    bad: Sequence[BadRowOut]


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
        return _shown(await performer.query(request, principal, query))
    return await performer.command(request, principal, raw, command)


@router.post(
    "/take-overs", status_code=201, response_model=TakeOverOut, openapi_extra=request_body(TakeOverIn)
)
async def take_over_route(request: Request, principal: Person) -> Response:
    """Look at the folder of a running trial, or sign it; with two signatures its part here is taken over."""
    raw = await read_limited(request, limit=MAX_FOLDER_BYTES)
    body = parse_body(raw, TakeOverIn)
    wanted = TakeOver(files=body.files)
    verifier: TokenVerifier = request.app.state.token_verifier

    def verify(sha256: str) -> Proof:
        return verifier.verify_proof(
            body.proof or "", subject=principal.subject, purpose=PURPOSE, bound_to=sha256
        )

    async def query(tx: Tx, act: Act) -> TakeOverOut:
        return _take_over_out(await check_take_over(tx, wanted, act))

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=_take_over_out(await sign_take_over(tx, wanted, act, verify)))

    performer = service_of(request).performer
    if body.dry_run:
        return _shown(await performer.query(request, principal, query))
    return await performer.command(request, principal, raw, command)


def _shown(out: StrictModel) -> Response:
    return Response(out.model_dump_json(), 200, media_type="application/json")


def _import_out(body: ImportIn, imported: Imported) -> ImportOut:
    return ImportOut(
        kind=body.kind,
        dry_run=body.dry_run,
        rows=imported.rows,
        added=imported.added,
        unchanged=imported.unchanged,
        bad=_bad(imported.bad),
    )


def _take_over_out(checked: Checked) -> TakeOverOut:
    folder = checked.folder
    state = "checked" if folder is None else "done" if folder.done else "awaited"
    counts: dict[str, Any] = dict(checked.counts)
    return TakeOverOut(
        trial=checked.trial,
        sha256=checked.sha256,
        state=state,
        signed_by=list(folder.people) if folder else [],
        counts=counts,
        bad=_bad(checked.bad),
    )


def _bad(rows: Sequence[BadRow]) -> list[BadRowOut]:
    return [BadRowOut(file=one.file, row=one.row, column=one.column, rule=one.rule) for one in rows]
