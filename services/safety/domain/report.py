"""A safety report as somebody sent it, and what the service knows about its participant when it arrives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.safety.domain.causality import Writer
from services.safety.domain.ctcae import Dictionary
from services.safety.domain.ids import PersonId
from services.safety.domain.laboratory_rules import LaboratoryRules
from services.safety.domain.seriousness import NotSeriousRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who reports, in which duty; `stated_by` is the investigator whom the safety desk heard by telephone."""

    person: PersonId
    writer: Writer
    stated_by: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGrade:
    """A grade (1 to 5, or 0 for gone) from a date on; an empty date means from the onset."""

    grade: int
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLaboratory:
    """A laboratory result from a date on, as sent; limits and baseline are in the value's unit.

    `analyte` names the laboratory criteria where they are not those of the event's term by its own name, as for
    ionised calcium. An empty date means from the onset.
    """

    on: str = ""
    analyte: str = ""
    value: str = ""
    unit: str = ""
    lln: str = ""
    uln: str = ""
    baseline: str = ""
    baseline_position: str = ""
    fasting: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything as reported: empty texts were not stated, None lists were not answered.

    The border has refused only what is not a report at all (wrong types, a grade that is not 0 to 5).
    """

    author: Author
    verbatim: str
    aware_at: str = ""
    term: str = ""
    dictionary: str = ""
    other_specify: str = ""
    onset: str = ""
    end: str = ""
    grades: tuple[ReportedGrade, ...] = ()
    laboratory: tuple[ReportedLaboratory, ...] = ()
    seriousness: Sequence[str] | None = None
    causality: str | None = None
    outcome: str = ""
    death_on: str = ""
    admission: str = ""
    exclusions: tuple[str, ...] = ()


class Dosing(StrEnum):
    """`UNKNOWN` is read as dosed: missing first-dose information never makes an event pre-treatment."""

    UNKNOWN = "unknown"
    NOT_DOSED = "not_dosed"
    DOSED = "dosed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantContext:
    """What safety knows of the participant; None dates are not known to it."""

    dosing: Dosing = Dosing.UNKNOWN
    first_dose_on: date | None = None
    consent_on: date | None = None
    death_on: date | None = None
    has_grade_5: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """The participant number is not known: the report is stored whole and waits to be matched."""


Participant = ParticipantContext | Unmatched


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """Rules and facts in force when a report arrives.

    `exclusion_ids` are the exclusions that the trial's DLT definition names; `answer_limit` is how long
    the question on seriousness may stay unanswered before the event counts as serious; `laboratory` are the criteria
    of the pinned dictionary, without which no value is graded.
    """

    dictionary: Dictionary
    laboratory: LaboratoryRules | None = None
    zone: ZoneInfo
    participant: Participant
    exclusion_ids: frozenset[str] = frozenset()
    not_serious: tuple[NotSeriousRule, ...] = ()
    unlikely_is_suspected: bool = False
    answer_limit: timedelta = timedelta(hours=24)
