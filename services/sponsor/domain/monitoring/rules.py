"""What is monitored, by which method and thresholds: versioned data, and what the protocol adds to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.sponsor.domain.monitoring.signal import Concern, Thresholds
from services.sponsor.domain.monitoring.tolerance import ToleranceThresholds


class Method(StrEnum):
    """How an indicator is compared across sites."""

    COUNT = "count"
    PROPORTION = "proportion"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A key risk indicator; `source` names its numbers here, None where nothing about it reaches this service."""

    id: str
    name: str
    method: Method
    concern: Concern
    of: str
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleranceLimit:
    """A quality tolerance limit; `limit` holds where the protocol states none, and may itself be unstated."""

    id: str
    name: str
    limit: float | None
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringRules:
    """One version of the data.

    Attributes:
        worth_months: data that the planned rate of accrual counts as.
        band: probability inside the bands of accrual.
        months_ahead: for how long accrual is foretold.
        days_per_month, cycle_days: lengths in days.
        late_report_hours: hours from awareness after which a serious report is late.
    """

    version: int
    thresholds: Thresholds
    tolerance: ToleranceThresholds
    worth_months: float
    band: float
    months_ahead: float
    days_per_month: float
    cycle_days: float
    late_report_hours: float
    indicators: tuple[Indicator, ...]
    limits: tuple[ToleranceLimit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringPlan:
    """What the protocol in force states: planned accrual, limits by id, targets of times by indicator."""

    accrual_per_month: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
