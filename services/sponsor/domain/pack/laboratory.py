"""Laboratory values that the trial office attaches as a file: read strictly, shown as trends per participant."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from services.sponsor.domain.refusals import Refused

COLUMNS = ("participant_number", "test", "taken_on", "value", "unit", "low", "high")
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryValue:
    """One value with its limits of normal; None where the laboratory states none."""

    number: str
    test: str
    taken_on: date
    value: Decimal
    unit: str
    low: Decimal | None
    high: Decimal | None

    @property
    def outside(self) -> bool:
        below = self.low is not None and self.value < self.low
        return below or (self.high is not None and self.value > self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """All values of one test in one unit for one participant, oldest first."""

    number: str
    test: str
    unit: str
    values: tuple[LaboratoryValue, ...]

    @property
    def lowest(self) -> LaboratoryValue:
        return min(self.values, key=lambda one: (one.value, one.taken_on))

    @property
    def highest(self) -> LaboratoryValue:
        return max(self.values, key=lambda one: (one.value, -one.taken_on.toordinal()))


def read_laboratory(content: bytes) -> tuple[LaboratoryValue, ...]:
    """The values of a CSV file with exactly the columns of `COLUMNS`.

    Raises:
        Refused: `committee_file_invalid` with the first bad lines.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Refused("committee_file_invalid", "The file is no CSV in UTF-8.", lines=[]) from None
    if not rows or tuple(rows[0]) != COLUMNS or len(rows) > MOST_ROWS:
        raise Refused("committee_file_invalid", f"The header must be {','.join(COLUMNS)}.", lines=[1])
    values, bad = [], []
    for line, row in enumerate(rows[1:], start=2):
        value = _value(row)
        if value is None:
            bad.append(line)
        else:
            values.append(value)
    if bad:
        raise Refused("committee_file_invalid", "Lines cannot be read.", lines=bad[:20])
    return tuple(values)


def _value(row: Sequence[str]) -> LaboratoryValue | None:
    if len(row) != len(COLUMNS) or not all(row[:5]) or any(len(cell) > 60 for cell in row):
        return None
    number, test, taken_on, value, unit, low, high = row
    try:
        return LaboratoryValue(
            number=number,
            test=test,
            taken_on=date.fromisoformat(taken_on),
            value=_decimal(value),
            unit=unit,
            low=_decimal(low) if low else None,
            high=_decimal(high) if high else None,
        )
    except (ValueError, InvalidOperation):
        return None


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > 12:
        raise ValueError("not a number of this world")
    return number


def trends(values: Iterable[LaboratoryValue], numbers: Iterable[str]) -> tuple[Trend, ...]:
    """Trends of these participants, by number, test and unit."""
    wanted = set(numbers)
    found: dict[tuple[str, str, str], list[LaboratoryValue]] = {}
    for one in values:
        if one.number in wanted:
            found.setdefault((one.number, one.test, one.unit), []).append(one)
    return tuple(
        Trend(
            number=number,
            test=test,
            unit=unit,
            values=tuple(sorted(own, key=lambda one: (one.taken_on, one.value))),
        )
        for (number, test, unit), own in sorted(found.items())
    )
