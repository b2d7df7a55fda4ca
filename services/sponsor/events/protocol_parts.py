"""Parts of a trial: who they are for, their dose levels, and the rule by which levels open and close."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.sponsor.events.protocol_designs import DoseDesign
from services.sponsor.events.protocol_fields import DayText, DecimalText, Slug, Text
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions


class Level(ProtocolModel):
    """One dose level; `level` counts from 1 within its part, `dose` is what the protocol prints."""

    level: Annotated[int, Field(ge=1, le=20)]
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    dose: DecimalText
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20)]


class Cell(ProtocolModel):
    """One printed cell of a dose-escalation table: n enrolled with pending, of them DLTs and pending."""

    n: Annotated[int, Field(ge=0, le=100)]
    dlt: Annotated[int, Field(ge=0, le=100)]
    pending: Annotated[int, Field(ge=0, le=100)]
    decision: Literal["same", "escalate", "deescalate", "suspend"]

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if self.dlt + self.pending > self.n:
            raise ValueError("dlt + pending is more than n")
        return self


class Design(ProtocolModel):
    """Dose-escalation design by name and version; `cells` replace the shipped table's cells one by one."""

    id: Literal["rolling_six"]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]+$")]
    cells: list[Cell] = Field(default=[])


class Monitoring(ProtocolModel):
    """Stated boundary of an expansion part: close when DLTs among the evaluable reach it.

    `counts` names every (part, level) whose participants are counted together; the part itself always is.
    """

    source: Text
    close_if_dlts_at_least: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")], int], Field(min_length=1)
    ]
    max_evaluable: Annotated[int, Field(ge=1, le=500)]
    counts: list["PartLevel"] = Field(default=[])


class PartLevel(ProtocolModel):
    part: Slug
    level: Annotated[int, Field(ge=1, le=20)]


class AgeLimits(ProtocolModel):
    """Completed years on the site's local date: `from_years` inclusive, `below_years` exclusive."""

    from_years: Annotated[int, Field(ge=0, le=120)]
    below_years: Annotated[int, Field(ge=1, le=121)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.from_years >= self.below_years:
            raise ValueError("from_years is not below below_years")
        return self


class Biomarker(ProtocolModel):
    """One typed molecular criterion of a part: an alteration that must be there, or must not.

    `gene` is the approved HGNC symbol; `detail` narrows it where the protocol does (`V600E`).
    """

    gene: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9-]{0,19}$")]
    alteration: Literal[
        "mutation",
        "amplification",
        "deletion",
        "fusion",
        "overexpression",
        "wild_type",
        "positive",
        "negative",
    ]
    detail: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    must_be: Literal["present", "absent"] = "present"


class Part(ProtocolModel):
    """A part of the trial: escalation by a design, expansion by a boundary, or a cohort without dose levels.

    `design` is the rolling six; `dose_design`, in place of it, is any other.
    `at_target` says what becomes of people already consented when the target is met; it is declared here,
    before anybody is screened. Several `biomarkers` must all be as stated.
    """

    part: Slug
    stratum: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    kind: Literal["escalation", "expansion", "cohort"]
    levels: Annotated[list[Level], Field(max_length=20)] = Field(default=[])
    start_level: Annotated[int, Field(ge=1)] = 1
    design: Design | None = None
    dose_design: DoseDesign | None = None
    monitoring: Monitoring | None = None
    target: Annotated[int, Field(ge=1, le=5000)] | None = None
    at_target: Literal["allow", "refuse", "allow_until"] = "refuse"
    allow_until: DayText | None = None
    biomarkers: Annotated[list[Biomarker], Field(max_length=20)] = Field(default=[])
    age: AgeLimits

    @model_validator(mode="after")
    def _rule_matches_kind(self) -> Self:
        numbers = [level.level for level in self.levels]
        escalation, expansion = self.kind == "escalation", self.kind == "expansion"
        raise_contradictions(
            ("levels", "a cohort has no dose levels", self.kind == "cohort" and bool(numbers)),
            ("levels", f"an {self.kind} part needs levels", self.kind != "cohort" and not numbers),
            (
                "levels",
                "levels are numbered 1, 2, 3 ... in order",
                numbers != list(range(1, len(numbers) + 1)),
            ),
            ("start_level", "not one of the levels", self.start_level > max(len(numbers), 1)),
            (
                "design",
                "an escalation part needs a design, or a dose_design in place of it",
                escalation and (self.design is None) == (self.dose_design is None),
            ),
            (
                "dose_design",
                f"an {self.kind} part has no dose_design",
                not escalation and self.dose_design is not None,
            ),
            ("design", f"an {self.kind} part has no design", not escalation and self.design is not None),
            ("monitoring", "an expansion part needs a boundary", expansion and self.monitoring is None),
            (
                "monitoring",
                f"an {self.kind} part has no boundary",
                not expansion and self.monitoring is not None,
            ),
            (
                "allow_until",
                "a last day belongs to at_target allow_until and to nothing else",
                (self.at_target == "allow_until") != (self.allow_until is not None),
            ),
        )
        return self


def dose_of(parts: Sequence[Part], part: str, level: int) -> Decimal:
    """Dose of a level as a number, for sorting and display; the protocol's own text stays authoritative."""
    for candidate in parts:
        if candidate.part == part:
            return Decimal(candidate.levels[level - 1].dose)
    raise LookupError(part)
