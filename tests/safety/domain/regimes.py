"""The shipped reporting regimes, for tests."""

import json
from functools import cache
from pathlib import Path

from services.safety.domain import reporting_regime
from services.safety.domain.reporting_regime import Regime, regimes_from

FOLDER = Path(reporting_regime.__file__).parents[1] / "rules" / "regimes"


@cache
def shipped() -> dict[str, Regime]:
    documents = {file.name: json.loads(file.read_text()) for file in FOLDER.glob("*.json")}
    common = documents.pop("common.v1.json")
    return regimes_from(documents.values(), common)
