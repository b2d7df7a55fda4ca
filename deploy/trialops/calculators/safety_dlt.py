"""`trialops safety dlt`: the verdict on a participant's window, by the protocol's definition."""

import re
from collections.abc import Mapping
from typing import Any

from deploy.trialops.calculators.calculator import Calculator, Result, in_words
from deploy.trialops.calculators.dlt_input import DATA, DltData, read_data
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.yaml_input import read_document
from deploy.trialops.output import print_result
from services.safety.domain.dlt import DltFinding, Provisional, WindowState, evaluate_dlt
from services.safety.domain.dlt_definition import DltDefinition, parse_definition
from services.safety.domain.dlt_facts import CriterionFinding
from services.safety.domain.dlt_timeline import as_day_begins
from services.safety.domain.dlt_unexplained import hold_unexplained
from services.safety.domain.refusals import Refused

_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z_-]{0,60}(?:\[[0-9]{1,6}\])?")


def _judged(arguments: Fields) -> Result:
    definition = _definition(_document(arguments, "protocol"))
    data = read_data(Fields(_document(arguments, "data"), DATA), definition)
    return _result(_finding(definition, data), data)


def _document(arguments: Fields, name: str) -> object:
    """The object itself, or what a file of YAML or JSON holds."""
    if not arguments.is_text(name):
        return arguments.as_it_came(name)
    return read_document(arguments.text(name), arguments.path(name))


def _definition(content: object) -> DltDefinition:
    if not isinstance(content, Mapping):
        raise InputInvalid(
            "protocol", "not_an_object", "This is neither an object nor a file that holds one."
        )
    try:
        return parse_definition(content, "protocol")
    except Refused as refused:
        path = str(refused.facts.get("path", "protocol"))
        message = refused.detail.removeprefix(f"{path}: ")
        shown = ".".join(part if _SEGMENT.fullmatch(part) else "?" for part in path.split("."))
        raise InputInvalid(shown, refused.code, message[:1].upper() + message[1:]) from None


def _finding(definition: DltDefinition, data: DltData) -> DltFinding:
    as_of = as_day_begins(data.as_of_day)
    finding = evaluate_dlt(
        definition,
        WindowState.STARTED,
        data.events,
        data.doses,
        data.left,
        as_of,
        judgements=data.judgements,
    )
    left = data.left if data.left is not None and as_of.knows(data.left.day) else None
    return hold_unexplained(finding, left, data.events, window_days=definition.window_days)


def _result(finding: DltFinding, data: DltData) -> Result:
    return {
        "verdict": finding.verdict.value,
        "provisional": None if finding.provisional is Provisional.NONE else finding.provisional.value,
        "evaluable": finding.evaluable,
        "replaced": finding.replaced,
        "convention": finding.convention.value,
        "next_day_to_check": finding.next_day_to_check,
        "reasons": list(finding.reasons),
        "criteria": [_criterion(criterion) for criterion in finding.criteria],
        "as_of_day": finding.as_of_day,
        "definition": f"{finding.definition_id} {finding.definition_version}",
        "dictionary": finding.ctcae,
        "warnings": list(data.warnings),
    }


def _criterion(criterion: CriterionFinding) -> Result:
    return {
        "id": criterion.id,
        "met": criterion.met,
        "since_day": criterion.since_day,
        "assumed_ongoing": criterion.assumed_ongoing,
        "strength": criterion.strength.name.lower(),
        "open": sorted(question.value for question in criterion.open),
        "events": [event_id for event_id, _ in criterion.events],
    }


def _show(result: Result) -> None:
    """The verdict, then a line for each criterion."""
    criteria: list[dict[str, Any]] = result["criteria"]
    lines = {name: in_words(value) for name, value in result.items() if name != "criteria"}
    for name in ("provisional", "next_day_to_check"):
        lines[name] = in_words(result[name] or "none")
    for criterion in criteria:
        said = "met" if criterion["met"] else criterion["strength"]
        since = f", since day {criterion['since_day']}" if criterion["since_day"] is not None else ""
        ongoing = ", assumed ongoing" if criterion["assumed_ongoing"] else ""
        lines[f"criterion {criterion['id']}"] = f"{said}{since}{ongoing}"
    print_result(lines, as_json=False)


DLT = Calculator(name="dlt", arguments=frozenset({"protocol", "data"}), answer=_judged, show=_show)
