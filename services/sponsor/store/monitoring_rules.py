"""What is monitored and how, as a data file that comes with the service; and what a protocol file adds to it."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from services.sponsor.domain.monitoring.rules import (
    Indicator,
    Method,
    MonitoringPlan,
    MonitoringRules,
    ToleranceLimit,
)
from services.sponsor.domain.monitoring.signal import Concern, Thresholds
from services.sponsor.domain.monitoring.tolerance import ToleranceThresholds

_FILE = Path(__file__).parents[1] / "rules" / "monitoring.v1.json"


@cache
def monitoring_rules() -> MonitoringRules:
    """The rules, read once."""
    stated = json.loads(_FILE.read_text(encoding="utf-8"))
    tolerance, pace = stated["tolerance"], stated["accrual"]
    return MonitoringRules(
        version=stated["version"],
        thresholds=Thresholds(**stated["thresholds"]),
        tolerance=ToleranceThresholds(early_warning=tolerance["early_warning"], crossed=tolerance["crossed"]),
        worth_months=pace["worth_months"],
        band=pace["band"],
        months_ahead=pace["months_ahead"],
        days_per_month=float(pace["days_per_month"]),
        cycle_days=stated["cycle_days"],
        late_report_hours=stated["late_report_hours"],
        indicators=tuple(_indicator(one) for one in stated["indicators"]),
        limits=tuple(_limit(one) for one in stated["limits"]),
    )


def _indicator(stated: Mapping[str, Any]) -> Indicator:
    return Indicator(
        id=stated["id"],
        name=stated["name"],
        method=Method(stated["kind"]),
        concern=Concern(stated["concern"]),
        of=stated["of"],
        source=stated["source"],
    )


def _limit(stated: Mapping[str, Any]) -> ToleranceLimit:
    return ToleranceLimit(
        id=stated["id"],
        name=stated["name"],
        limit=None if stated["limit"] is None else float(stated["limit"]),
        source=stated["source"],
    )


def monitoring_plan(document: Mapping[str, Any]) -> MonitoringPlan:
    """What a protocol file states about monitoring; nothing where it has no such section."""
    stated = document.get("monitoring") or {}
    planned = stated.get("accrual_per_month")
    return MonitoringPlan(
        accrual_per_month=None if planned is None else float(planned),
        limits={one["limit"]: float(one["above"]) for one in stated.get("tolerance_limits", ())},
        targets={one["indicator"]: float(one["target"]) for one in stated.get("time_targets", ())},
    )
