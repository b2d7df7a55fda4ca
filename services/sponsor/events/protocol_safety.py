"""The protocol file's rules for the reporting of adverse events: what the protocol may say beside the law."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.sponsor.events.protocol_fields import Text
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class ExemptSusar(ProtocolModel):
    """SUSARs of one term that need no immediate report, where the law allows it, but one within this period."""

    rule: RuleId
    term: ShortText
    period_days: Annotated[int, Field(ge=1, le=366)]


class NotSerious(ProtocolModel):
    """An admission of this kind is no hospitalisation, for example a planned one."""

    rule: RuleId
    admission: ShortText


class SafetyRules(ProtocolModel):
    """`products` are the suspect products, comparators and placebo included; left out, it is the treatment's.

    `day_zero_on_new_judgement` says from when a clock runs if facts held already are judged anew.
    """

    products: Annotated[list[ShortText], Field(max_length=20)] = Field(default=[])
    exempt_susars: Annotated[list[ExemptSusar], Field(max_length=100)] = Field(default=[])
    not_serious: Annotated[list[NotSerious], Field(max_length=100)] = Field(default=[])
    unlikely_is_suspected: bool = False
    day_zero_on_new_judgement: Literal["earliest", "judgement_date"] | None = None
    site_report_hours: Annotated[int, Field(ge=1, le=168)] = 24
    note: Text | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        rules = [*(one.rule for one in self.exempt_susars), *(one.rule for one in self.not_serious)]
        twice = len(set(rules)) < len(rules)
        products = len(set(self.products)) < len(self.products)
        raise_contradictions(
            ("exempt_susars", "a rule of this id is there twice", twice),
            ("products", "a product is there twice", products),
        )
        return self
