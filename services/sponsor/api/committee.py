"""Committees: charter versions, meetings with declarations and attendance, statements about data quality."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from services.sponsor.api.charter_view import (
    CharterIn,
    CharterListOut,
    CharterOut,
    charter_out,
    members_of,
    quorum_of,
)
from services.sponsor.api.fields import (
    FIRST_PAGE,
    USUAL_LIMIT,
    Cursor,
    Limit,
    PageOut,
    Person,
    PersonName,
    TrialId,
)
from services.sponsor.api.sitting_view import SittingOut, sitting_out
from services.sponsor.commands.call_meeting import CallMeeting, call_meeting
from services.sponsor.commands.declare_conflict import DeclareConflict, declare_conflict
from services.sponsor.commands.hold_meeting import HoldMeeting, hold_meeting
from services.sponsor.commands.propose_charter import ProposeCharter, propose_charter
from services.sponsor.commands.sign_charter import PURPOSE as CHARTER_PURPOSE
from services.sponsor.commands.sign_charter import SignCharter, sign_the_charter
from services.sponsor.commands.state_quality import PURPOSE as QUALITY_PURPOSE
from services.sponsor.commands.state_quality import StateQuality, quality_hash, state_quality
from services.sponsor.domain.meeting import Meeting
from services.sponsor.queries.committee import (
    QualityState,
    list_charters,
    list_meetings,
    show_meeting,
    show_quality,
)
from shared.act import Act
from shared.auth import Principal
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of
from shared.tokens import Proof, TokenVerifier

router = APIRouter(tags=["committee"])

PartName = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ProofText = Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class CharterSignatureIn(StrictModel):
    """`proof` is a fresh proof of identity for the charter's `purpose`, bound to its `sign_over`."""

    proof: ProofText


class MeetingIn(StrictModel):
    part: PartName
    planned_for: Instant


class DeclarationIn(StrictModel):
    """A conflict of interest, or none; the first word stays, and nobody declares for somebody else."""

    conflict: bool
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""


class AttendanceIn(StrictModel):
    """On which snapshot the meeting was held, and who was there; who comes later is added by a further call."""

    snapshot_id: Annotated[str, StringConstraints(max_length=64)]
    present: Annotated[Sequence[PersonName], Field(min_length=1, max_length=60)]


class QualityIn(StrictModel):
    """`standings_sha256` names the verified data, `proof` is bound to `sign_over` of the same data."""

    part: PartName
    standings_sha256: Sha256
    proof: ProofText


class DeclarationOut(StrictModel):
    person: str
    conflict: bool
    text: str
    declared_at: Instant


class MeetingOut(StrictModel):
    """A meeting; `sitting` is who votes and whether that is a quorum, shown when attendance is recorded."""

    meeting_id: str
    trial_id: str
    part: str
    charter_id: str
    called_by: str
    called_at: Instant
    planned_for: Instant
    snapshot_id: str | None
    held_at: Instant | None
    declarations: Sequence[DeclarationOut]
    present: Sequence[str]
    sitting: SittingOut | None = None


class MeetingListOut(PageOut):
    items: Sequence[MeetingOut]


class QualityStatementOut(StrictModel):
    statement_id: str
    person: str
    role: str
    fields: Sequence[str]
    signed_at: Instant
    signed_hash: str


class QualityStateOut(StrictModel):
    """The data of a part as they stand, and the statement about exactly them; null while there is none."""

    trial_id: str
    part: str
    participants: int
    standings_sha256: str
    sign_over: str
    purpose: str
    statement: QualityStatementOut | None


def _meeting(meeting: Meeting, sitting: SittingOut | None = None) -> MeetingOut:
    return MeetingOut(
        meeting_id=meeting.id,
        trial_id=meeting.trial_id,
        part=meeting.part,
        charter_id=meeting.charter_id,
        called_by=meeting.called_by,
        called_at=meeting.called_at,
        planned_for=meeting.planned_for,
        snapshot_id=meeting.snapshot_id,
        held_at=meeting.held_at,
        declarations=[
            DeclarationOut(
                person=one.person_id, conflict=one.conflict, text=one.words, declared_at=one.declared_at
            )
            for one in meeting.declarations
        ],
        present=meeting.present,
        sitting=sitting,
    )


def _verifying(request: Request, principal: Principal, proof: str, purpose: str) -> Callable[[str], Proof]:
    verifier: TokenVerifier = request.app.state.token_verifier

    def verify(sign_over: str) -> Proof:
        return verifier.verify_proof(proof, subject=principal.subject, purpose=purpose, bound_to=sign_over)

    return verify


