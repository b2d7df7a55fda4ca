"""What a committee is shown: files attached to it, and the packs that were frozen with its snapshots."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import StringConstraints

from services.sponsor.api.fields import FIRST_PAGE, USUAL_LIMIT, Cursor, Limit, PageOut, Person, TrialId
from services.sponsor.commands.attach_file import AttachFile, attach_file
from services.sponsor.domain.pack.archive import page_of_pack
from services.sponsor.domain.refusals import Refused
from services.sponsor.queries.packs import PackHead, list_packs, show_archive, show_pack, verify_pack
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["committee"])
LARGEST_BODY = 6 * 1024 * 1024

MediaType = Literal[
    "application/pdf",
    "text/csv",
    "text/plain",
    "image/png",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
]


class CommitteeFileIn(StrictModel):
    """A file for the committee; its name says nothing about a participant, and neither does its content by name.

    Laboratory values are a CSV with the columns participant_number, test, taken_on, value, unit, low, high.
    """

    part: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
    kind: Literal["pharmacokinetics", "pharmacodynamics", "laboratory", "imaging", "other"]
    media_type: MediaType
    content_base64: Annotated[str, StringConstraints(min_length=4, max_length=LARGEST_BODY)]


class CommitteeFileOut(StrictModel):
    name: str
    kind: str
    media_type: str
    size: int
    sha256: str


class LateOut(StrictModel):
    """One thing that came to light; `what` names a report or a participant's number."""

    kind: str
    number: str
    what: str
    field: str
    before: str
    after: str


class OutdatedOut(StrictModel):
    """Since when the pack does not tell everything, and what was found then."""

    at: Instant
    because: Sequence[LateOut]


class PackOut(StrictModel):
    """A pack without its bytes; `sha256` is that of the archive, `data_sha256` of what it was made from."""

    pack_id: str
    trial_id: str
    part: str
    n: int
    snapshot_id: str
    previous_pack_id: str | None
    sha256: str
    data_sha256: str
    built_by: str
    built_at: Instant
    outdated: OutdatedOut | None


class PackListOut(PageOut):
    items: Sequence[PackOut]


class VerificationOut(StrictModel):
    """Whether the archive made again from what was stored is the one that was built, byte for byte."""

    pack_id: str
    sha256: str
    rebuilt_sha256: str
    equal: bool


def pack_out(head: PackHead) -> PackOut:
    """The pack in the words of the API."""
    because = [LateOut.model_validate(one) for one in head.outdated_because or ()]
    return PackOut(
        pack_id=head.id,
        trial_id=head.trial_id,
        part=head.part,
        n=head.n,
        snapshot_id=head.snapshot_id,
        previous_pack_id=head.previous_id,
        sha256=head.sha256,
        data_sha256=head.data_sha256,
        built_by=head.built_by,
        built_at=head.built_at,
        outdated=None if head.outdated_at is None else OutdatedOut(at=head.outdated_at, because=because),
    )


@router.post(
    "/trials/{trial_id}/committee-files",
    status_code=201,
    response_model=CommitteeFileOut,
    openapi_extra=request_body(CommitteeFileIn),
)
async def attach_file_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Attach a file to everything that the committee is shown of a part from now on."""
    raw = await read_limited(request, limit=LARGEST_BODY)
    body = parse_body(raw, CommitteeFileIn)

    async def command(tx: Tx, act: Act) -> Answer:
        attaching = AttachFile(
            trial_id=trial_id,
            part=body.part,
            name=body.name,
            kind=body.kind,
            media_type=body.media_type,
            content=_decoded(body.content_base64),
        )
        file = await attach_file(tx, attaching, act)
        return Answer(
            body=CommitteeFileOut(
                name=file.name,
                kind=file.kind,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Refused("committee_file_invalid", "The content is not Base64.", lines=[]) from None


@router.get("/packs")
async def list_packs_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> PackListOut:
    """A trial's packs in the order in which they were built."""

    async def query(tx: Tx, act: Act) -> PackListOut:
        page = await list_packs(tx, act, trial_id, cursor, limit)
        return PackListOut(items=[pack_out(head) for head in page.entries], next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)


@router.get("/packs/{pack_id}")
async def show_pack_route(request: Request, principal: Person, pack_id: str) -> PackOut:
    """One pack, with what came to light since."""

    async def query(tx: Tx, act: Act) -> PackOut:
        return pack_out(await show_pack(tx, act, pack_id))

    return await service_of(request).performer.query(request, principal, query)


@router.get(
    "/packs/{pack_id}/pack.zip",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def pack_archive_route(request: Request, principal: Person, pack_id: str) -> Response:
    """Page, tables, attached files and a manifest of hashes, as they were built."""

    async def query(tx: Tx, act: Act) -> Response:
        head, content = await show_archive(tx, act, pack_id)
        name = f"pack-{head.part}-{head.n}.zip"
        headers = {"etag": f'"{head.sha256}"', "content-disposition": f'attachment; filename="{name}"'}
        return Response(content, headers=headers, media_type="application/zip")

    return await service_of(request).performer.query(request, principal, query)


@router.get(
    "/packs/{pack_id}/pack.html",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def pack_page_route(request: Request, principal: Person, pack_id: str) -> Response:
    """The pack's page alone, to read or print."""

    async def query(tx: Tx, act: Act) -> Response:
        _, content = await show_archive(tx, act, pack_id)
        return Response(page_of_pack(content), media_type="text/html; charset=utf-8")

    return await service_of(request).performer.query(request, principal, query)


@router.get("/packs/{pack_id}/verification")
async def verify_pack_route(request: Request, principal: Person, pack_id: str) -> VerificationOut:
    """Make the archive again from what was stored, and compare."""

    async def query(tx: Tx, act: Act) -> VerificationOut:
        found = await verify_pack(tx, act, pack_id)
        return VerificationOut(
            pack_id=found.head.id,
            sha256=found.head.sha256,
            rebuilt_sha256=found.rebuilt_sha256,
            equal=found.equal,
        )

    return await service_of(request).performer.query(request, principal, query)
