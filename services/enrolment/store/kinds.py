"""The table of kinds of trial that is in use."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.enrolment.domain.kinds import Kind, KindRules, read_kind_rules

TABLE = Path(__file__).parents[1] / "rules" / "trial-kinds.v1.json"


@cache
def kinds_in_use() -> Mapping[Kind, KindRules]:
    """Rules of every kind, from the shipped table."""
    return read_kind_rules(json.loads(TABLE.read_text(encoding="utf-8")))


def rules_of_kind(kind: str) -> KindRules:
    """The rules of a kind, by the word of the protocol file.

    Raises:
        ValueError: a word that no table knows.
    """
    return kinds_in_use()[Kind(kind)]
