"""What routes of assessments, obligations, submissions and reference safety information take and answer."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from services.safety.api.parameters import Answered
from services.safety.api.report_answers import RaisedAlertOut
from services.safety.commands.record_assessment import Recorded
from services.safety.domain.assessment import AssessmentKind, Stated
from services.safety.domain.case_history import CaseOutcome
from services.safety.domain.causality import Party
from services.safety.domain.ids import PersonId
from services.safety.queries.case_follow_up import Disagreement, ShownCase
from shared.json_body import Instant, StrictModel

Text = Annotated[str, Field(max_length=2000)]
Line = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, Field(max_length=60)]


class AssessmentIn(StrictModel):
    """A party's view. `value` holds the criteria of a seriousness, none for not serious, else one word."""

    kind: Literal["seriousness", "causality", "expectedness", "outcome"]
    party: Literal["investigator", "sponsor"]
    product: Annotated[str, Field(max_length=200, description="Suspect product; left out, all of them")] = ""
    value: Annotated[list[Word], Field(max_length=7)]
    stated_by: Annotated[str | None, Field(max_length=100, description="Investigator heard by telephone")] = (
        None
    )
    reason: Text = ""
    version: Annotated[int | None, Field(ge=1, description="The event's version that was seen")] = None

    def stated(self) -> Stated:
        return Stated(
            kind=AssessmentKind(self.kind),
            party=Party(self.party),
            product=self.product.strip(),
            value=tuple(sorted(set(self.value))),
            stated_by=PersonId(self.stated_by) if self.stated_by else None,
            reason=self.reason,
        )


class SubmissionIn(StrictModel):
    """A report that reached its recipients by another way than our file, with its proof."""

    recipients: Annotated[list[Line], Field(min_length=1, max_length=20)]
    sent_at: Instant
    reference: Annotated[str, Field(max_length=200, description="The recipient's or the portal's own")]
    receipt: Annotated[str, Field(max_length=2000, description="What says that it arrived")]
    file_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="Of the file that was sent")]
    complete: Annotated[bool, Field(description="Nothing of it is to follow")] = False


class AnswerIn(StrictModel):
    """What the recipient answered; a refused report opens again what it had met."""

    accepted: bool
    answered_at: Instant
    reference: Annotated[str, Field(max_length=200)] = ""


class EndingIn(StrictModel):
    reason: Text


class AssessmentOut(Answered):
    kind: str
    party: str
    product: str
    version: int
    value: list[str]
    standing: str
    opinion_of: str
    recorded_by: str
    recorded_at: Instant
    reason: str
    event_version: int
    source: str


class RecordedOut(Answered):
    """The view as recorded, and the class that follows from it."""

    report_id: str
    version: int
    assessment: AssessmentOut
    event_class: str | None
    provisional: bool
    alerts: list[RaisedAlertOut]


class ClassOut(Answered):
    product: str
    version: int
    event_class: str
    provisional: bool
    details: dict[str, Any]
    recorded_at: Instant


class ObligationOut(Answered):
    """A report owed to a recipient. `in_time` is null while it is unmet."""

    obligation_id: str
    report_id: str
    trial: str
    regime: str
    rule: str
    rule_version: int
    recipient: str
    state: str
    day_0: date | None
    due_date: date | None
    due_at: Instant
    warn_at: list[Instant]
    warned: int
    opened_at: Instant
    met_at: Instant | None
    in_time: bool | None
    submission_id: str | None
    breached_at: Instant | None
    ended_at: Instant | None
    ended_by: str | None
    ended_reason: str
    replaced_by: str | None
    proof: dict[str, Any]


class ObligationListOut(Answered):
    items: list[ObligationOut]
    next_cursor: str | None


class SubmissionOut(Answered):
    submission_id: str
    report_id: str
    recipients: list[str]
    sent_at: Instant
    outside: bool
    complete: bool
    reference: str
    receipt: str
    file_sha256: str | None
    state: str
    answered_at: Instant | None
    answer_reference: str
    recorded_by: str
    recorded_at: Instant


class FollowUpOut(Answered):
    """Everything that was assessed, derived, owed and sent about one event."""

    report_id: str
    assessments: list[AssessmentOut]
    classes: list[ClassOut]
    obligations: list[ObligationOut]
    submissions: list[SubmissionOut]


class SimulatedDeadlineOut(Answered):
    rule: str
    rule_version: int
    due_date: date | None
    due_at: Instant
    recipients: list[str]


