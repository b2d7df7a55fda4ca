"""What calculators of laboratory values share: the shipped criteria, read once."""

import json
from functools import cache
from pathlib import Path

from services.safety.domain import laboratory_rules
from services.safety.domain.laboratory_rules import LaboratoryRules, build_laboratory_rules

CTCAE_VERSIONS = ("5.0", "6.0")
_FOLDER = Path(laboratory_rules.__file__).parents[1] / "rules"


@cache
def shipped_rules(ctcae: str) -> LaboratoryRules:
    """The laboratory criteria of a version of CTCAE, one of `CTCAE_VERSIONS`."""
    return build_laboratory_rules(
        json.loads((_FOLDER / f"laboratory-{ctcae}.json").read_text(encoding="utf-8"))
    )
