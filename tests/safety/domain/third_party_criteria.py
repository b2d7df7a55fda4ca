"""Reader of the grading criteria of pharmaverse/admiral: R conditions in a JSON file, evaluated exactly.

A condition compares `signif(X, signif_dig)` with a number or a multiple; significant digits beyond those entered do
not matter here. A missing variable makes a comparison missing, and a missing condition is not met, as in `case_when`.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache

Variables = Mapping[str, Fraction | str | None]
Tri = bool | None
Condition = Callable[[Variables], Tri]
Number = Callable[[Variables], Fraction | None]

_SIGNIF = re.compile(r"signif\((.+?), signif_dig\)")
_CASE = re.compile(r"(.+?) ~ (\"[0-4]\"|NA_character_)(?:,\s*|$)")
_COMPARISON = re.compile(r"(.+?)\s*(<=|>=|<|>)\s*(.+)")
_RELATIONS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_TERM = re.compile(r"(?:(-?[0-9.]+)\*)?([A-Z]+)(?: \+ ([0-9.]+))?")


def their_grade(criteria: Mapping[str, str], variables: Variables) -> int | None:
    """Their grade: 0 when no condition is met, None for missing."""
    for key in ("GRADE_NA_CODE", "GRADE_4_CODE", "GRADE_3_CODE", "GRADE_2_CODE", "GRADE_1_CODE"):
        for condition, grade in _cases(criteria.get(key, "")):
            if condition(variables):
                return grade
    return 0


@cache
def _cases(code: str) -> list[tuple[Condition, int | None]]:
    return [
        (
            _any_of(_SIGNIF.sub(r"\1", condition)),
            None if grade == "NA_character_" else int(grade.strip('"')),
        )
        for condition, grade in _CASE.findall(code)
    ]


def numbers_in(criteria: Mapping[str, str]) -> set[Fraction]:
    """Every number that their conditions name, factors and limits alike."""
    codes = " ".join(text for key, text in criteria.items() if key.endswith("_CODE"))
    codes = re.sub(r'~ "[0-4]"', "", codes)
    return {Fraction(number) for number in re.findall(r"[0-9]+(?:\.[0-9]+)?", codes)}


def _split(text: str, sign: str) -> Iterator[str]:
    depth, part = 0, ""
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == sign and not depth:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()


@cache
def _any_of(text: str) -> Condition:
    parts = [_all_of(part) for part in _split(text, "|")]

    def holds(variables: Variables) -> Tri:
        found = [part(variables) for part in parts]
        return True if True in found else None if None in found else False

    return holds


def _all_of(text: str) -> Condition:
    parts = [_single(part) for part in _split(text, "&")]

    def holds(variables: Variables) -> Tri:
        found = [part(variables) for part in parts]
        return False if False in found else None if None in found else True

    return holds


def _single(text: str) -> Condition:
    if text.startswith("!"):
        inner = _single(text[1:])
        return lambda variables: None if (found := inner(variables)) is None else not found
    if missing := re.fullmatch(r"is\.na\(([A-Z]+)\)", text):
        return lambda variables: variables[missing[1]] is None
    if within := re.fullmatch(r"([A-Z]+) %in% (high|low)_indicator", text):
        return lambda variables: variables[within[1]] == within[2]
    if text.startswith("(") and text.endswith(")"):
        return _any_of(text[1:-1])
    found = _COMPARISON.fullmatch(text)
    assert found is not None, text
    return _comparison(_number(found[1]), _RELATIONS[found[2]], _number(found[3]))


def _comparison(left: Number, relation: Callable[[Fraction, Fraction], bool], right: Number) -> Condition:
    def holds(variables: Variables) -> Tri:
        first, second = left(variables), right(variables)
        return None if first is None or second is None else relation(first, second)

    return holds


def _number(text: str) -> Number:
    text = text.strip()
    if re.fullmatch(r"-?[0-9.]+", text):
        number = Fraction(text)
        return lambda _variables: number
    found = _TERM.fullmatch(text)
    assert found is not None, text
    times, name, plus = Fraction(found[1] or 1), found[2], Fraction(found[3] or 0)

    def value(variables: Variables) -> Fraction | None:
        entered = variables[name]
        return times * entered + plus if isinstance(entered, Fraction) else None

    return value