class SimulatedOut(Answered):
    product: str
    event_class: str
    provisional: bool
    deadlines: list[SimulatedDeadlineOut]
    reasons: list[str]


class SimulationOut(Answered):
    """What would be owed if the sponsor became aware now; nothing of it is kept."""

    regime: str
    products: list[SimulatedOut]


class DisagreementOut(Answered):
    report_id: str
    product: str
    event_class: str
    opinions: dict[str, str]


class DisagreementListOut(Answered):
    items: list[DisagreementOut]


def recorded_out(recorded: Recorded) -> RecordedOut:
    worst = recorded.followed.worst if recorded.followed else None
    return RecordedOut(
        report_id=recorded.kept.record.event.id,
        version=recorded.kept.record.event.version,
        assessment=assessment_out(recorded.assessment),
        event_class=worst.event_class.value if worst else None,
        provisional=worst.provisional if worst else False,
        alerts=[
            RaisedAlertOut(alert_id=one.id, kind=one.kind.value, priority=one.priority)
            for one in recorded.alerts
        ],
    )


def assessment_out(one: Any) -> AssessmentOut:
    return AssessmentOut(
        kind=one.kind.value,
        party=one.party.value,
        product=one.product,
        version=one.version,
        value=list(one.value),
        standing=one.standing.value,
        opinion_of=one.opinion_of,
        recorded_by=one.recorded_by,
        recorded_at=one.recorded_at,
        reason=one.reason,
        event_version=one.event_version,
        source=one.source.value,
    )


def obligation_out(stored: Any) -> ObligationOut:
    one = stored.obligation
    return ObligationOut(
        obligation_id=one.id,
        report_id=stored.report_id,
        trial=stored.trial_key,
        regime=one.regime,
        rule=one.rule,
        rule_version=one.rule_version,
        recipient=one.recipient,
        state=one.state.value,
        day_0=one.deadline.day_0,
        due_date=one.deadline.due_date,
        due_at=one.deadline.due_at,
        warn_at=list(one.deadline.warn_at),
        warned=one.warned,
        opened_at=stored.opened_at,
        met_at=one.met_at,
        in_time=one.in_time,
        submission_id=one.submission_id,
        breached_at=one.breached_at,
        ended_at=stored.ended_at,
        ended_by=stored.ended_by,
        ended_reason=stored.ended_reason,
        replaced_by=stored.replaced_by,
        proof=dict(stored.proof),
    )


def submission_out(one: Any) -> SubmissionOut:
    return SubmissionOut(
        submission_id=one.id,
        report_id=one.report_id,
        recipients=list(one.recipients),
        sent_at=one.sent_at,
        outside=one.outside,
        complete=one.complete,
        reference=one.reference,
        receipt=one.receipt,
        file_sha256=one.file_sha256,
        state=one.state,
        answered_at=one.answered_at,
        answer_reference=one.answer_reference,
        recorded_by=one.recorded_by,
        recorded_at=one.recorded_at,
    )


def follow_up_out(report_id: str, shown: ShownCase) -> FollowUpOut:
    return FollowUpOut(
        report_id=report_id,
        assessments=[assessment_out(one) for one in shown.assessments],
        classes=[
            ClassOut(
                product=one.product,
                version=one.version,
                event_class=one.event_class.value,
                provisional=one.provisional,
                details=dict(one.details),
                recorded_at=one.recorded_at,
            )
            for one in shown.classes
        ],
        obligations=[obligation_out(one) for one in shown.obligations],
        submissions=[submission_out(one) for one in shown.submissions],
    )


def simulation_out(regime: str, outcomes: dict[str, CaseOutcome]) -> SimulationOut:
    return SimulationOut(
        regime=regime,
        products=[
            SimulatedOut(
                product=product,
                event_class=outcome.classification.event_class.value,
                provisional=outcome.classification.provisional,
                deadlines=[
                    SimulatedDeadlineOut(
                        rule=one.rule,
                        rule_version=one.rule_version,
                        due_date=one.deadline.due_date,
                        due_at=one.deadline.due_at,
                        recipients=list(one.recipients),
                    )
                    for one in outcome.owed
                ],
                reasons=list(outcome.classification.reasons),
            )
            for product, outcome in outcomes.items()
        ],
    )


def disagreement_out(one: Disagreement) -> DisagreementOut:
    return DisagreementOut(
        report_id=one.report_id, product=one.product, event_class=one.event_class, opinions=dict(one.opinions)
    )
