"""A small line of one participant's values of one test, as SVG in whole tenths of a pixel."""

from decimal import Decimal

from services.sponsor.domain.pack.laboratory import Trend

WIDTH, HEIGHT, MARGIN = 1600, 300, 30
"""In tenths of a pixel."""


def sparkline(trend: Trend) -> str:
    """The line, and a dot at every value; a reader without pictures hears how many values there are."""
    values = trend.values
    low, high = trend.lowest.value, trend.highest.value
    first, last = values[0].taken_on.toordinal(), values[-1].taken_on.toordinal()
    points = [
        (
            _place(Decimal(one.taken_on.toordinal() - first), Decimal(last - first), WIDTH),
            HEIGHT - _place(one.value - low, high - low, HEIGHT),
        )
        for one in values
    ]
    line = " ".join(f"{_tenths(x)},{_tenths(y)}" for x, y in points)
    dots = "".join(f'<circle cx="{_tenths(x)}" cy="{_tenths(y)}" r="1.5"/>' for x, y in points)
    return (
        f'<svg width="{WIDTH // 10}" height="{HEIGHT // 10}" role="img" aria-label="{len(values)} values">'
        f'<polyline points="{line}" fill="none" stroke="#1f4e5f"/>{dots}</svg>'
    )


def _place(part: Decimal, whole: Decimal, size: int) -> int:
    """Where a part of a whole lies between the margins; in the middle when there is no whole."""
    if whole == 0:
        return size // 2
    return MARGIN + int(part * (size - 2 * MARGIN) / whole)


def _tenths(number: int) -> str:
    return f"{number // 10}.{number % 10}"
