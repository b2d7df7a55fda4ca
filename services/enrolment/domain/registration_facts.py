"""Everything the registration guards need, as values read in the registration transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import AgeStatement, BirthMonth, LeapDayBirthday, local_date, possible_ages
from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.consent import Assent, Consent, ConsentPolicy
from services.enrolment.domain.eligibility import Eligibility, JudgementStatement
from services.enrolment.domain.guards import GuardResult
from services.enrolment.domain.halt import Halt
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.kinds import KindRules
from services.enrolment.domain.levels import DoseLevel, SignedDecision
from services.enrolment.domain.molecular import MolecularFinding
from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms, terms_in_use
from services.enrolment.domain.recruitment import Cap, SiteStatus, TargetPolicy, TrialStatus
from services.enrolment.domain.slot_states import Holder, Slot
from services.enrolment.domain.stagger import AtLevel, StaggerPolicy


class NumberOwner(StrEnum):
    """Whose the screening number is, as the store found it; one taken over has the form of another system."""

    THIS_SITE = "this_site"
    NOT_THIS_SITE = "not_this_site"
    TAKEN_OVER = "taken_over"


class IdempotencyUse(StrEnum):
    NEW = "new"
    OTHER_BODY = "other_body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circulation:
    """Whether the trial asks for the site's receipts of a decision, and whether they are there."""

    required: bool
    received: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """State of trial and site; `versions` oldest first, `green_lit` those with a green light in force."""

    status: TrialStatus
    halts: tuple[Halt, ...]
    site_status: SiteStatus
    versions: Sequence[ProtocolTerms]
    green_lit: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What is recorded about the child of this screening; eligibility and judgement None when not there."""

    born: BirthMonth
    age_statements: tuple[AgeStatement, ...]
    leap_day: LeapDayBirthday
    consents: tuple[Consent, ...]
    assent: Assent
    eligibility: Eligibility | None
    judgement: JudgementStatement | None
    unresolved_duplicates: int = 0
    molecular: tuple[MolecularFinding, ...] = ()
    co_enrolments_not_allowed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """The dose level asked for, what it rests on, and the slot; without dose levels `level` is None.

    `decision` is the decision named by the level's `opened_by`, as known now; None when there is none.
    `counts` come from `count_cohort` before this child, over the levels its rule counts together.
    `registered_in_part` leaves out participants who are not evaluable or voided.
    """

    level: DoseLevel | None
    decision: SignedDecision | None
    circulation: Circulation
    counts: CohortCounts
    registered_in_part: int
    target_policy: TargetPolicy
    caps: tuple[Cap, ...]
    slot: Slot | None
    stagger: StaggerPolicy
    candidate: AtLevel
    others_at_level: tuple[AtLevel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFacts:
    """All facts of one registration; `claimed_times` are times people stated, by a name fit to show.

    `kind` says which guards apply to the trial.
    """

    kind: KindRules
    place: PartLevel
    holder: Holder
    zone: ZoneInfo
    consent_policy: ConsentPolicy
    trial: TrialFacts
    person: PersonFacts
    at: PlaceFacts
    screening_number: str
    number_owner: NumberOwner
    version_read: int
    version_now: int
    idempotency: IdempotencyUse = IdempotencyUse.NEW
    claimed_times: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def has_levels(self) -> bool:
        """Whether the part has dose levels, and with them places that are shared."""
        return self.place.has_levels

    def applies(self, guard: str) -> bool:
        return self.kind.applies(guard, has_levels=self.has_levels)

    def today(self, now: datetime) -> date:
        return local_date(now, self.zone)

    def ages(self, now: datetime) -> frozenset[int]:
        """Ages still possible today; see `possible_ages`."""
        person = self.person
        return possible_ages(person.born, self.today(now), person.leap_day, person.age_statements)

    def terms(self, now: datetime) -> ProtocolTerms | NoTerms:
        return terms_in_use(self.trial.versions, self.trial.green_lit, now)


Guards = Mapping[str, Callable[[RegistrationFacts, datetime], GuardResult]]
"""Guards by name, in the order of evaluation."""


def evaluate_applying(guards: Guards, facts: RegistrationFacts, now: datetime) -> tuple[GuardResult, ...]:
    """Results of the guards that apply to the trial's kind and the part; the others are not asked."""
    return tuple(evaluate(facts, now) for name, evaluate in guards.items() if facts.applies(name))
