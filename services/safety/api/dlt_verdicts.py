"""Routes of verdicts; none takes one, for a verdict is derived and never entered."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person, TrialCode
from services.safety.queries.dlt_verdicts import list_dlt_verdicts, show_dlt_verdicts
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant
from shared.service import service_of

router = APIRouter(tags=["dlt-verdicts"])


class FindingOut(Answered):
    """One criterion that stands, may stand or may still come to stand, and the events it rests on."""

    criterion: str
    strength: str
    since_day: int | None
    true_from_day: int | None
    assumed_ongoing: bool
    next_day: int | None
    open: list[str]
    events: list[tuple[str, int]]


class VerdictVersionOut(Answered):
    """One version of a verdict and what it was made of."""

    version: int
    verdict: str
    provisional: str
    criteria: list[str]
    provisional_criteria: list[str]
    reasons: list[str]
    part: str
    level_allocated: int
    level_received: int | None
    definition: str
    dictionary: str
    convention: str
    as_of_day: int | None
    findings: list[FindingOut]
    cause: str
    report_id: str | None
    recorded_at: Instant


class VerdictOut(VerdictVersionOut):
    """A participant's verdict now. `reasons` are those of now, `next_check_at` is when time may change it."""

    window_id: str
    participant_id: str
    participant_number: str
    site_number: str
    next_check_at: Instant | None
    closes_at: Instant | None
    closed_at: Instant | None
    voided_at: Instant | None


class VerdictListOut(Answered):
    items: list[VerdictOut]
    next_cursor: str | None


class VerdictHistoryOut(Answered):
    dlt_verdict: VerdictOut
    versions: list[VerdictVersionOut]


@router.get("/dlt-verdicts")
async def list_dlt_verdicts_route(
    request: Request, principal: Person, trial: TrialCode, cursor: Cursor = "", limit: Limit = PAGE
) -> VerdictListOut:
    """The verdict in force of each participant of a trial."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_dlt_verdicts(tx, principal, trial_key=trial, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    verdicts = [_now(window, verdict) for window, verdict in found]
    return VerdictListOut(
        items=verdicts, next_cursor=verdicts[-1].window_id if len(verdicts) == limit else None
    )


@router.get("/participants/{participant_id}/dlt-verdicts")
async def show_dlt_verdicts_route(
    request: Request, principal: Person, participant_id: Id
) -> VerdictHistoryOut:
    """One participant's verdict now and every version of it."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_dlt_verdicts(tx, principal, participant_id)

    window, versions = await service_of(request).performer.query(request, principal, query)
    return VerdictHistoryOut(
        dlt_verdict=_now(window, versions[-1]),
        versions=[VerdictVersionOut.model_validate(_fields(version)) for version in versions],
    )


def _now(window: Any, verdict: Any) -> VerdictOut:
    return VerdictOut.model_validate(
        _fields(verdict)
        | {
            "reasons": window.reasons,
            "window_id": window.window_id,
            "participant_id": window.participant_id,
            "participant_number": verdict.participant_number,
            "site_number": verdict.site_number,
            "next_check_at": window.next_check_at,
            "closes_at": window.closes_at,
            "closed_at": window.closed_at,
            "voided_at": window.voided_at,
        }
    )


def _fields(verdict: Any) -> dict[str, Any]:
    findings = verdict.basis["findings"]
    return {
        "version": verdict.version,
        "verdict": verdict.verdict,
        "provisional": verdict.provisional,
        "criteria": verdict.criteria,
        "provisional_criteria": [one["criterion"] for one in findings if one["strength"] == "provisional"],
        "reasons": verdict.reasons,
        "part": verdict.part,
        "level_allocated": verdict.level_allocated,
        "level_received": verdict.level_received,
        "definition": verdict.basis["definition"],
        "dictionary": verdict.basis["dictionary"],
        "convention": verdict.basis["convention"],
        "as_of_day": verdict.basis["as_of_day"],
        "findings": findings,
        "cause": verdict.cause,
        "report_id": verdict.report_id,
        "recorded_at": verdict.recorded_at,
    }
