"""The tables that grade CRS and ICANS, as they ship with the service, read once."""

import json
from functools import cache
from pathlib import Path

from services.safety.domain.special_grading import Tables, grading_tables

_FILE = Path(__file__).parents[1] / "rules" / "syndromes-astct-2019.v1.json"


@cache
def shipped_tables() -> Tables:
    return grading_tables(json.loads(_FILE.read_text(encoding="utf-8")))
