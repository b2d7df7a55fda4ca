"""The laboratory criteria that ship with the service, read once."""

import json
from functools import cache
from pathlib import Path

from services.safety.domain.laboratory_rules import LaboratoryRules, build_laboratory_rules

_FOLDER = Path(__file__).parents[1] / "rules"
_SHIPPED = {"5.0": "laboratory-5.0.json", "6.0": "laboratory-6.0.json"}
_WHEN_NOTHING_IS_PINNED = "5.0"


def laboratory_rules_for(pinned: str) -> LaboratoryRules:
    """The criteria of the version that a protocol pins, whatever its patch, as `dictionary_for` does."""
    version = pinned.partition("+")[0]
    return _load(_SHIPPED.get(version, _SHIPPED[_WHEN_NOTHING_IS_PINNED]))


@cache
def _load(name: str) -> LaboratoryRules:
    return build_laboratory_rules(json.loads((_FOLDER / name).read_text(encoding="utf-8")))
