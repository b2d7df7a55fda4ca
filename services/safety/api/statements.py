"""The body of a report: every field may be missing, and whatever is readable is kept as it was written.

Only what is no report at all is refused: another type than JSON text or number where one is wanted, a grade
that is not 1 to 5, an unknown field, or nothing stated.
"""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.safety.commands.report_adverse_event import Words
from services.safety.domain.causality import Writer
from services.safety.domain.ids import PersonId
from services.safety.domain.report import Author, Report, ReportedGrade, ReportedLaboratory
from shared.json_body import StrictModel

Grade = Annotated[int, Field(ge=1, le=5, description="CTCAE grade 1 to 5")]
MAX_ENTRIES = 500


class GradeIn(StrictModel):
    """A grade from a date on; 0 means that the event is gone."""

    grade: Annotated[int, Field(ge=0, le=5)]
    on: str | None = None


class LaboratoryIn(StrictModel):
    """A laboratory result; limits and baseline are in the value's unit. The protocol's CTCAE proposes its grade."""

    on: Annotated[str | None, Field(description="Date of the sample; the onset's if absent")] = None
    analyte: Annotated[
        str | None,
        Field(description="Name of the criteria where it is not the term, as Hypocalcemia (Ionized)"),
    ] = None
    value: Annotated[str | int | float | None, Field(description="As the laboratory wrote it")] = None
    unit: str | None = None
    lln: Annotated[str | int | float | None, Field(description="Lower limit of normal")] = None
    uln: Annotated[str | int | float | None, Field(description="Upper limit of normal")] = None
    baseline: str | int | float | None = None
    baseline_position: Annotated[str | None, Field(description="low, normal or high")] = None
    fasting: bool | None = None

    def words(self) -> ReportedLaboratory:
        """The result as it was written; a JSON number as the decimal that it shows."""
        return ReportedLaboratory(
            on=self.on or "",
            analyte=self.analyte or "",
            value=_as_written(self.value),
            unit=self.unit or "",
            lln=_as_written(self.lln),
            uln=_as_written(self.uln),
            baseline=_as_written(self.baseline),
            baseline_position=self.baseline_position or "",
            fasting=self.fasting,
        )


def _as_written(number: str | int | float | None) -> str:
    if number is None or isinstance(number, str):
        return number or ""
    return f"{Decimal(repr(number)):f}"


class StatementIn(StrictModel):
    """What somebody states about an event. Dates and times are kept as text and coded if they can be."""

    verbatim: Annotated[str | None, Field(description="The reporter's own words")] = None
    term: Annotated[str | None, Field(description="CTCAE term")] = None
    ctcae: Annotated[str | None, Field(description="Version of the dictionary, for example 5.0")] = None
    other_specify: str | None = None
    grade: Grade | None = None
    grades: list[GradeIn] = Field(default_factory=list, max_length=MAX_ENTRIES)
    laboratory: Annotated[
        list[LaboratoryIn], Field(max_length=MAX_ENTRIES, description="Results that the event rests on")
    ] = Field(default_factory=list)
    onset: Annotated[str | None, Field(description="Date of onset, YYYY-MM-DD")] = None
    end: str | None = None
    death_on: str | None = None
    aware_at: Annotated[str | None, Field(description="When the site became aware, ISO 8601")] = None
    seriousness: Annotated[
        list[str] | None,
        Field(
            max_length=MAX_ENTRIES,
            description="Criteria met; [] is assessed as not serious, null not assessed",
        ),
    ] = None
    causality: Annotated[str | None, Field(description="The investigator's opinion")] = None
    outcome: str | None = None
    admission: Annotated[str | None, Field(description="Kind of admission, as the protocol names it")] = None
    exclusions: list[str] = Field(
        default_factory=list, max_length=MAX_ENTRIES, description="DLT exclusions claimed to apply"
    )
    stated_by: Annotated[
        str | None, Field(description="Investigator heard by telephone, for the safety desk")
    ] = None
    narrative: Annotated[str | None, Field(description="Never leaves this service")] = None
    contact: Annotated[
        str | None, Field(description="How to reach the reporter; never leaves this service")
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        texts = (self.verbatim, self.term, self.narrative, self.outcome, self.death_on)
        if not (any(texts) or self.seriousness or self.grade or self.grades or self.laboratory):
            raise ValueError("nothing is reported")
        return self

    def words(self) -> Words:
        """The statement for a command, which knows its author."""
        report = Report(
            author=Author(person=PersonId(""), writer=Writer.OTHER),
            verbatim=self.verbatim or "",
            aware_at=self.aware_at or "",
            term=self.term or "",
            dictionary=self.ctcae or "",
            other_specify=self.other_specify or "",
            onset=self.onset or "",
            end=self.end or "",
            grades=self._all_grades(),
            laboratory=tuple(one.words() for one in self.laboratory),
            seriousness=self.seriousness,
            causality=self.causality,
            outcome=self.outcome or "",
            death_on=self.death_on or "",
            admission=self.admission or "",
            exclusions=tuple(self.exclusions),
        )
        return Words(report=report, narrative=self.narrative or "", contact=self.contact or "")

    def _all_grades(self) -> tuple[ReportedGrade, ...]:
        history = tuple(ReportedGrade(grade=entry.grade, on=entry.on or "") for entry in self.grades)
        return history if self.grade is None else (ReportedGrade(grade=self.grade), *history)


class ReportIn(StatementIn):
    """A report; who it is about, as far as the reporter knows."""

    trial: Annotated[str | None, Field(description="The trial's code")] = None
    participant_number: str | None = None
    site_number: str | None = None


class AmendmentIn(StatementIn):
    """The whole event as its author now states it."""

    reason: Annotated[str | None, Field(description="Why it changes")] = None
    version: Annotated[int | None, Field(ge=1, description="The version that the author has seen")] = None
