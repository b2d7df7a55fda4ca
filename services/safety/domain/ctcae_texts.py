"""The words of CTCAE that an operator has imported: definitions, notes and grade texts. None of them ships."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

TEXTS_FOLDER = "ctcae-texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTexts:
    """The words about one term; a grade that does not exist has none, an absent note or definition is empty."""

    term: str
    soc: str
    definition: str
    note: str
    grades: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryTexts:
    """The words of one version and patch, and the SHA-256 of the workbook that they came from."""

    pinned: str
    source_sha256: str
    terms: Mapping[str, TermTexts]

    def find(self, term: str) -> TermTexts | None:
        return self.terms.get(term.strip().casefold())


def build_texts(pinned: str, source_sha256: str, terms: list[TermTexts]) -> DictionaryTexts:
    """The texts by term, letter case ignored."""
    by_name = {one.term.casefold(): one for one in terms}
    return DictionaryTexts(pinned=pinned, source_sha256=source_sha256, terms=MappingProxyType(by_name))


def texts_file(pinned: str) -> str:
    """Name of the file in the folder of texts."""
    return f"ctcae-{pinned}.json"


def texts_document(texts: DictionaryTexts) -> dict[str, Any]:
    """The texts as a JSON document."""
    return {
        "dictionary": texts.pinned,
        "source_sha256": texts.source_sha256,
        "terms": [
            {
                "term": one.term,
                "soc": one.soc,
                "definition": one.definition,
                "note": one.note,
                "grades": {str(grade): text for grade, text in sorted(one.grades.items())},
            }
            for one in texts.terms.values()
        ],
    }


def read_texts(document: Mapping[str, Any]) -> DictionaryTexts:
    """The texts that a document of `texts_document` states.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    terms = [
        TermTexts(
            term=one["term"],
            soc=one["soc"],
            definition=one["definition"],
            note=one["note"],
            grades=MappingProxyType({int(grade): text for grade, text in one["grades"].items()}),
        )
        for one in document["terms"]
    ]
    return build_texts(document["dictionary"], document["source_sha256"], terms)
