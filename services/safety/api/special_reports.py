"""Routes of reports besides adverse events: pregnancies, medication errors, graded syndromes, late effects."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person
from services.safety.commands.report_special import (
    ReportSpecial,
    SpecialReceipt,
    amend_special,
    report_special,
)
from services.safety.domain.special_report import SpecialKind
from services.safety.queries.special_reports import list_special_reports, show_special_report
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.openapi import INTAKE
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["special-reports"])
Text = Annotated[str, Field(max_length=100_000)]
Word = Annotated[str, Field(max_length=200)]


class FactsIn(StrictModel):
    """What is known; everything may be missing and is then asked. Which facts belong to a kind: the README."""

    known_on: Word | None = None
    narrative: Annotated[Text | None, Field(description="Never leaves this service")] = None
    product: Word | None = None
    whose: Annotated[Word | None, Field(description="Pregnancy: participant or partner")] = None
    consent: Annotated[bool | None, Field(description="Pregnancy of a partner: consent to its data")] = None
    exposure: Word | None = None
    expected_on: Word | None = None
    outcome: Annotated[
        Word | None, Field(description="Pregnancy: ongoing, live_birth, congenital_anomaly …")
    ] = None
    outcome_on: Word | None = None
    child: Annotated[Text | None, Field(description="Pregnancy: the child's health")] = None
    error: Annotated[Word | None, Field(description="Medication error: wrong_dose, wrong_product …")] = None
    happened_on: Word | None = None
    reached: Annotated[bool | None, Field(description="Medication error: it reached the participant")] = None
    harm: Annotated[Word | None, Field(description="Medication error: none, not_serious, serious")] = None
    scale: Annotated[Word | None, Field(description="Syndrome: crs or icans")] = None
    findings: Annotated[dict[Word, Word] | None, Field(max_length=50)] = None
    grade: Annotated[int | None, Field(ge=0, le=5, description="Syndrome: as the investigator grades it")] = (
        None
    )
    died_of_it: bool | None = None
    began_on: Word | None = None
    ended_on: Word | None = None
    watched: Annotated[Word | None, Field(description="Late effect: second_malignancy …")] = None

    def stated(self) -> dict[str, object]:
        return self.model_dump(exclude_none=True)


class SpecialReportIn(FactsIn):
    kind: Literal["pregnancy", "medication_error", "syndrome", "late_effect"]
    trial: Word | None = None
    participant_number: Word | None = None
    site_number: Word | None = None

    def stated(self) -> dict[str, object]:
        where = {"kind", "trial", "participant_number", "site_number"}
        return self.model_dump(exclude_none=True, exclude=where)


class SpecialAmendmentIn(FactsIn):
    reason: Annotated[str, Field(max_length=4000)]

    def stated(self) -> dict[str, object]:
        return self.model_dump(exclude_none=True, exclude={"reason"})


class RaisedOut(Answered):
    alert_id: str
    kind: str
    priority: str


class SpecialReceiptOut(Answered):
    """`grade` is derived from the findings, null when it cannot be; `adverse_event_needed`: report one and link it."""

    special_report_id: str
    kind: str
    version: int
    matched: bool
    open: bool
    queries: list[str]
    grade: int | None
    grade_reason: str | None
    adverse_event_needed: bool
    changed: list[str]
    alerts: list[RaisedOut]


class SpecialReportOut(Answered):
    special_report_id: str
    kind: str
    trial: str
    participant_id: str | None
    site_number: str
    version: int
    open: bool
    received_at: Instant


class SpecialVersionOut(Answered):
    version: int
    facts: dict[str, Any]
    conclusion: dict[str, Any]
    recorded_by: str
    recorded_at: Instant
    reason: str
    changed: list[str]


class SpecialDetailOut(Answered):
    special_report: SpecialReportOut
    versions: list[SpecialVersionOut]


class SpecialListOut(Answered):
    items: list[SpecialReportOut]
    next_cursor: str | None


@router.post(
    "/special-reports",
    status_code=201,
    response_model=SpecialReceiptOut,
    openapi_extra=request_body(SpecialReportIn) | INTAKE,
)
async def report_special_route(request: Request, principal: Person) -> Response:
    """Take in a report from anybody who is authenticated."""
    raw = await read_limited(request)
    body = parse_body(raw, SpecialReportIn, nul="keep")

    async def command(tx: Tx, act: Act) -> Answer:
        asked = ReportSpecial(
            kind=SpecialKind(body.kind),
            trial=body.trial or "",
            participant_number=body.participant_number or "",
            site_number=body.site_number or "",
            facts=body.stated(),
        )
        return Answer(body=_receipt(await report_special(tx, asked, act)))

    return await service_of(request).performer.command(request, principal, raw, command, key_optional=True)


@router.post(
    "/special-reports/{special_report_id}/amendments",
    status_code=201,
    response_model=SpecialReceiptOut,
    openapi_extra=request_body(SpecialAmendmentIn),
)
async def amend_special_route(request: Request, principal: Person, special_report_id: Id) -> Response:
    """State the whole report anew, such as the outcome of a pregnancy."""
    raw = await read_limited(request)
    body = parse_body(raw, SpecialAmendmentIn, nul="keep")

    async def command(tx: Tx, act: Act) -> Answer:
        reason = body.reason.replace("\0", "\ufffd")
        return Answer(body=_receipt(await amend_special(tx, special_report_id, body.stated(), reason, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/special-reports")
async def list_special_route(
    request: Request,
    principal: Person,
    trial: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")],
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> SpecialListOut:
    """Reports of a trial in the order in which they came; site staff see their own site's."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_special_reports(tx, principal, trial_key=trial, after=cursor, limit=limit)

    items = [_out(one) for one in await service_of(request).performer.query(request, principal, query)]
    return SpecialListOut(
        items=items, next_cursor=items[-1].special_report_id if len(items) == limit else None
    )


@router.get("/special-reports/{special_report_id}")
async def show_special_route(request: Request, principal: Person, special_report_id: Id) -> SpecialDetailOut:
    """One report with all its versions."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_special_report(tx, principal, special_report_id)

    report, versions = await service_of(request).performer.query(request, principal, query)
    shown = [SpecialVersionOut.model_validate(version) for version in versions]
    return SpecialDetailOut(special_report=_out(report), versions=shown)


def _receipt(receipt: SpecialReceipt) -> SpecialReceiptOut:
    report, decision = receipt.report, receipt.decision
    return SpecialReceiptOut(
        special_report_id=report.id,
        kind=report.kind.value,
        version=report.version,
        matched=report.participant_id is not None,
        open=decision.open,
        queries=list(decision.queries),
        grade=decision.grade.grade if decision.grade else None,
        grade_reason=decision.grade.reason if decision.grade else None,
        adverse_event_needed=decision.needs_adverse_event,
        changed=list(receipt.changed),
        alerts=[
            RaisedOut(alert_id=one.id, kind=one.kind.value, priority=one.priority) for one in receipt.alerts
        ],
    )


def _out(report: Any) -> SpecialReportOut:
    return SpecialReportOut(
        special_report_id=report.id,
        kind=report.kind.value,
        trial=report.trial_key,
        participant_id=report.participant_id,
        site_number=report.site_number,
        version=report.version,
        open=report.is_open,
        received_at=report.received_at,
    )
