"""B16: laboratory values graded by the shipped criteria, against bare comparisons of floats for the same four terms.

The comparisons know no units, no missing inputs, no candidates and no sentence. Every run checks that both find the
same grades.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import cycle, islice
from time import perf_counter

from benchmarks.measure import Result, interleaved
from benchmarks.size import Size
from benchmarks.surroundings import Surroundings
from services.safety.domain.laboratory import LaboratoryResult, grade_laboratory
from services.safety.domain.laboratory_rules import Analyte
from services.safety.store.laboratory_rules import laboratory_rules_for

VALUES = 20_000
_RULES = laboratory_rules_for("5.0")
_ALT_ULN = 40.0
_ANC, _HGB = "Neutrophil count decreased", "Anemia"
_ALT, _POTASSIUM = "Alanine aminotransferase increased", "Hyperkalemia"
Asked = tuple[Analyte, LaboratoryResult]


class WrongResult(Exception):
    """A run was fast and wrong."""


def asked() -> list[tuple[str, float, LaboratoryResult]]:
    """Values of a ward's week: name, the number as a float, and the result as entered."""
    found = []
    ranges = (
        (_ANC, LaboratoryResult(unit="10^9/L", lln=Decimal("2.0"))),
        (_HGB, LaboratoryResult(unit="g/L", lln=Decimal(120))),
        (_ALT, LaboratoryResult(unit="U/L", uln=Decimal(40), baseline=Decimal(30))),
        (_POTASSIUM, LaboratoryResult(unit="mmol/L", uln=Decimal("5.0"))),
    )
    for tenths in range(1, 200):
        for name, result in ranges:
            value = Decimal(tenths) / (10 if name in (_ANC, _POTASSIUM) else Decimal("0.2"))
            found.append((name, float(value), replace(result, value=value)))
    return list(islice(cycle(found), VALUES))


_ASKED = asked()
_PAIRS = [(_RULES.analytes[name.casefold()], result) for name, _, result in _ASKED]


def ours() -> Sequence[int | None]:
    return [grade_laboratory(_RULES, analyte, result).grade for analyte, result in _PAIRS]


def plain() -> Sequence[int | None]:
    return [_PLAIN[name](value) for name, value, _ in _ASKED]


def _below(*limits: float) -> Callable[[float], int]:
    return lambda value: sum(value < limit for limit in limits)


def _above(*limits: float) -> Callable[[float], int]:
    return lambda value: sum(value > limit for limit in limits)


_PLAIN: dict[str, Callable[[float], int]] = {
    _ANC: _below(2.0, 1.5, 1.0, 0.5),
    _HGB: _below(120, 100, 80),
    _ALT: _above(_ALT_ULN, 3 * _ALT_ULN, 5 * _ALT_ULN, 20 * _ALT_ULN),
    _POTASSIUM: _above(5.0, 5.5, 6.0, 7.0),
}
_EXPECTED = plain()


async def grading(_around: Surroundings, size: Size) -> AsyncIterator[Result]:
    """B16: gradings per second in one process, without a store."""

    async def rate(grade: Callable[[], Sequence[int | None]]) -> float:
        begun = perf_counter()
        found = grade()
        taken = perf_counter() - begun
        if found != _EXPECTED:
            raise WrongResult("the grades are not those of the comparisons")
        return VALUES / taken

    mine, anchor = await interleaved(lambda: rate(ours), lambda: rate(plain), runs=size.runs)
    yield Result(
        id="B16",
        what="laboratory values graded v bare comparisons of floats",
        store="–",
        transport="–",
        ours=mine,
        anchor=anchor,
        unit="values/s",
        runs=size.runs,
    )
