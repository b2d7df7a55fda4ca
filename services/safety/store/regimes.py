"""The reporting regimes that ship with the service, read once."""

import json
from functools import cache
from pathlib import Path

from services.safety.domain.reporting_regime import Regime, regimes_from

_FOLDER = Path(__file__).parents[1] / "rules" / "regimes"
_COMMON = "common.v1.json"


@cache
def shipped_regimes() -> dict[str, Regime]:
    """Regimes by name."""
    documents = {
        file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(_FOLDER.glob("*.v1.json"))
    }
    common = documents.pop(_COMMON)
    return regimes_from(documents.values(), common)
