"""What a verdict is made of, in one statement: the registration, the course, its doses and the reports."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.dlt_judgement import CommitteeView, DatedJudgement
from services.safety.domain.ids import AdverseEventId, ParticipantId, PersonId, TrialId, WindowId
from services.safety.domain.place import TrialRef, zone_named
from services.safety.domain.stopping_outcome import RuleOutcome, outcomes_of
from services.safety.domain.stopping_rule_definition import StoppingRule
from services.safety.domain.taken_over import TakenVerdict
from services.safety.domain.treatment_course import (
    Administration,
    Course,
    CourseStep,
    TreatmentEnd,
    read_cause,
    read_end_reason,
)
from services.safety.domain.window_judgement import Judgement, WindowFacts
from services.safety.store.definitions import parsed
from services.safety.store.event_content import load_content
from services.safety.store.stopping_rules import NEWEST_RULES, rules_of
from services.safety.store.stored_window import StoredWindow
from services.safety.store.taken_over import TAKEN_VERDICT, taken_verdict
from shared.database import Tx
from shared.joint_reads import Part, each, fetch_together, instant, optional_instant, read_together

FAILED = "failed"
NO_LEVEL = 0
"""Level of everybody in a part without dose levels."""
BY_PARTICIPANT = "participant_or_parent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A participant as enrolment registered it, with everything that was told of the treatment since.

    `without_window`: nobody counts DLTs here, because the part has no dose levels or the protocol defines no DLT.
    """

    participant_id: ParticipantId
    trial_id: TrialId
    trial_code: str
    zone: str
    doses_planned: int
    definition_text: str
    without_window: bool
    part: str
    level_allocated: int
    level_received: int | None
    course: Course
    voided_at: datetime | None
    events: tuple[AdverseEvent, ...]
    window: StoredWindow | None
    rebuilding: bool
    taken_over: TakenVerdict | None = None
    rules_text: str = ""
    judgements: tuple[DatedJudgement, ...] = ()

    @property
    def trial(self) -> TrialRef:
        return TrialRef(id=self.trial_id, code=self.trial_code, zone=zone_named(self.zone))

    @property
    def stopping_rules(self) -> tuple[StoppingRule, ...]:
        """The trial's rules in force, whomever they cover."""
        return rules_of(self.rules_text)

    def outcomes(
        self, window_id: WindowId, judgement: Judgement, *, now: datetime
    ) -> tuple[RuleOutcome, ...]:
        """What the participant is to each rule that covers the level received, or allocated until then."""
        if not self.rules_text:
            return ()
        level = self.level_received or self.level_allocated
        rules = [rule for rule in self.stopping_rules if rule.covers(self.part, level)]
        return outcomes_of(rules, self.facts(window_id), judgement, now=now)

    def facts(self, window_id: WindowId) -> WindowFacts:
        """Everything the verdict of this window is made of."""
        return WindowFacts(
            participant_id=self.participant_id,
            window_id=window_id,
            definition=parsed(self.definition_text) if self.definition_text else None,
            doses_planned=self.doses_planned,
            zone=zone_named(self.zone),
            course=self.course,
            events=self.events,
            judgements=self.judgements,
        )


async def registration_of(tx: Tx, participant_id: str) -> Registration | None:
    """Everything told of a participant; None while the registration is not known here."""
    found = await fetch_together(tx, _EVERYTHING, participant_id)
    registered = next(each(found, "registration"), None)
    if registered is None:
        return None
    doses = tuple(sorted(map(_dose, each(found, "dose")), key=lambda dose: dose.at))
    events = tuple(sorted(map(_event, each(found, "event")), key=lambda event: event.id))
    window = next((_window(row) for row in each(found, "window")), None)
    steps = tuple(sorted(map(_step, each(found, "step")), key=lambda step: (step.at, step.step)))
    registration = _registration(registered, doses, steps, events, window)
    judgements = tuple(sorted(map(_judgement, each(found, "judgement")), key=lambda one: one.id))
    registration = replace(registration, judgements=judgements)
    taken = next((taken_verdict(row) for row in each(found, "taken_over")), None)
    return registration if taken is None else replace(registration, taken_over=taken)


