"""Trials: registered with their first protocol version, opened, paused, closed, looked at."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from services.sponsor.api.fields import (
    FIRST_PAGE,
    USUAL_LIMIT,
    Cursor,
    EvidenceName,
    Limit,
    PageOut,
    Person,
    ReasonCode,
)
from services.sponsor.api.protocol_body import MAX_PROTOCOL_BYTES, read_protocol_file
from services.sponsor.api.trial_view import TrialView, view_of
from services.sponsor.commands.close_trial import CloseTrial, close_trial
from services.sponsor.commands.open_trial import OpenTrial, open_trial
from services.sponsor.commands.pause_trial import PauseTrial, pause_trial
from services.sponsor.commands.record_unblinding_test import RecordUnblindingTest, record_unblinding_test
from services.sponsor.commands.register_trial import RegisterTrial, register_trial
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.queries.trial_overview import trial_overview
from services.sponsor.queries.trials import list_trials
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["trials"])


class RegisteredTrialOut(StrictModel):
    trial_id: str
    code: str
    state: str
    protocol_version_id: str
    protocol_version: str
    protocol_sha256: str


class TrialStateOut(StrictModel):
    trial_id: str
    code: str
    state: str
    reason_code: str


class TrialListOut(PageOut):
    items: Sequence[TrialStateOut]


class OpeningIn(StrictModel):
    """Nothing is needed where the trial is registered; after a pause, the approval of the restart."""

    registration_due_on: Day | None = None
    evidence_id: EvidenceName | None = None


class UnblindingTestIn(StrictModel):
    """`evidence_id` is the record of the test; it must not say who was allocated to what."""

    evidence_id: EvidenceName
    tested_on: Day


class UnblindingTestOut(StrictModel):
    trial_id: str
    evidence_id: str
    tested_on: Day
    recorded_by: str
    recorded_at: Instant


class StopIn(StrictModel):
    reason_code: ReasonCode


@router.post(
    "/trials", status_code=201, response_model=RegisteredTrialOut, openapi_extra=request_body(ProtocolFile)
)
async def register_trial_route(request: Request, principal: Person) -> Response:
    """Register a trial by uploading its first protocol version."""
    raw = await read_limited(request, limit=MAX_PROTOCOL_BYTES)
    document = read_protocol_file(raw)

    async def command(tx: Tx, act: Act) -> Answer:
        trial, version = await register_trial(tx, RegisterTrial(document=document), act)
        out = RegisteredTrialOut(
            trial_id=trial.id,
            code=trial.code,
            state=trial.state.value,
            protocol_version_id=version.id,
            protocol_version=version.terms.version,
            protocol_sha256=version.sha256,
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/trials")
async def list_trials_route(
    request: Request, principal: Person, cursor: Cursor = FIRST_PAGE, limit: Limit = USUAL_LIMIT
) -> TrialListOut:
    """The trials that the caller may read."""

    async def query(tx: Tx, act: Act) -> TrialListOut:
        page = await list_trials(tx, act, cursor, limit)
        items = [
            TrialStateOut(trial_id=t.id, code=t.code, state=t.state.value, reason_code=t.reason)
            for t in page.entries
        ]
        return TrialListOut(items=items, next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)


@router.get("/trials/{trial_id}")
async def show_trial_route(request: Request, principal: Person, trial_id: str) -> TrialView:
    """One trial: versions, sites, halts, and every level with its counts."""

    async def query(tx: Tx, act: Act) -> TrialView:
        return view_of(await trial_overview(tx, act, trial_id))

    return await service_of(request).performer.query(request, principal, query)


@router.post(
    "/trials/{trial_id}/openings",
    status_code=201,
    response_model=TrialStateOut,
    openapi_extra=request_body(OpeningIn),
)
async def open_trial_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Open the trial, or open it again; a refusal names everything that is missing."""
    raw = await read_limited(request)
    body = parse_body(raw, OpeningIn)

    async def command(tx: Tx, act: Act) -> Answer:
        opening = OpenTrial(
            trial_id=trial_id,
            registration_due_on=body.registration_due_on,
            evidence_id=body.evidence_id or "",
        )
        trial = await open_trial(tx, opening, act)
        return Answer(
            body=TrialStateOut(trial_id=trial.id, code=trial.code, state=trial.state.value, reason_code="")
        )

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/trials/{trial_id}/emergency-unblinding-tests",
    status_code=201,
    response_model=UnblindingTestOut,
    openapi_extra=request_body(UnblindingTestIn),
)
async def record_unblinding_test_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Record that emergency unblinding was tested; a blinded trial does not open without it."""
    raw = await read_limited(request)
    body = parse_body(raw, UnblindingTestIn)

    async def command(tx: Tx, act: Act) -> Answer:
        recording = RecordUnblindingTest(
            trial_id=trial_id, evidence_id=body.evidence_id, tested_on=body.tested_on
        )
        test = await record_unblinding_test(tx, recording, act)
        out = UnblindingTestOut(
            trial_id=test.trial_id,
            evidence_id=test.evidence_id,
            tested_on=test.tested_on,
            recorded_by=test.recorded_by,
            recorded_at=test.recorded_at,
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/trials/{trial_id}/pauses",
    status_code=201,
    response_model=TrialStateOut,
    openapi_extra=request_body(StopIn),
)
async def pause_trial_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Pause recruitment; treatment goes on."""
    raw = await read_limited(request)
    reason_code = parse_body(raw, StopIn).reason_code

    async def command(tx: Tx, act: Act) -> Answer:
        trial = await pause_trial(tx, PauseTrial(trial_id=trial_id, reason_code=reason_code), act)
        out = TrialStateOut(
            trial_id=trial.id, code=trial.code, state=trial.state.value, reason_code=reason_code
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/trials/{trial_id}/closings",
    status_code=201,
    response_model=TrialStateOut,
    openapi_extra=request_body(StopIn),
)
async def close_trial_route(request: Request, principal: Person, trial_id: str) -> Response:
    """Close recruitment for good."""
    raw = await read_limited(request)
    reason_code = parse_body(raw, StopIn).reason_code

    async def command(tx: Tx, act: Act) -> Answer:
        trial = await close_trial(tx, CloseTrial(trial_id=trial_id, reason_code=reason_code), act)
        out = TrialStateOut(
            trial_id=trial.id, code=trial.code, state=trial.state.value, reason_code=reason_code
        )
        return Answer(body=out)

    return await service_of(request).performer.command(request, principal, raw, command)
