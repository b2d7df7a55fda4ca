"""The folder of a running trial that is taken over: looked at, signed by two people, kept."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Person
from services.enrolment.commands.take_over import (
    PURPOSE,
    Checked,
    TakeOver,
    check_take_over,
    sign_take_over,
)
from shared.act import Act
from shared.database import Tx
from shared.json_body import StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of
from shared.tokens import Proof, TokenVerifier

router = APIRouter(tags=["take-overs"])
MAX_FOLDER_BYTES = 8 * 1024 * 1024
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}\.(csv|json)$")]


class TakeOverIn(StrictModel):
    """The folder's files by name. Without a dry run `proof` signs its hash, for the purpose `sign-take-over`."""

    files: Annotated[dict[FileName, str], Field(min_length=1, max_length=20)]
    dry_run: bool = False
    proof: Annotated[str, StringConstraints(min_length=1, max_length=8192)] | None = None


class BadRowOut(StrictModel):
    """A place of a file that breaks a rule; row 1 is the header, row 0 the file itself."""

    file: str
    row: int
    column: str
    rule: str


class TakeOverOut(StrictModel):
    """`state`: checked, awaited (a second person signs), or done; `counts` is what is kept here."""

    trial: str
    sha256: str
    state: str
    signed_by: Sequence[str]
    counts: dict[str, int]
    bad: Sequence[BadRowOut]


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
        return _out(await check_take_over(tx, wanted, act))

    async def command(tx: Tx, act: Act) -> Answer:
        return Answer(body=_out(await sign_take_over(tx, wanted, act, verify)))

    performer = service_of(request).performer
    if body.dry_run:
        looked_at = await performer.query(request, principal, query)
        return Response(looked_at.model_dump_json(), 200, media_type="application/json")
    return await performer.command(request, principal, raw, command)


def _out(checked: Checked) -> TakeOverOut:
    folder = checked.folder
    return TakeOverOut(
        trial=checked.trial,
        sha256=checked.sha256,
        state="checked" if folder is None else "done" if folder.done else "awaited",
        signed_by=list(folder.people) if folder else [],
        counts={name: int(count) for name, count in checked.counts.items()},
        bad=[BadRowOut(file=one.file, row=one.row, column=one.column, rule=one.rule) for one in checked.bad],
    )
