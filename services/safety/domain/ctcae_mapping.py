"""How one version of CTCAE became the next, term by term and grade by grade.

A mapping is for looking ahead only: what has been graded keeps its dictionary and its grade for ever.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.safety.domain.ctcae import Dictionary


class Change(StrEnum):
    """What happened to an element of a term: its definition, its note or one of its grades."""

    NONE = "none"
    CLARIFICATION = "clarification"
    DELETION = "deletion"
    SOC = "soc"
    SOC_AND_CLARIFICATION = "soc+clarification"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedElement:
    """Where an element went. `element` and `to_element` are `1` to `5`, `definition` or `note`.

    `other_specify` is the text to write where the target is an "Other, specify" term.
    """

    term: str
    element: str
    change: Change
    to_term: str
    to_element: str
    other_specify: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedGrade:
    """A term and grade of the new version; `soc` is that of the new term."""

    term: str
    soc: str
    grade: int
    other_specify: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryMapping:
    """The whole map from one dictionary to the next, keyed by folded term and element."""

    source: str
    target: Dictionary
    elements: Mapping[tuple[str, str], MappedElement]

    def grade_after(self, term: str, grade: int) -> MappedGrade | None:
        """Where a term's grade went, or None when the source has no such grade for it."""
        found = self.elements.get((term.strip().casefold(), str(grade)))
        if found is None:
            return None
        soc = self.target.terms[found.to_term.casefold()].soc
        return MappedGrade(
            term=found.to_term,
            soc=soc,
            grade=int(found.to_element),
            other_specify=found.other_specify,
            change=found.change,
        )


def build_mapping(
    source: Dictionary, target: Dictionary, rows: Iterable[Mapping[str, str]]
) -> DictionaryMapping:
    """The map from rows with the columns `term`, `element`, `change`, `to_term`, `to_element`, `other_specify`.

    Raises:
        ValueError: a row names what one of the dictionaries lacks, a row comes twice, or a grade has no row.
    """
    elements: dict[tuple[str, str], MappedElement] = {}
    for row in rows:
        element = _element(row, source, target)
        key = (element.term.casefold(), element.element)
        if elements.setdefault(key, element) is not element:
            raise ValueError(f"{element.term!r} is mapped twice")
    for term in source.terms.values():
        for grade in term.grades:
            if (term.name.casefold(), str(grade)) not in elements:
                raise ValueError(f"grade {grade} of {term.name!r} is not mapped")
    return DictionaryMapping(source=source.pinned, target=target, elements=MappingProxyType(elements))


def _element(row: Mapping[str, str], source: Dictionary, target: Dictionary) -> MappedElement:
    old, new = source.find(row["term"]), target.find(row["to_term"])
    if old is None or new is None or row["element"].isdigit() != row["to_element"].isdigit():
        raise ValueError(f"not a mapping row: {dict(row)!r}")
    if row["element"].isdigit() and int(row["to_element"]) not in new.grades:
        raise ValueError(f"{new.name!r} has no grade {row['to_element']}")
    return MappedElement(
        term=old.name,
        element=row["element"],
        change=Change(row["change"]),
        to_term=new.name,
        to_element=row["to_element"],
        other_specify=row["other_specify"],
    )