@router.post(
    "/trials/{trial_id}/charters",
    status_code=201,
    response_model=CharterOut,
    openapi_extra=request_body(CharterIn),
)
async def propose_charter_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Propose the next version of the trial's committee charter."""
    raw = await read_limited(request)
    body = parse_body(raw, CharterIn)

    async def command(tx: Tx, act: Act) -> Answer:
        proposing = ProposeCharter(
            trial_id=trial_id, members=members_of(body), quorum=quorum_of(body), words=body.text
        )
        return Answer(body=charter_out(await propose_charter(tx, proposing, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/charters/{charter_id}/signatures",
    status_code=201,
    response_model=CharterOut,
    openapi_extra=request_body(CharterSignatureIn),
)
async def sign_charter_route(request: Request, principal: Person, charter_id: str) -> Response:
    """Sign a charter as one of the members whose seats sign it."""
    raw = await read_limited(request)
    body = parse_body(raw, CharterSignatureIn)
    verify = _verifying(request, principal, body.proof, CHARTER_PURPOSE)

    async def command(tx: Tx, act: Act) -> Answer:
        signing = SignCharter(charter_id=charter_id)
        return Answer(body=charter_out(await sign_the_charter(tx, signing, act, verify)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/charters")
async def list_charters_route(request: Request, principal: Person, trial_id: TrialId) -> CharterListOut:
    """Every version of a trial's charter, and which one holds."""

    async def query(tx: Tx, act: Act) -> CharterListOut:
        charters, present = await list_charters(tx, act, trial_id)
        items = [charter_out(one) for one in charters]
        return CharterListOut(items=items, in_force=present.n if present else None)

    return await service_of(request).performer.query(request, principal, query)


@router.post(
    "/trials/{trial_id}/meetings",
    status_code=201,
    response_model=MeetingOut,
    openapi_extra=request_body(MeetingIn),
)
async def call_meeting_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Call a meeting about one part, under the charter in force."""
    raw = await read_limited(request)
    body = parse_body(raw, MeetingIn)

    async def command(tx: Tx, act: Act) -> Answer:
        calling = CallMeeting(trial_id=trial_id, part=body.part, planned_for=body.planned_for)
        return Answer(body=_meeting(await call_meeting(tx, calling, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/meetings/{meeting_id}/declarations",
    status_code=201,
    response_model=MeetingOut,
    openapi_extra=request_body(DeclarationIn),
)
async def declare_conflict_route(request: Request, principal: Person, meeting_id: str) -> Response:
    """Declare a conflict of interest, or none, before seeing the data."""
    raw = await read_limited(request)
    body = parse_body(raw, DeclarationIn)

    async def command(tx: Tx, act: Act) -> Answer:
        declaring = DeclareConflict(meeting_id=meeting_id, conflict=body.conflict, words=body.text)
        return Answer(body=_meeting(await declare_conflict(tx, declaring, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/meetings/{meeting_id}/attendances",
    status_code=201,
    response_model=MeetingOut,
    openapi_extra=request_body(AttendanceIn),
)
async def hold_meeting_route(request: Request, principal: Person, meeting_id: str) -> Response:
    """Record who was present, and on which frozen snapshot; the answer says whether that is a quorum."""
    raw = await read_limited(request)
    body = parse_body(raw, AttendanceIn)

    async def command(tx: Tx, act: Act) -> Answer:
        holding = HoldMeeting(meeting_id=meeting_id, snapshot_id=body.snapshot_id, present=body.present)
        meeting, sitting = await hold_meeting(tx, holding, act)
        return Answer(body=_meeting(meeting, sitting_out(sitting)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/meetings")
async def list_meetings_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> MeetingListOut:
    """A trial's meetings in the order in which they were called."""

    async def query(tx: Tx, act: Act) -> MeetingListOut:
        page = await list_meetings(tx, act, trial_id, cursor, limit)
        return MeetingListOut(items=[_meeting(one) for one in page.entries], next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)


@router.get("/meetings/{meeting_id}")
async def show_meeting_route(request: Request, principal: Person, meeting_id: str) -> MeetingOut:
    """One meeting with what was declared and who was there."""

    async def query(tx: Tx, act: Act) -> MeetingOut:
        return _meeting(await show_meeting(tx, act, meeting_id))

    return await service_of(request).performer.query(request, principal, query)


def _quality(state: QualityState) -> QualityStateOut:
    said = state.statement
    return QualityStateOut(
        trial_id=state.trial_id,
        part=state.part,
        participants=state.participants,
        standings_sha256=state.standings_sha256,
        sign_over=quality_hash(state.trial_id, state.part, state.standings_sha256),
        purpose=QUALITY_PURPOSE,
        statement=None
        if said is None
        else QualityStatementOut(
            statement_id=said.id,
            person=said.person_id,
            role=said.role.value,
            fields=said.fields,
            signed_at=said.signed_at,
            signed_hash=said.signed_hash,
        ),
    )


@router.get("/trials/{trial_id}/quality-statements")
async def show_quality_route(
    request: Request, principal: Person, trial_id: str, part: Annotated[str, Query(max_length=40)]
) -> QualityStateOut:
    """The data of a part as they stand now, what is signed over them, and the statement if there is one."""

    async def query(tx: Tx, act: Act) -> QualityStateOut:
        return _quality(await show_quality(tx, act, trial_id, part))

    return await service_of(request).performer.query(request, principal, query)


@router.post(
    "/trials/{trial_id}/quality-statements",
    status_code=201,
    response_model=QualityStatementOut,
    openapi_extra=request_body(QualityIn),
)
async def state_quality_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Sign that exactly these data were verified."""
    raw = await read_limited(request)
    body = parse_body(raw, QualityIn)
    verify = _verifying(request, principal, body.proof, QUALITY_PURPOSE)

    async def command(tx: Tx, act: Act) -> Answer:
        stating = StateQuality(trial_id=trial_id, part=body.part, standings_sha256=body.standings_sha256)
        said = (await state_quality(tx, stating, act, verify)).statement
        return Answer(
            body=QualityStatementOut(
                statement_id=said.id,
                person=said.person_id,
                role=said.role.value,
                fields=said.fields,
                signed_at=said.signed_at,
                signed_hash=said.signed_hash,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)
