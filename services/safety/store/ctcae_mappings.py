"""The map from one shipped dictionary to the next, read once."""

import csv
from functools import cache
from pathlib import Path

from services.safety.domain.ctcae_mapping import DictionaryMapping, build_mapping
from services.safety.store.dictionaries import dictionary_for

_FOLDER = Path(__file__).parents[1] / "dictionaries"
_SHIPPED = {("5.0", "6.0"): "ctcae-5.0-to-6.0.csv"}


def mapping_between(source: str, target: str) -> DictionaryMapping | None:
    """The map between two versions that protocols pin, or None where none ships."""
    return _load(source.partition("+")[0], target.partition("+")[0])


@cache
def _load(source: str, target: str) -> DictionaryMapping | None:
    name = _SHIPPED.get((source, target))
    if name is None:
        return None
    with (_FOLDER / name).open(encoding="utf-8", newline="") as rows:
        return build_mapping(dictionary_for(source), dictionary_for(target), csv.DictReader(rows))
