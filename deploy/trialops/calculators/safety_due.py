"""`trialops safety due`: until when a rule of a reporting regime can still be met in time."""

from datetime import datetime

from deploy.trialops.calculators.calculator import Calculator, Result, utc_text
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.regimes import regime_of, trigger_of
from services.safety.domain.event_class import EventClass
from services.safety.domain.reporting_regime import Regime, ReportingRule
from services.safety.domain.rule_condition import RuledFacts
from shared.deadlines import Unit, day_zero, shown

_ARGUMENTS = frozenset({"regime", "rule", "aware_at", "zone", "fatal_or_life_threatening"})


def _due(arguments: Fields) -> Result:
    regime = regime_of(arguments)
    rule = _rule(arguments, regime)
    trigger, zone = trigger_of(arguments, "aware_at"), arguments.zone("zone")
    if rule.unit is Unit.HOURS and not isinstance(trigger, datetime):
        raise InputInvalid(
            "aware_at", "instant_needed", "Hours are counted from a date and time with an offset."
        )
    try:
        found = rule.due(trigger, zone)
        too_early = day_zero(trigger, zone) < rule.applies_from
        shown_due = shown(found.due_at, zone)
    except OverflowError:
        raise InputInvalid("aware_at", "beyond_calendar", "This leads beyond the years 1 to 9999.") from None
    return {
        "rule": rule.rule,
        "rule_version": rule.version,
        "regime": regime.name,
        "unit": rule.unit.value,
        "amount": rule.amount,
        "zone": zone.key,
        "day_0": None if found.day_0 is None else found.day_0.isoformat(),
        "due_date": None if found.due_date is None else found.due_date.isoformat(),
        "due_at": utc_text(found.due_at),
        "shown_due": shown_due,
        "warn_at": [utc_text(at) for at in found.warn_at],
        "recipients": list(rule.recipients),
        "inform_investigators": rule.inform_investigators,
        "cite": rule.cite,
        "status": rule.status,
        "applies_from": rule.applies_from.isoformat(),
        "warnings": ["before_applies_from"] if too_early else [],
    }


def _rule(arguments: Fields, regime: Regime) -> ReportingRule:
    """The rule asked for, else the regime's own for a SUSAR at home."""
    if arguments.has("rule"):
        return regime.rules[arguments.choice("rule", tuple(regime.rules))]
    grave = arguments.flag("fatal_or_life_threatening", default=False)
    return regime.owed(RuledFacts(event_class=EventClass.SUSAR, fatal_or_life_threatening=grave))[0]


DUE = Calculator(name="due", arguments=_ARGUMENTS, answer=_due)
