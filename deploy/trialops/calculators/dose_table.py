"""`trialops dose table`: the decision table of a design."""

from typing import Any

from deploy.trialops.calculators.calculator import Calculator, Result
from deploy.trialops.calculators.dose_design import (
    ANYTHING,
    READINGS,
    DesignFile,
    design_file,
    read_design_file,
    whole_between,
)
from deploy.trialops.calculators.dose_shown import show_table
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.design import DoseDesign
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.interval_rules import BoinRule
from services.sponsor.domain.escalation.level_design import COHORT_OF_THREE, LevelDesign
from services.sponsor.domain.escalation.level_table import QueueTable, RollingSixTable, ThreePlusThree
from services.sponsor.domain.escalation.table import GOES_UP, DecisionTable, TableDecision

MOST_ROWS = 200
ROWS = 18
_ANY_LEVELS = 50


def _tabulated(arguments: Fields) -> Result:
    design = _design(arguments)
    most = whole_between(arguments, "max_n", 1, MOST_ROWS, ROWS)
    if isinstance(design, IntervalDesign):
        return _interval_table(design, most)
    if isinstance(design, LevelDesign) and isinstance(design.table, ThreePlusThree):
        return _three_plus_three(design.table, most)
    if isinstance(design, LevelDesign) and isinstance(design.table, RollingSixTable):
        return _rolling_six(design.name, design.table.table, most)
    if isinstance(design, LevelDesign) and isinstance(design.table, QueueTable):
        return _queue(design.name, design.table.table, most)
    raise InputInvalid("design", "no_table", "A model-based design has no decision table.")


def _design(arguments: Fields) -> DoseDesign:
    file = _design_file(arguments)
    stated = file.levels_stated()
    return file.design({} if stated else {"levels": _ANY_LEVELS})


def _design_file(arguments: Fields) -> DesignFile:
    """The design by its name with the target of the option, or from a file; target and file must agree."""
    target = {"target": str(arguments.number("target"))} if arguments.has("target") else {}
    if arguments.is_text("design"):
        name = arguments.text("design")
        if name in READINGS or name == "tite_boin":
            return design_file(Fields({"design": name, **target}, ANYTHING))
    file = read_design_file(arguments)
    if not target:
        return file
    if "target" not in file.reading.keys:
        raise InputInvalid("target", "unknown_key", "This design has no target.")
    if file.fields.has("target"):
        if file.fields.number("target") != arguments.number("target"):
            raise InputInvalid("target", "targets_differ", "The file states another target.")
        return file
    return design_file(file.fields.extended(target))


def _interval_table(design: IntervalDesign, most: int) -> dict[str, Any]:
    rows = [design.limits(n) for n in range(1, most + 1)]
    result: dict[str, Any] = {
        "design": design.name,
        "n": list(range(1, most + 1)),
        "escalate_if_at_most": [row.escalate for row in rows],
        "deescalate_if_at_least": [row.deescalate for row in rows],
        "eliminate_if_at_least": [row.eliminate for row in rows],
    }
    if design.closing.offset is not None:
        result["stop_if_at_least"] = [row.stop for row in rows]
    if isinstance(design.rule, BoinRule):
        result |= {"lambda_e": float(design.rule.lambda_e), "lambda_d": float(design.rule.lambda_d)}
    return result


def _three_plus_three(table: ThreePlusThree, most: int) -> dict[str, Any]:
    """The rule decides at three and at six only."""
    escalate: dict[int, int | None] = {}
    deescalate: dict[int, int | None] = {}
    for n in (COHORT_OF_THREE, table.largest_total):
        read = [table.read(n, dlts, 0) for dlts in range(n + 1)]
        escalate[n] = max(dlts for dlts, decision in enumerate(read) if decision in GOES_UP)
        deescalate[n] = read.index(TableDecision.DEESCALATE)
    numbers = range(1, most + 1)
    return {
        "design": "three_plus_three",
        "n": list(numbers),
        "escalate_if_at_most": [escalate.get(n) for n in numbers],
        "deescalate_if_at_least": [deescalate.get(n) for n in numbers],
        "eliminate_if_at_least": [None for _ in numbers],
    }


def _rolling_six(name: str, table: DecisionTable, most: int) -> dict[str, Any]:
    cells = [
        {"n": n, "dlt": dlts, "pending": pending, "decision": table.cells[n, dlts, pending].value}
        for n, dlts, pending in sorted(table.cells)
        if n <= most
    ]
    return {"design": name, "version": table.version, "cells": cells}


def _queue(name: str, table: DecisionTable, most: int) -> dict[str, Any]:
    cells = [
        {
            "total": total,
            "evaluable": total - pending,
            "dlt": dlts,
            "decision": table.cells[total, dlts, pending].value,
            "published": (total, dlts, pending) not in table.unpublished,
        }
        for total, dlts, pending in sorted(table.cells, key=lambda key: (key[0], key[0] - key[2], key[1]))
        if total <= most
    ]
    return {"design": name, "version": table.version, "cells": cells}


TABLE = Calculator(
    name="table", arguments=frozenset({"design", "target", "max_n"}), answer=_tabulated, show=show_table
)
