"""CTCAE as a value: which terms exist in one version and patch, and which grades exist for each term."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.safety.domain.refusals import Refused

GRADE_OF_DEATH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One adverse event term: its system organ class and the grades that are defined for it."""

    name: str
    soc: str
    grades: frozenset[int]

    @property
    def is_other_specify(self) -> bool:
        """Whether the term says nothing without the reporter's own words."""
        return self.name.casefold().endswith("other, specify")


class Advice(StrEnum):
    """What to ask a reporter whose grade does not exist for the term."""

    CODE_THE_CAUSE_OF_DEATH = "code_the_cause_of_death"
    USE_A_DEFINED_GRADE = "use_a_defined_grade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    advice: Advice
    defined_grades: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary:
    """One version and patch of CTCAE; `pinned` is written as in a protocol, for example `5.0+0`."""

    pinned: str
    terms: Mapping[str, Term]

    @property
    def version(self) -> str:
        return self.pinned.partition("+")[0]

    def find(self, text: str) -> Term | None:
        """The term of exactly this name, letter case and outer blanks ignored, or None."""
        return self.terms.get(_key(text))

    def socs(self) -> frozenset[str]:
        return frozenset(term.soc for term in self.terms.values())

    def is_named_by(self, name: str) -> bool:
        """Whether `name` means this dictionary: `5.0+0`, or `5.0` when the patch is left out."""
        return name.strip() in (self.pinned, self.version)


def _key(text: str) -> str:
    return text.strip().casefold()


def build_dictionary(pinned: str, rows: Iterable[Mapping[str, str]]) -> Dictionary:
    """Dictionary from rows with the columns `term`, `soc`, `grades` (digits of the grades that exist).

    Args:
        pinned: version and patch, for example `6.0+2026-01-20`.
        rows: one per term, as a CSV reader gives them.

    Raises:
        ValueError: a term is missing, listed twice, or has grades other than ascending digits 1 to 5.
    """
    terms: dict[str, Term] = {}
    for row in rows:
        term = _term(row)
        if _key(term.name) in terms:
            raise ValueError(f"{pinned} lists {term.name!r} twice")
        terms[_key(term.name)] = term
    if not terms:
        raise ValueError(f"{pinned} has no terms")
    return Dictionary(pinned=pinned, terms=MappingProxyType(terms))


def _term(row: Mapping[str, str]) -> Term:
    name, soc, grades = row["term"], row["soc"], row["grades"]
    if not name or not soc or not grades or "".join(sorted(set(grades) & set("12345"))) != grades:
        raise ValueError(f"not a dictionary row: {dict(row)!r}")
    return Term(name=name, soc=soc, grades=frozenset(int(digit) for digit in grades))


def suggest(term: Term, grade: int) -> Suggestion:
    """What to suggest when `grade` is not defined for `term`.

    Returns:
        For grade 5, coding the cause of death as its own term; otherwise the grades that exist.
    """
    fatal = grade == GRADE_OF_DEATH
    return Suggestion(
        advice=Advice.CODE_THE_CAUSE_OF_DEATH if fatal else Advice.USE_A_DEFINED_GRADE,
        defined_grades=tuple(sorted(term.grades)),
    )


def require_defined(dictionary: Dictionary, term_text: str, grade: int) -> Term:
    """The term, when the dictionary defines this grade for it; for calculators and edits, never for intake.

    Raises:
        Refused: `term_not_in_dictionary`, `grade_not_defined_for_term` (with the suggestion as facts).
    """
    term = dictionary.find(term_text)
    if term is None:
        raise Refused("term_not_in_dictionary", f"{term_text!r} is not a term of CTCAE {dictionary.pinned}.")
    if grade not in term.grades:
        suggestion = suggest(term, grade)
        raise Refused(
            "grade_not_defined_for_term",
            f"CTCAE {dictionary.pinned} defines no grade {grade} for {term.name}.",
            {"advice": suggestion.advice.value, "defined_grades": list(suggestion.defined_grades)},
        )
    return term
