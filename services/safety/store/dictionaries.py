"""The CTCAE dictionaries that ship with the service, read once."""

import csv
from functools import cache
from pathlib import Path

from services.safety.domain.ctcae import Dictionary, build_dictionary

_FOLDER = Path(__file__).parents[1] / "dictionaries"
_SHIPPED = {"5.0": ("5.0+0", "ctcae-5.0.csv"), "6.0": ("6.0+2026-01-20", "ctcae-6.0.csv")}
_WHEN_NOTHING_IS_PINNED = "5.0"


def dictionary_for(pinned: str) -> Dictionary:
    """The shipped dictionary of the version that a protocol pins, whatever its patch.

    A patch that is not shipped is the caller's to notice (`Dictionary.pinned` differs); what it changed are
    single grades, and a report is better coded with the neighbouring patch than not at all.
    """
    version = pinned.partition("+")[0]
    return _load(version if version in _SHIPPED else _WHEN_NOTHING_IS_PINNED)


@cache
def _load(version: str) -> Dictionary:
    pinned, name = _SHIPPED[version]
    with (_FOLDER / name).open(encoding="utf-8", newline="") as rows:
        return build_dictionary(pinned, csv.DictReader(rows))
