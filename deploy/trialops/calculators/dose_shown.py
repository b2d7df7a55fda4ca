"""Answers of the dose calculators as tables for people."""

from collections.abc import Mapping
from typing import Any

from deploy.trialops.calculators.calculator import show_lines
from deploy.trialops.output import print_rows

_COUNT_COLUMNS = (
    "n",
    "escalate_if_at_most",
    "deescalate_if_at_least",
    "eliminate_if_at_least",
    "stop_if_at_least",
)


def show_table(result: dict[str, Any]) -> None:
    if "cells" in result:
        cells = result["cells"]
        print_rows(result["design"], cells, tuple(cells[0]) if cells else ())
        return
    columns = tuple(column for column in _COUNT_COLUMNS if column in result)
    rows = [
        {column: "-" if value is None else value for column, value in zip(columns, row, strict=True)}
        for row in zip(*(result[column] for column in columns), strict=True)
    ]
    print_rows(result["design"], rows, columns)
    show_lines({name: result[name] for name in ("lambda_e", "lambda_d") if name in result})


def show_recommendation(result: dict[str, Any]) -> None:
    said = {name: result[name] for name in ("kind", "level", "reasons", "closed_levels")}
    said |= {"cell": _pairs(result["cell"]), "model": _pairs(result["model"])}
    if "previous" in result:
        said["previous"] = _pairs(result["previous"])
    show_lines({name: "none" if value is None else value for name, value in said.items()})


def show_characteristics(result: dict[str, Any]) -> None:
    errors = result["se"]
    rows = [
        {
            "level": level or "none",
            "selected": _with_error(result["p_select"][level], errors and errors["p_select"][level]),
            "participants": _with_error(result["mean_n"][level - 1], errors and errors["mean_n"][level - 1])
            if level
            else "",
            "escalates": f"{result['p_escalate'][level - 1]:.4f}" if level and "p_escalate" in result else "",
        }
        for level in range(len(result["p_select"]))
    ]
    columns = ("level", "selected", "participants", *(["escalates"] if "p_escalate" in result else []))
    print_rows("Operating characteristics", rows, columns)
    totals = [name for name in result if name.startswith("mean_") and name != "mean_n"]
    said = {name: _with_error(result[name], errors and errors[name]) for name in totals}
    show_lines({"method": result["method"], **said, "trials": result["trials"], "seed": result["seed"]})


def show_paths(result: dict[str, Any]) -> None:
    rows = [
        {
            "cohorts": ", ".join(f"{step['dlt']}/{step['n']} at {step['level']}" for step in path["steps"]),
            "kind": path["kind"],
            "level": path["level"],
            "reasons": ", ".join(path["reasons"]),
        }
        for path in result["paths"]
    ]
    print_rows("Paths", rows, ("cohorts", "kind", "level", "reasons"))


def _with_error(value: float, error: float | None) -> str:
    """A value, with its 95 % interval where it was simulated."""
    if error is None:
        return f"{value:.4f}"
    return f"{value:.4f} ({value - 1.96 * error:.4f} to {value + 1.96 * error:.4f})"


def _pairs(document: Mapping[str, Any] | None) -> str | None:
    if document is None:
        return None
    return ", ".join(f"{name} {_rounded(value)}" for name, value in document.items())


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return "-" if value is None else value
