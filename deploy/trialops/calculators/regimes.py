"""What calculators of reporting share: the shipped regimes and terms, read once, and how a trigger is written."""

import csv
import json
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from deploy.trialops.calculators.fields import Fields
from services.safety.domain import reporting_regime
from services.safety.domain.ctcae import Dictionary, build_dictionary
from services.safety.domain.reporting_regime import Regime, regimes_from

CTCAE_VERSIONS = ("5.0", "6.0")
_SERVICE = Path(reporting_regime.__file__).parents[1]
_REGIMES = _SERVICE / "rules" / "regimes"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@cache
def shipped_regimes() -> dict[str, Regime]:
    """The regimes that ship with the service, by name."""
    common = _document(_REGIMES / "common.v1.json")
    files = sorted(file for file in _REGIMES.glob("*.v1.json") if file.name != "common.v1.json")
    return regimes_from((_document(file) for file in files), common)


@cache
def shipped_terms(ctcae: str) -> Dictionary:
    """The terms and grades of a version of CTCAE, one of `CTCAE_VERSIONS`."""
    with (_SERVICE / "dictionaries" / f"ctcae-{ctcae}.csv").open(encoding="utf-8", newline="") as rows:
        return build_dictionary(ctcae, csv.DictReader(rows))


def regime_of(fields: Fields, default: str | None = None) -> Regime:
    return shipped_regimes()[fields.choice("regime", tuple(shipped_regimes()), default)]


def trigger_of(fields: Fields, name: str) -> date | datetime:
    """An instant with an offset, or a date, which is day 0 itself."""
    text = fields.text(name)
    return fields.day(name) if _DATE.fullmatch(text) else fields.instant(name)


def _document(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document
