"""`trialops safety classify`: what an event is with regard to one product, and what is owed for it by when."""

from typing import Any

from deploy.trialops.calculators.calculator import Calculator, Result, show_lines, utc_text
from deploy.trialops.calculators.case_input import CASE, read_history
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.regimes import regime_of
from deploy.trialops.output import print_rows
from services.safety.domain.case_history import CaseOutcome, Owed
from services.safety.domain.case_timeline import follow


def _classified(arguments: Fields) -> Result:
    case = arguments.document("case", CASE)
    regime = regime_of(case, "uk-2026")
    history = read_history(case)
    try:
        found = follow(history, regime)
    except OverflowError:
        raise InputInvalid(
            "case", "beyond_calendar", "A date in it leads beyond the years 1 to 9999."
        ) from None
    return _stated(found)


def _stated(found: CaseOutcome) -> Result:
    case, expected = found.classification, found.classification.expectedness
    exempt = [] if found.exempt_by is None else [found.exempt_by]
    effective = found.effective_due_date
    return {
        "class": case.event_class.value,
        "provisional": case.provisional,
        "serious": case.serious,
        "suspected": case.causality.suspected,
        "expected": expected.expected,
        "expected_needs_confirmation": expected.needs_confirmation,
        "rsi_version": expected.version,
        "causality_disagreement": case.causality.disagreement,
        "day_0": None if found.day_0 is None else found.day_0.isoformat(),
        "deadlines": [_deadline(one) for one in found.owed],
        "effective_due_date": None if effective is None else effective.isoformat(),
        "in_annual_report": found.in_annual_report,
        "queries": [query.value for query in case.queries],
        "warnings": [warning.value for warning in case.warnings],
        "submission_blocked": case.submission_blocked,
        "rules_applied": [*case.rules_applied, *exempt],
        "reasons": [*case.reasons, *_why(found)],
    }


def _deadline(one: Owed) -> Result:
    due = one.deadline
    return {
        "rule": one.rule,
        "rule_version": one.rule_version,
        "day_0": None if due.day_0 is None else due.day_0.isoformat(),
        "due_date": None if due.due_date is None else due.due_date.isoformat(),
        "due_at": utc_text(due.due_at),
        "recipients": list(one.recipients),
        "inform_investigators": one.inform_investigators,
        "met": one.met_on is not None,
        "met_on": None if one.met_on is None else one.met_on.isoformat(),
        "met_late": one.met_late,
    }


def _why(found: CaseOutcome) -> list[str]:
    """The arithmetic of each deadline, as a person would write it down."""
    said = []
    if found.exempt_by is not None:
        said.append(f"Protocol rule {found.exempt_by}: no immediate report, but one within its own period.")
    for one in found.owed:
        due = one.deadline
        if due.day_0 is None or due.due_date is None:
            said.append(f"{one.rule}: due at {utc_text(due.due_at)}.")
            continue
        days = (due.due_date - due.day_0).days
        said.append(f"{one.rule}: day 0 {due.day_0} + {days} days = {due.due_date}, whatever weekday.")
    return said


def _show(result: dict[str, Any]) -> None:
    show_lines({name: value for name, value in result.items() if name not in ("deadlines", "reasons")})
    rows = [
        {
            "rule": one["rule"],
            "day 0": one["day_0"] or "",
            "due": one["due_date"] or one["due_at"],
            "to": ", ".join(one["recipients"]),
            "met": "late" if one["met_late"] else "yes" if one["met"] else "no",
        }
        for one in result["deadlines"]
    ]
    print_rows("Deadlines", rows, ("rule", "day 0", "due", "to", "met"))
    show_lines({"reasons": " ".join(result["reasons"])})


CLASSIFY = Calculator(name="classify", arguments=frozenset({"case"}), answer=_classified, show=_show)
