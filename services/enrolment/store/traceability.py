"""How long the course of an advanced therapy stays listed, from the shipped table."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parents[1] / "rules" / "traceability.v1.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceabilityRule:
    """Years from the last use of a product; `status` says how sure the number is."""

    table: str
    years: int
    status: str


@cache
def traceability_rule() -> TraceabilityRule:
    document = json.loads(TABLE.read_text(encoding="utf-8"))
    rule = document["advanced_therapy_years"]
    return TraceabilityRule(
        table=f"{document['id']}/{document['version']}", years=rule["value"], status=rule["status"]
    )
