"""Recording a dose that was given: there is no guard and no refusal.

A dose given is a fact. Refusing to record it would leave a child without a DLT window and every count wrong;
so what was not in order about it becomes a flag, a query or a deviation on the record.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.enrolment.domain.claimed_times import entered_late, lies_in_future
from services.enrolment.domain.halt import Halt
from services.enrolment.domain.ids import AuthorisationId

DOSE_TOLERANCE_PERCENT = Decimal(10)


class DoseRank(StrEnum):
    """Where a recorded dose stands among the participant's doses, by time given.

    `new_first` is a late entry before the time that the DLT window has counted from so far: the window moves,
    and by a dose it only ever moves earlier. A dose said to be given before the registration is none of these:
    more likely a mistyped time than a dose under the trial, it is kept and alarmed, and no window counts from it.
    """

    FIRST = "first"
    LATER = "later"
    NEW_FIRST = "new_first"
    BEFORE_REGISTRATION = "before_registration"


class DoseFlag(StrEnum):
    """What was not in order about a recorded dose; `unauthorised` is a deviation and wakes somebody.

    `exceptional`: two people authorised it for this child despite a halt or an unknown state of the trial.
    """

    UNAUTHORISED = "unauthorised"
    LATE_ENTRY = "late_entry"
    TIME_IN_FUTURE = "time_in_future"
    BEFORE_REGISTRATION = "before_registration"
    REGISTRATION_VOIDED = "registration_voided"
    AFTER_TREATMENT_STOPPED = "after_treatment_stopped"
    DURING_HALT = "during_halt"
    DIFFERS_FROM_PLANNED = "differs_from_planned"
    LEVEL_DIFFERS = "level_differs"
    CONTRADICTS_EARLIER = "contradicts_earlier"
    EXCEPTIONAL = "exceptional"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAuthorisation:
    """An authorisation not yet used by another dose."""

    id: AuthorisationId
    authorised_at: datetime
    planned: Decimal | None = None
    exceptional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDose:
    """A dose as the site reports it, in the protocol's unit; `planned` is None where nothing was planned."""

    given_at: datetime
    amount: Decimal
    planned: Decimal | None
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseHistory:
    """What was known about the participant when the dose was entered.

    `first_dose_at`: what the windows have counted from so far (`RecordedDose.counts_from` of the dose that began
    them, never a claimed time after its entry); None before the first dose.
    `contradicts_earlier`: something else is recorded for the very time of this dose.
    """

    registered_at: datetime
    voided: bool
    allocated_level: int
    first_dose_at: datetime | None
    authorisation: DoseAuthorisation | None
    treatment_stopped_at: datetime | None
    dosing_halts: tuple[Halt, ...]
    contradicts_earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDose:
    """What recording means: rank and flags; always recorded, at the time the site reports.

    `counts_from`: a dose said to be given in the future was given by its entry at the latest, so no window begins
    after the entry: what happens to the participant meanwhile would lie before it and count nowhere.
    """

    given_at: datetime
    counts_from: datetime
    rank: DoseRank
    flags: frozenset[DoseFlag]

    @property
    def is_deviation(self) -> bool:
        return DoseFlag.UNAUTHORISED in self.flags

    @property
    def begins_window(self) -> bool:
        """Whether the participant's windows count from this dose, for the first time or from now on."""
        return self.rank in (DoseRank.FIRST, DoseRank.NEW_FIRST)


def decide_recording(dose: GivenDose, history: DoseHistory, now: datetime) -> RecordedDose:
    """Records a dose that was given; there is no refusal.

    Args:
        dose: time and amount as reported.
        history: `dosing_halts` are those that cover dosing for this participant, lifted ones left out.
        now: time of entry; more than 24 hours later than the dose is a late entry.
    """
    authorisation, stopped_at = history.authorisation, history.treatment_stopped_at
    other_level = dose.level != history.allocated_level
    covered = authorisation is not None and authorisation.authorised_at <= dose.given_at
    checks = {
        DoseFlag.UNAUTHORISED: other_level or not covered,
        DoseFlag.LATE_ENTRY: entered_late(dose.given_at, now),
        DoseFlag.TIME_IN_FUTURE: lies_in_future(dose.given_at, now),
        DoseFlag.BEFORE_REGISTRATION: dose.given_at < history.registered_at,
        DoseFlag.REGISTRATION_VOIDED: history.voided,
        DoseFlag.AFTER_TREATMENT_STOPPED: stopped_at is not None and dose.given_at >= stopped_at,
        DoseFlag.DURING_HALT: any(dose.given_at >= halt.effective_at for halt in history.dosing_halts),
        DoseFlag.DIFFERS_FROM_PLANNED: _differs(dose),
        DoseFlag.LEVEL_DIFFERS: other_level,
        DoseFlag.CONTRADICTS_EARLIER: history.contradicts_earlier,
        DoseFlag.EXCEPTIONAL: covered and authorisation is not None and authorisation.exceptional,
    }
    counts_from = min(dose.given_at, now)
    return RecordedDose(
        given_at=dose.given_at,
        counts_from=counts_from,
        rank=_rank(dose.given_at, counts_from, history),
        flags=frozenset(flag for flag, applies in checks.items() if applies),
    )


def _rank(given_at: datetime, counts_from: datetime, history: DoseHistory) -> DoseRank:
    if given_at < history.registered_at:
        return DoseRank.BEFORE_REGISTRATION
    if history.first_dose_at is None:
        return DoseRank.FIRST
    return DoseRank.NEW_FIRST if counts_from < history.first_dose_at else DoseRank.LATER


def _differs(dose: GivenDose) -> bool:
    """Whether more than 10 % were given above or below the plan; exactly 10 % is not."""
    if dose.planned is None:
        return False
    return abs(dose.amount - dose.planned) * 100 > dose.planned * DOSE_TOLERANCE_PERCENT
