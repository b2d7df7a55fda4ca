"""Steps of an advanced therapy or a transplant, and quality assurance of radiotherapy plans."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import OutModel, Person
from services.enrolment.commands.record_course_step import RecordCourseStep, record_course_step
from services.enrolment.commands.record_plan_check import PlanOutcome, RecordPlanCheck, record_plan_check
from services.enrolment.domain.course import CourseStep, StepOutcome, StepReport
from services.enrolment.queries.afterwards import show_course, show_plan_checks
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, DecimalText, Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["course"])
ParticipantId = Annotated[str, Path(max_length=64)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,59}$")]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Organisation = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class CourseStepIn(StrictModel):
    """`batch` and `amount` belong to manufacture and infusion, `handed_over_to` to a transplant.

    `amount` is the dose as manufactured or as infused, in `unit`.
    """

    step: Literal["apheresis", "manufacture", "bridging", "lymphodepletion", "infusion", "transplant"]
    happened_at: Instant
    outcome: Literal["done", "failed", "out_of_specification"]
    batch: Reference | None = None
    amount: DecimalText | None = None
    unit: Unit | None = None
    handed_over_to: Organisation | None = None

    @model_validator(mode="after")
    def _fits_the_step(self) -> "CourseStepIn":
        product = self.step in ("manufacture", "infusion")
        if not product and (self.batch or self.amount is not None):
            raise ValueError("batch and amount belong to manufacture and infusion")
        if (self.amount is None) != (self.unit is None):
            raise ValueError("an amount has a unit")
        if self.handed_over_to and self.step != "transplant":
            raise ValueError("monitoring is handed over at a transplant")
        if self.outcome == "out_of_specification" and not product:
            raise ValueError("a specification belongs to manufacture and infusion")
        return self

    def report(self) -> StepReport:
        return StepReport(
            step=CourseStep(self.step),
            happened_at=self.happened_at,
            outcome=StepOutcome(self.outcome),
            batch=self.batch or "",
            amount="" if self.amount is None else format(self.amount, "f"),
            unit=self.unit or "",
            handed_over_to=self.handed_over_to or "",
        )


class CourseStepOut(OutModel):
    """`already_recorded`: exactly this was on record before; no second row was made of it."""

    step_id: str
    participant_id: str
    step: str
    flags: list[str]
    already_recorded: bool


@router.post(
    "/participants/{participant_id}/course-steps",
    status_code=201,
    response_model=CourseStepOut,
    openapi_extra=request_body(CourseStepIn),
)
async def record_course_step_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record a step as it happened; what was not in order becomes a flag, never a refusal."""
    raw = await read_limited(request)
    body = parse_body(raw, CourseStepIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordCourseStep(participant_id=participant_id, report=body.report())
        recorded = await record_course_step(tx, wanted, act)
        return Answer(
            body=CourseStepOut(
                step_id=recorded.step_id,
                participant_id=participant_id,
                step=body.step,
                flags=sorted(flag.value for flag in recorded.flags),
                already_recorded=recorded.already_recorded,
            )
        )

    return await service_of(request).performer.command(request, principal, raw, command)


class StepOut(OutModel):
    id: str
    step: str
    happened_at: Instant
    outcome: str
    batch: str
    amount: str
    unit: str
    handed_over_to: str
    flags: list[str]
    recorded_at: Instant


class TraceabilityOut(OutModel):
    table: str
    years: int
    status: str


class CourseOut(OutModel):
    """Steps by the time reported; each stays listed at least until `traceable_until`."""

    steps: list[StepOut]
    rule: TraceabilityOut
    traceable_until: Day | None


@router.get("/participants/{participant_id}/course")
async def show_course_route(request: Request, principal: Person, participant_id: ParticipantId) -> CourseOut:
    """Every step with its batch, for as long as traceability is owed."""
    view = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_course(tx, act, participant_id)
    )
    return CourseOut(
        steps=[StepOut(**{name: row[name] for name in StepOut.model_fields}) for row in view.steps],
        rule=TraceabilityOut.model_validate(view.rule),
        traceable_until=view.traceable_until,
    )


class PlanCheckIn(StrictModel):
    """`plan` is the radiotherapy department's reference of the plan, not of the person."""

    plan: Reference
    outcome: Literal["acceptable", "minor_deviation", "major_deviation", "not_done"]
    checked_on: Day


class PlanCheckedOut(OutModel):
    plan_check_id: str


@router.post(
    "/participants/{participant_id}/plan-checks",
    status_code=201,
    response_model=PlanCheckedOut,
    openapi_extra=request_body(PlanCheckIn),
)
async def record_plan_check_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """Record the outcome of quality assurance for one plan."""
    raw = await read_limited(request)
    body = parse_body(raw, PlanCheckIn)

    async def command(tx: Tx, act: Act) -> Answer:
        wanted = RecordPlanCheck(
            participant_id=participant_id,
            plan=body.plan,
            outcome=PlanOutcome(body.outcome),
            checked_on=body.checked_on,
        )
        return Answer(body=PlanCheckedOut(plan_check_id=await record_plan_check(tx, wanted, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


class PlanCheckOut(OutModel):
    id: str
    plan: str
    outcome: str
    checked_on: Day
    recorded_at: Instant


class PlanChecksOut(OutModel):
    items: Annotated[list[PlanCheckOut], Field(description="Oldest first; the last of a plan counts")]


@router.get("/participants/{participant_id}/plan-checks")
async def show_plan_checks_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> PlanChecksOut:
    """Quality assurance of a participant's plans."""
    rows = await service_of(request).performer.query(
        request, principal, lambda tx, act: show_plan_checks(tx, act, participant_id)
    )
    names = PlanCheckOut.model_fields
    return PlanChecksOut(items=[PlanCheckOut(**{name: row[name] for name in names}) for row in rows])
