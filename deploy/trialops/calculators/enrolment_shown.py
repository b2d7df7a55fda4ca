"""Answers of the enrolment calculators that are tables for people."""

from typing import Any

from deploy.trialops.calculators.calculator import show_lines
from deploy.trialops.output import print_rows


def show_minimised(result: dict[str, Any]) -> None:
    rows = [
        {
            "arm": arm,
            "G": g,
            "probability": probability,
            "preferred": "yes" if arm in result["preferred"] else "",
        }
        for arm, g, probability in zip(result["arms"], result["g"], result["probabilities"], strict=True)
    ]
    print_rows("Minimisation", rows, ("arm", "G", "probability", "preferred"))
    assigned = "no random numbers were given" if result["arm"] is None else result["arm"]
    show_lines({"assigned": assigned, "warnings": result["warnings"]})


def show_blocks(result: dict[str, Any]) -> None:
    for one in result["strata"]:
        print_rows(f"Stratum {one['stratum']}", one["rows"], ("row", "block", "block_size", "arm"))
