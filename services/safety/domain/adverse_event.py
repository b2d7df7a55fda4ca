"""An adverse event: what was reported, what could be coded, and the versions it went through."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from services.safety.domain.causality import Opinion
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.report import Dosing, ParticipantContext, ReportedLaboratory
from services.safety.domain.reported_time import ReportedDate, ReportedInstant
from services.safety.domain.seriousness import NO_VIEW, View


class Outcome(StrEnum):
    NOT_STATED = "not_stated"
    UNKNOWN = "unknown"
    RECOVERED = "recovered"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not_recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae"
    FATAL = "fatal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedTerm:
    """A term of the pinned dictionary, kept with the version and patch it was graded with."""

    name: str
    soc: str
    dictionary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeEntry:
    """A grade from a date on: as reported, as coded (None if not defined), and who confirmed it.

    `proposed`: nobody stated it, it follows from a laboratory value.
    """

    on: ReportedDate
    reported: int
    coded: int | None
    confirmed_by: PersonId | None
    proposed: bool = False

    @property
    def confirmed(self) -> bool:
        return self.confirmed_by is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryEntry:
    """A laboratory result as reported, and the grade that CTCAE proposes for it, or the reason why there is none.

    `candidates` are several where symptoms or treatment decide; `cell` and `sentence` say what the proposal rests on.
    """

    on: ReportedDate
    reported: ReportedLaboratory
    grade: int | None
    candidates: tuple[int, ...]
    reason: str
    dictionary: str
    cell: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A DLT exclusion claimed for the event; it applies only once a person has confirmed it."""

    id: str
    confirmed_by: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContent:
    """Everything one version says; None marks what could not be coded, the reported words are beside it."""

    verbatim: str
    reported_term: str
    reported_dictionary: str
    other_specify: str
    term: CodedTerm | None
    onset: ReportedDate
    end: ReportedDate
    aware: ReportedInstant
    grades: tuple[GradeEntry, ...]
    seriousness: View
    sponsor_seriousness: View = NO_VIEW
    admission: str = ""
    reported_causality: str = ""
    causality: Opinion | None = None
    sponsor_causality: Opinion | None = None
    reported_outcome: str = ""
    outcome: Outcome = Outcome.NOT_STATED
    death_on: ReportedDate
    exclusions: tuple[Exclusion, ...] = ()
    laboratory: tuple[LaboratoryEntry, ...] = ()

    def worst_reported_grade(self) -> int:
        """Highest grade anybody reported or a value proposes, defined for the term or not; 0 if none."""
        return max((entry.reported for entry in self.grades), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEvent:
    """One version of an event; versions are appended, never overwritten, and name what changed."""

    id: AdverseEventId
    version: int
    content: EventContent
    recorded_by: PersonId
    recorded_at: datetime
    reason: str = ""
    changed: tuple[str, ...] = ()


class Emergence(StrEnum):
    """Where the onset lies; only a treatment-emergent event can be a reaction to the product."""

    MEDICAL_HISTORY = "medical_history"
    PRE_TREATMENT = "pre_treatment"
    TREATMENT_EMERGENT = "treatment_emergent"


def changed_fields(before: EventContent, after: EventContent) -> tuple[str, ...]:
    """Names of the fields whose values differ, in the order of the class."""
    return tuple(
        field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name)
    )


def emergence(onset_on: date | None, participant: ParticipantContext) -> Emergence:
    """Whether the event began before consent, before the first dose, or after it.

    Args:
        onset_on: coded onset; None while not known.
        participant: its consent and first dose; whatever is not known is read as treatment-emergent.
    """
    if onset_on is not None and participant.consent_on is not None and onset_on < participant.consent_on:
        return Emergence.MEDICAL_HISTORY
    if participant.dosing is Dosing.NOT_DOSED:
        return Emergence.PRE_TREATMENT
    first_dose_on = participant.first_dose_on
    if onset_on is not None and first_dose_on is not None and onset_on < first_dose_on:
        return Emergence.PRE_TREATMENT
    return Emergence.TREATMENT_EMERGENT
