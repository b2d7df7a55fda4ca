"""The protocol file's definition of a dose-limiting toxicity, evaluated by the safety service alone."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from services.sponsor.events.protocol_fields import Causality, Slug, Text
from services.sponsor.events.protocol_model import ProtocolModel


class DltDefinitionId(ProtocolModel):
    id: Slug
    version: Annotated[int, Field(ge=1)]
    protocol_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    ctcae: Annotated[str, StringConstraints(pattern=r"^[56]\.0\+[0-9-]{1,10}$")]


class DltWindow(ProtocolModel):
    """When the window runs; with cells or a graft it starts at the infusion or the transplant."""

    starts: Literal["first_dose", "infusion", "transplant"]
    day_one: Literal["local_date_of_first_dose"]
    days: Annotated[int, Field(ge=1, le=400)]
    closes: Literal["end_of_local_day"]


class MinimumExposure(ProtocolModel):
    doses_percent: Annotated[int, Field(ge=0, le=100)]


class Attribution(ProtocolModel):
    counts: Annotated[list[Causality], Field(min_length=1)]
    missing: Literal["counts", "does_not_count"]


class EventCriterion(ProtocolModel):
    """An adverse event of at least this grade; `except` names exclusions a person may confirm for an event."""

    id: Slug
    kind: Literal["event"] = "event"
    term: Text | None = None
    any_term: Literal[True] | None = None
    soc_not: list[Text] = Field(default=[])
    grade_at_least: Annotated[int, Field(ge=1, le=5)]
    lasting_more_than_days: Annotated[int, Field(ge=0, le=400)] | None = None
    exclusions: Annotated[list[Slug], Field(alias="except")] = Field(default=[])

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.term is None) == (self.any_term is None):
            raise ValueError("name a term, or any_term: true, not both")
        return self


class DoseDelayCriterion(ProtocolModel):
    id: Slug
    kind: Literal["dose_delay"]
    cause: Literal["toxicity"]
    more_than_days: Annotated[int, Field(ge=0, le=400)]


class MissedDosesCriterion(ProtocolModel):
    id: Slug
    kind: Literal["missed_doses"]
    cause: Literal["toxicity"]
    more_than_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    more_than_count: Annotated[int, Field(ge=0, le=1000)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.more_than_percent is None) == (self.more_than_count is None):
            raise ValueError("give more_than_percent or more_than_count, not both")
        return self


class JudgementCriterion(ProtocolModel):
    """A DLT by judgement: an investigator signs it, and the committee confirms or refuses it with reasons."""

    id: Slug
    kind: Literal["judgement"]
    text: Text | None = None


def _criterion_kind(stated: Any) -> Any:
    """A criterion that states no kind is about an event."""
    return stated.get("kind", "event") if isinstance(stated, dict) else getattr(stated, "kind", None)


Criterion = Annotated[
    Annotated[EventCriterion, Tag("event")]
    | Annotated[DoseDelayCriterion, Tag("dose_delay")]
    | Annotated[MissedDosesCriterion, Tag("missed_doses")]
    | Annotated[JudgementCriterion, Tag("judgement")],
    Discriminator(
        _criterion_kind,
        custom_error_type="criterion_kind",
        custom_error_message="a criterion's kind is event, dose_delay, missed_doses or judgement",
    ),
]


DltCriteria = Annotated[list[Criterion], Field(min_length=1)]
NotEvaluable = Literal[
    "left_before_window_end_without_dlt", "exposure_below_minimum", "death_from_progression"
]


class DltRules(ProtocolModel):
    """The trial's definition of a dose-limiting toxicity, evaluated by the safety service alone."""

    dlt_definition: DltDefinitionId
    window: DltWindow
    minimum_exposure: MinimumExposure
    duration_convention: Literal["day_difference", "inclusive_days"]
    attribution: Attribution
    criteria: DltCriteria
    not_evaluable: list[NotEvaluable]
