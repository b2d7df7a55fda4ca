"""The words of CTCAE, where an operator has imported them; a folder without them is as good as none."""

import json
from functools import lru_cache
from pathlib import Path

from services.safety.domain.ctcae_texts import DictionaryTexts, read_texts, texts_file


def texts_in(folder: Path, pinned: str) -> DictionaryTexts | None:
    """The texts of this version and patch, read anew only when the file has changed."""
    path = folder / texts_file(pinned)
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=4)
def _load(path: Path, _changed_at: int) -> DictionaryTexts | None:
    """None for a file that is none of the importer's."""
    try:
        return read_texts(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
