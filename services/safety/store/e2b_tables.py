"""The rules of E2B(R3) that ship with the service, read once."""

import csv
from functools import cache
from pathlib import Path

from services.safety.domain.icsr.check import Standard
from services.safety.domain.icsr.element_table import build_table
from services.safety.domain.icsr.rule_table import build_rules

_FOLDER = Path(__file__).parents[1] / "e2b"


@cache
def shipped_standard() -> Standard:
    """ICH's elements and rules, and FDA's for premarket reports."""
    blocks, ich, fda = _rows("ich-blocks.v1.csv"), _rows("ich-elements.v1.csv"), _rows("fda-elements.v1.csv")
    return Standard(
        ich=build_table(blocks, ich),
        fda=build_table(blocks, [*ich, *fda]),
        ich_rules=build_rules(_rows("ich-rules.v1.csv")),
        fda_rules=build_rules(_rows("fda-premarket-rules.v1.csv")),
        countries=frozenset((_FOLDER / "countries.v1.txt").read_text(encoding="ascii").split()),
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
