"""`trialops safety grade`: the grade that CTCAE gives a laboratory value."""

from decimal import Decimal

from deploy.trialops.calculators.calculator import Calculator, Result
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.laboratory import CTCAE_VERSIONS, shipped_rules
from services.safety.domain.laboratory import LaboratoryResult, grade_laboratory
from services.safety.domain.laboratory_rules import Analyte, LaboratoryRules, Position

_ARGUMENTS = frozenset(
    {"ctcae", "analyte", "value", "unit", "lln", "uln", "baseline", "baseline_position", "fasting"}
)


def _graded(arguments: Fields) -> Result:
    rules = shipped_rules(arguments.choice("ctcae", CTCAE_VERSIONS))
    analyte = _analyte(arguments, rules)
    found = grade_laboratory(rules, analyte, laboratory_result(arguments))
    return {
        "grade": found.grade,
        "candidates": list(found.candidates),
        "reason": None if found.reason is None else found.reason.value,
        "dictionary": found.dictionary,
        "cell": found.cell or None,
        "sentence": found.sentence,
    }


def _analyte(arguments: Fields, rules: LaboratoryRules) -> Analyte:
    analyte = rules.find(arguments.text("analyte"))
    if analyte is None:
        raise InputInvalid(
            "analyte", "analyte_unknown", f"CTCAE {rules.dictionary} has no laboratory criteria of this name."
        )
    return analyte


def laboratory_result(arguments: Fields) -> LaboratoryResult:
    """A result out of the members value, unit, lln, uln, baseline, baseline_position and fasting."""
    lln, uln = _measured(arguments, "lln"), _measured(arguments, "uln")
    if lln is not None and uln is not None and lln > uln:
        raise InputInvalid(arguments.path("lln"), "limits_crossed", "The lower limit is above the upper one.")
    position = arguments.has("baseline_position")
    return LaboratoryResult(
        value=_measured(arguments, "value"),
        unit=arguments.text("unit", ""),
        lln=lln,
        uln=uln,
        baseline=_measured(arguments, "baseline"),
        baseline_position=Position(arguments.choice("baseline_position", tuple(Position)))
        if position
        else None,
        fasting=arguments.choice("fasting", ("yes", "no")) == "yes" if arguments.has("fasting") else None,
    )


def _measured(arguments: Fields, name: str) -> Decimal | None:
    """A measured number, 0 or more; None when it is not given."""
    if not arguments.has(name):
        return None
    number = arguments.number(name)
    if number < 0:
        raise InputInvalid(arguments.path(name), "negative", "A measured number is 0 or more.")
    return number


GRADE = Calculator(name="grade", arguments=_ARGUMENTS, answer=_graded)
