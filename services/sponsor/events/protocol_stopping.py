"""The protocol file's stopping rules: counted, and compared with their boundary, by the safety service alone."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from services.sponsor.events.protocol_dlt import (
    Attribution,
    DltCriteria,
    DltWindow,
    MinimumExposure,
    NotEvaluable,
)
from services.sponsor.events.protocol_fields import DecimalText, Slug, Text
from services.sponsor.events.protocol_model import ProtocolModel

Participants = Annotated[int, Field(ge=1, le=1000)]


class RuleScope(ProtocolModel):
    """Whose events count; what is left out means all of the trial that has dose levels."""

    part: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    level: Annotated[int, Field(ge=1, le=20)] | None = None

    @model_validator(mode="after")
    def _level_of_a_part(self) -> Self:
        if self.level is not None and self.part is None:
            raise ValueError("a level names its part")
        return self


class DltCounts(ProtocolModel):
    """The event is a DLT by the trial's definition, whose window makes a participant evaluable."""

    kind: Literal["dlt"]


class CriteriaCount(ProtocolModel):
    """The event is that one of these criteria is met, in a window and with an exposure of its own."""

    kind: Literal["criteria"]
    window: DltWindow
    minimum_exposure: MinimumExposure
    duration_convention: Literal["day_difference", "inclusive_days"]
    attribution: Attribution
    criteria: DltCriteria
    not_evaluable: list[NotEvaluable]


class TableBoundary(ProtocolModel):
    """Events that stop after 1, 2, ... evaluable participants; null where nobody looks, or no count can stop."""

    kind: Literal["table"]
    stops_at: Annotated[
        list[Annotated[int, Field(ge=0, le=1000)] | None], Field(min_length=1, max_length=1000)
    ]


class GeneratedBoundary(ProtocolModel):
    """A boundary by its parameters, looked at after every participant from `first_look` on."""

    kind: Literal["beta-binomial", "pocock", "overdose"]
    participants: Participants
    p0: DecimalText
    alpha: DecimalText | None = None
    cutoff: DecimalText | None = None
    prior: Annotated[list[DecimalText], Field(min_length=2, max_length=2)] | None = None
    first_look: Participants | None = None

    @model_validator(mode="after")
    def _parameters_of_the_kind(self) -> Self:
        one_of_two = (self.alpha is None) != (self.cutoff is None)
        fits = {
            "beta-binomial": one_of_two and self.prior is not None,
            "pocock": one_of_two and self.prior is None,
            "overdose": self.alpha is None,
        }
        if not fits[self.kind]:
            raise ValueError(
                "beta-binomial has prior and alpha or cutoff, pocock alpha or cutoff, overdose no alpha"
            )
        rates = [Decimal(text) for text in (self.p0, self.alpha, self.cutoff) if text is not None]
        if not all(0 < rate < 1 for rate in rates):
            raise ValueError("p0, alpha and cutoff lie between 0 and 1")
        if not all(0 < Decimal(text) <= 100 for text in self.prior or ()):
            raise ValueError("each parameter of the prior is above 0 and at most 100")
        return self


def _kind(stated: Any) -> Any:
    kind = stated.get("kind") if isinstance(stated, dict) else getattr(stated, "kind", None)
    return "generated" if kind in ("beta-binomial", "pocock", "overdose") else kind


class StoppingRule(ProtocolModel):
    """A sequential boundary on the number of events. A crossing holds recruitment in its scope; people decide."""

    id: Slug
    version: Annotated[int, Field(ge=1)]
    scope: RuleScope = RuleScope()
    event: Annotated[
        Annotated[DltCounts, Tag("dlt")] | Annotated[CriteriaCount, Tag("criteria")],
        Discriminator(
            _kind, custom_error_type="event_kind", custom_error_message="an event's kind is dlt or criteria"
        ),
    ]
    boundary: Annotated[
        Annotated[TableBoundary, Tag("table")] | Annotated[GeneratedBoundary, Tag("generated")],
        Discriminator(
            _kind,
            custom_error_type="boundary_kind",
            custom_error_message="a boundary's kind is table, beta-binomial, pocock or overdose",
        ),
    ]
    order: Literal["evaluable_at", "registration"] = "evaluable_at"
    action: Text
