"""The protocol file's plan of central monitoring: expected accrual, tolerance limits, targets of times."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.sponsor.events.protocol_fields import DecimalText
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions


class StatedLimit(ProtocolModel):
    """The proportion that must not be exceeded in the whole trial; `0`: it must never happen."""

    limit: Literal[
        "ineligible_dosed",
        "not_evaluable",
        "important_deviations",
        "primary_endpoint_missing",
        "consent_version_errors",
    ]
    above: DecimalText


class TimeTarget(ProtocolModel):
    """The longest time that is not late: days for K3, K8 and K11, minutes for K14."""

    indicator: Literal["K3", "K8", "K11", "K14"]
    target: DecimalText


class MonitoringPlan(ProtocolModel):
    """`accrual_per_month`: registrations expected per month in the whole trial."""

    accrual_per_month: DecimalText | None = None
    tolerance_limits: Annotated[list[StatedLimit], Field(max_length=20)] = Field(default=[])
    time_targets: Annotated[list[TimeTarget], Field(max_length=20)] = Field(default=[])

    @model_validator(mode="after")
    def _usable(self) -> Self:
        limits = [one.limit for one in self.tolerance_limits]
        targets = [one.indicator for one in self.time_targets]
        planned = self.accrual_per_month
        raise_contradictions(
            ("accrual_per_month", "is above 0", planned is not None and Decimal(planned) == 0),
            ("tolerance_limits", "a limit is there twice", len(set(limits)) < len(limits)),
            (
                "tolerance_limits",
                "a proportion lies below 1",
                any(Decimal(one.above) >= 1 for one in self.tolerance_limits),
            ),
            ("time_targets", "an indicator is there twice", len(set(targets)) < len(targets)),
        )
        return self
