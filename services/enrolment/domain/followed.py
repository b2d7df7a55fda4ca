"""One participant's follow-up as it stands: from what happened and the protocol's versions to what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date
from services.enrolment.domain.course import CourseStep, StepReport, first_done_at
from services.enrolment.domain.death import Death
from services.enrolment.domain.follow_up import (
    Entry,
    FollowUpStart,
    FollowUpTerms,
    VersionFollowUp,
    follow_up_ends_on,
    schedule_of,
)
from services.enrolment.domain.follow_up_states import (
    Contacted,
    ContactOutcome,
    EntryNow,
    EntryState,
    Standing,
    states_of,
    stops_of,
)
from services.enrolment.domain.mailings import DEATH_CHECK_DAYS
from services.enrolment.domain.participant_state import (
    CourseFacts,
    Evaluability,
    ParticipantState,
    participant_state,
)
from services.enrolment.domain.participation import Course, Element


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterwardsTerms:
    """What one protocol version says about the time after registration; `effective_at` is aware UTC.

    `treats` says that the kind of trial has an intervention, `has_window` that a DLT window is judged;
    `follow_up` has no visits where the protocol owes none.
    """

    version: str
    effective_at: datetime
    follow_up: FollowUpTerms
    course: tuple[CourseStep, ...]
    treats: bool
    has_window: bool
    death_check_days: int = DEATH_CHECK_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedContact:
    """What was said of an entry, with the entry as it stood then."""

    entry: Entry
    contacted: Contacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss to follow-up that nothing has ended yet."""

    id: str
    lost_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A participant with everything that follow-up depends on.

    `contacts`, `changes` and `steps` stand in the order in which they were recorded; `steps` come with the time
    of their entry, `changes` with the claimed time. `episode` counts from 1.
    """

    participant_id: str
    number: str
    site_number: str
    site_closed: bool
    zone: ZoneInfo
    registered_at: datetime
    first_dose_at: datetime | None
    treatment_ended_at: datetime | None
    voided: bool
    allocated: bool
    evaluability: Evaluability = Evaluability.UNKNOWN
    contacts: tuple[RecordedContact, ...] = ()
    changes: tuple[tuple[datetime, Mapping[Element, Course]], ...] = ()
    steps: tuple[tuple[StepReport, datetime], ...] = ()
    death: Death | None = None
    loss: Loss | None = None
    opted_out: bool = False
    episode: int = 1

    def started_at(self, start: FollowUpStart) -> datetime | None:
        """The instant that days are counted from; None while it has not come."""
        match start:
            case FollowUpStart.REGISTRATION:
                return self.registered_at
            case FollowUpStart.FIRST_DOSE:
                return self.first_dose_at
            case FollowUpStart.TREATMENT_END:
                return self.treatment_ended_at
            case FollowUpStart.INFUSION:
                return first_done_at(CourseStep.INFUSION, self.steps, self.registered_at)
            case FollowUpStart.TRANSPLANT:
                return first_done_at(CourseStep.TRANSPLANT, self.steps, self.registered_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpNow:
    """A schedule today; `ends_on` is None without one or before its start."""

    standing: Standing
    entries: tuple[EntryNow, ...]
    ends_on: date | None


def terms_in_force(versions: Sequence[AfterwardsTerms], now: datetime) -> AfterwardsTerms | None:
    """The newest version in effect, or the first that will be; None while none has been heard of."""
    begun = [terms for terms in versions if terms.effective_at <= now]
    return begun[-1] if begun else next(iter(versions), None)


def follow_up_now(followed: Followed, versions: Sequence[AfterwardsTerms], now: datetime) -> FollowUpNow:
    """What is owed, done, missed, refused or cancelled today.

    Args:
        followed: the participant.
        versions: every approved protocol version, oldest first; a new one changes what opens after it alone.
        now: aware UTC; today is its date at the site.
    """
    zone = followed.zone
    recorded = {one.entry.key: one for one in followed.contacts}
    applied = [_applied(followed, terms) for terms in versions]
    entries = schedule_of(applied, [one.entry for one in recorded.values()])
    standing = standing_of(followed, now)
    return FollowUpNow(
        standing=standing,
        entries=states_of(entries, {key: one.contacted for key, one in recorded.items()}, standing),
        ends_on=follow_up_ends_on(
            [one for one in applied if one.effective_on <= local_date(now, zone)], entries
        ),
    )


def standing_of(followed: Followed, now: datetime) -> Standing:
    changes = ((local_date(at, followed.zone), elements) for at, elements in followed.changes)
    return Standing(
        today=local_date(now, followed.zone),
        died=followed.death is not None,
        voided=followed.voided,
        opted_out=followed.opted_out,
        stops=stops_of(changes),
    )


def _applied(followed: Followed, terms: AfterwardsTerms) -> VersionFollowUp:
    started_at = followed.started_at(terms.follow_up.starts)
    return VersionFollowUp(
        terms=terms.follow_up,
        effective_on=local_date(terms.effective_at, followed.zone),
        start_on=None if started_at is None else local_date(started_at, followed.zone),
    )


def last_contact_on(followed: Followed) -> date | None:
    """Local date of the last visit or contact that took place."""
    last = {one.entry.key: one.contacted for one in followed.contacts}
    done = [one.happened_on for one in last.values() if one.outcome is ContactOutcome.DONE]
    return max(done, default=None)


def state_now(followed: Followed, terms: AfterwardsTerms | None, plan: FollowUpNow) -> ParticipantState:
    """The participant's one word, from the schedule and the course of treatment."""
    unfinished = (EntryState.NOT_YET, EntryState.DUE, EntryState.OVERDUE)
    return participant_state(
        CourseFacts(
            voided=followed.voided,
            allocated=followed.allocated,
            treats=terms is None or terms.treats,
            has_window=terms is None or terms.has_window,
            dosed=followed.first_dose_at is not None,
            treatment_ended=followed.treatment_ended_at is not None,
            evaluability=followed.evaluability,
            died=followed.death is not None,
            lost=followed.loss is not None,
            follow_up_ends_on=plan.ends_on,
            open_entries=sum(one.state in unfinished for one in plan.entries),
            today=plan.standing.today,
        )
    )