def _registration(
    row: dict[str, Any],
    doses: tuple[Administration, ...],
    steps: tuple[CourseStep, ...],
    events: tuple[AdverseEvent, ...],
    window: StoredWindow | None,
) -> Registration:
    end = None
    if row["ended_at"] is not None:
        end = TreatmentEnd(at=instant(row["ended_at"]), reason=read_end_reason(row["ended_reason"]))
    return Registration(
        participant_id=ParticipantId(row["participant_id"]),
        trial_id=TrialId(row["trial_id"]),
        trial_code=row["trial_code"] or row["participant_number"].partition("-")[0],
        zone=row["zone"],
        doses_planned=row["doses_planned"] or 0,
        definition_text=row["dlt"] or "",
        without_window=row["level"] == NO_LEVEL or row["dlt"] == "",
        part=row["part"],
        level_allocated=row["allocated_level"] or row["level"],
        level_received=row["level_received"],
        course=Course(
            registered_at=instant(row["registered_at"]),
            first_dose_at=optional_instant(row["first_dose_at"]),
            administrations=doses if row["first_dose_at"] is not None else (),
            steps=steps,
            end=end,
            stopped_at=optional_instant(row["stopped_at"]),
            stopped_by_participant=row["stopped_by"] == BY_PARTICIPANT,
        ),
        voided_at=optional_instant(row["voided_at"]),
        events=events,
        window=window,
        rebuilding=bool(row["rebuilding"]),
        rules_text=row["stopping_rules"] or "",
    )


def _window(row: dict[str, Any]) -> StoredWindow:
    return StoredWindow(
        window_id=WindowId(row["window_id"]),
        participant_id=ParticipantId(row["participant_id"]),
        trial_id=TrialId(row["trial_id"]),
        version=row["version"],
        verdict=row["verdict"],
        provisional=row["provisional"],
        criteria=tuple(row["criteria"]),
        reasons=tuple(row["reasons"]),
        alerted=frozenset(row["alerted"]),
        next_check_at=optional_instant(row["next_check_at"]),
        closes_at=optional_instant(row["closes_at"]),
        closed_at=optional_instant(row["closed_at"]),
        voided_at=optional_instant(row["voided_at"]),
        level_received=row["level_received"],
    )


def _dose(row: dict[str, Any]) -> Administration:
    return Administration(
        at=instant(row["at"]), given=bool(row["given"]), missed_because=read_cause(row["missed_because"])
    )


def _step(row: dict[str, Any]) -> CourseStep:
    return CourseStep(step=row["step"], at=instant(row["happened_at"]), failed=row["outcome"] == FAILED)


def _judgement(row: dict[str, Any]) -> DatedJudgement:
    return DatedJudgement(
        id=row["id"],
        criterion=row["criterion"],
        occurred_on=date.fromisoformat(row["occurred_on"]),
        committee=CommitteeView(row["committee"]),
    )


def _event(row: dict[str, Any]) -> AdverseEvent:
    return AdverseEvent(
        id=AdverseEventId(row["adverse_event_id"]),
        version=row["version"],
        content=load_content(row["content"]),
        recorded_by=PersonId(row["recorded_by"]),
        recorded_at=instant(row["recorded_at"]),
        reason=row["reason"],
        changed=tuple(row["changed"]),
    )


_EVERYTHING = read_together(
    Part(
        name="registration",
        columns=(
            *("p.participant_id", "p.participant_number", "p.trial_id", "p.zone", "p.part", "p.level"),
            *("p.registered_at", "v.trial_code", "v.doses_planned", "v.dlt"),
            *("c.allocated_level", "c.level_received", "c.first_dose_at", "c.ended_at", "c.ended_reason"),
            *("c.stopped_at", "c.stopped_by", "c.voided_at"),
            NEWEST_RULES,
            "EXISTS (SELECT 1 FROM producer_position w WHERE w.consumer = 'safety' AND w.state = 'rebuilding')"
            " AS rebuilding",
        ),
        source="participant_copy p"
        " LEFT JOIN protocol_copy v ON v.trial_id = p.trial_id AND v.protocol_version = p.protocol_version"
        " LEFT JOIN course_copy c ON c.participant_id = p.participant_id"
        " WHERE p.participant_id = $1",
    ),
    Part(
        name="window",
        columns=(
            *("window_id", "participant_id", "trial_id", "version", "verdict", "provisional"),
            *("next_check_at", "closes_at", "closed_at", "voided_at", "level_received"),
        ),
        json=("criteria", "reasons", "alerted"),
        source="dlt_window WHERE participant_id = $1",
    ),
    Part(
        name="dose", columns=("at", "given", "missed_because"), source="dose_copy WHERE participant_id = $1"
    ),
    Part(
        name="step",
        columns=("step", "happened_at", "outcome"),
        source="course_step_copy WHERE participant_id = $1",
    ),
    Part(
        name="event",
        columns=(*("v.adverse_event_id", "v.version", "v.recorded_by", "v.recorded_at", "v.reason"),),
        json=("v.content", "v.changed"),
        source="adverse_event e"
        " JOIN adverse_event_version v ON v.adverse_event_id = e.id AND v.version = e.version"
        " WHERE e.participant_id = $1",
    ),
    Part(
        name="judgement",
        columns=("id", "criterion", "occurred_on", "committee"),
        source="dlt_judgement WHERE participant_id = $1",
    ),
    TAKEN_VERDICT,
)
