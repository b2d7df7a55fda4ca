"""Sequential stopping boundaries for a rate of events, and the first count that crosses one."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from services.safety.domain.refusals import Refused
from services.safety.domain.stopping_rule_characteristics import Boundary, characteristics
from services.safety.domain.stopping_rule_evidence import (
    HEAVIEST_PRIOR,
    HIGHEST_RATE,
    LOWEST_RATE,
    Evidence,
    evidence_table,
)

MOST_PARTICIPANTS = 1_000
FIRST_LOOK_OF_OVERDOSE = 3
CUTOFF_OF_OVERDOSE = Decimal("0.95")
_FLAT = (Decimal(1), Decimal(1))
_ROUNDING = 1e-12
"""Two values that differ by less, relatively, are equal: they were equal before they were rounded."""


class BoundaryKind(StrEnum):
    BETA_BINOMIAL = "beta-binomial"
    POCOCK = "pocock"
    OVERDOSE = "overdose"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryDesign:
    """Parameters from which a boundary follows; what a kind does not use is None.

    Attributes:
        kind: the family.
        participants: last n, 1 to MOST_PARTICIPANTS.
        p0: rate that is still acceptable; for `overdose` the target.
        alpha: largest probability of stopping at p0, from which the cut-off follows; None with a `cutoff`.
        cutoff: of Pr(p > p0) for `beta-binomial` and `overdose`, of Pr(X >= x | p0) for `pocock`.
        prior: parameters of the beta prior; none for `pocock`.
        first_look: smallest n that may stop.
    """

    kind: BoundaryKind
    participants: int
    p0: Decimal
    alpha: Decimal | None = None
    cutoff: Decimal | None = None
    prior: tuple[Decimal, Decimal] | None = None
    first_look: int | None = None


def boundary_of(design: BoundaryDesign) -> Boundary:
    """Events that stop after each n from 1 to the last participant.

    Returns:
        `beta-binomial`: Pr(p > p0) at or above the smallest cut-off whose size is at most alpha;
        `pocock`: Pr(X >= x | n, p0) at or below the largest such cut-off;
        `overdose`: Pr(p > target) above the cut-off, from the third participant on unless told otherwise.

    Raises:
        Refused: `stopping_rule_invalid`, with the `field` as a fact.
    Source: beta-binomial: mjmartens/stoppingrule, README at 2ef67698; Pocock: Ivanova, Qaqish and Schell,
        Biometrics 61:540, 2005; overdose control: Liu and Yuan, J R Stat Soc C 64:507, 2015.
    """
    _check(design)
    return _boundary(design)


@lru_cache(maxsize=256)
def _boundary(design: BoundaryDesign) -> Boundary:
    p0 = float(design.p0)
    if design.kind is BoundaryKind.POCOCK:
        table = evidence_table(0, 1, p0, design.participants)
    else:
        a, b = design.prior or _FLAT
        table = evidence_table(float(a), float(b), p0, design.participants)
    first_look = design.first_look or 1
    if design.kind is BoundaryKind.OVERDOSE:
        first_look = design.first_look or FIRST_LOOK_OF_OVERDOSE
        limit = float(1 - (design.cutoff or CUTOFF_OF_OVERDOSE))
        return _where(table, limit * (1 - 2 * _ROUNDING), first_look)
    if design.cutoff is not None:
        pocock = design.kind is BoundaryKind.POCOCK
        return _where(table, float(design.cutoff if pocock else 1 - design.cutoff), first_look)
    return _calibrated(table, p0, float(design.alpha or 0), first_look)


def _calibrated(table: Evidence, p0: float, alpha: float, first_look: int) -> Boundary:
    """The widest stopping region of the family whose size is at most alpha; no region is empty."""
    limits = sorted({value for row in table[first_look - 1 :] for value in row})
    most = alpha * (1 + _ROUNDING)

    def is_too_large(limit: float) -> bool:
        return characteristics(_where(table, limit, first_look), p0).stop_probability > most

    fitting = bisect_left(limits, True, key=is_too_large)
    return _where(table, limits[fitting - 1], first_look) if fitting else (None,) * len(table)


def _where(table: Evidence, limit: float, first_look: int) -> Boundary:
    """The smallest count of each n whose evidence is at or below the limit."""
    most = limit * (1 + _ROUNDING)
    found: list[int | None] = []
    for n, row in enumerate(table, start=1):
        x = bisect_left(row, True, key=lambda value: value <= most)
        found.append(x if n >= first_look and x <= n else None)
    return tuple(found)


def first_crossing(boundary: Boundary, counts: Iterable[tuple[int, int]]) -> int | None:
    """The smallest n at which a count crosses, whatever the order and number of the counts; None if none does.

    Args:
        boundary: events that stop after n = 1, 2, ...
        counts: evaluable participants and events among them; an n beyond the boundary crosses nothing.
    """
    crossed = [n for n, events in counts if 1 <= n <= len(boundary) and _crosses(boundary[n - 1], events)]
    return min(crossed, default=None)


def _crosses(limit: int | None, events: int) -> bool:
    return limit is not None and events >= limit


def _check(design: BoundaryDesign) -> None:
    _check_within("participants", design.participants, 1, MOST_PARTICIPANTS)
    _check_within("p0", design.p0, Decimal(str(LOWEST_RATE)), Decimal(str(HIGHEST_RATE)))
    if design.first_look is not None:
        _check_within("first_look", design.first_look, 1, design.participants)
    for field, value in (("alpha", design.alpha), ("cutoff", design.cutoff)):
        if value is not None and not 0 < value < 1:
            raise stopping_rule_invalid(field, "This is not a number between 0 and 1.")
    if design.kind is BoundaryKind.OVERDOSE and design.alpha is not None:
        raise stopping_rule_invalid("alpha", "Overdose control has a cut-off and no size to keep.")
    if design.kind is not BoundaryKind.OVERDOSE and (design.alpha is None) == (design.cutoff is None):
        raise stopping_rule_invalid("alpha", "Either a size (alpha) or a cut-off is needed, not both.")
    _check_prior(design)


def _check_prior(design: BoundaryDesign) -> None:
    if design.kind is BoundaryKind.POCOCK and design.prior is not None:
        raise stopping_rule_invalid("prior", "A Pocock-type boundary has no prior.")
    if design.kind is BoundaryKind.BETA_BINOMIAL and design.prior is None:
        raise stopping_rule_invalid("prior", "The beta prior is needed.")
    if not all(0 < parameter <= HEAVIEST_PRIOR for parameter in design.prior or ()):
        raise stopping_rule_invalid("prior", f"Each parameter is above 0 and at most {HEAVIEST_PRIOR}.")


def _check_within(field: str, value: Decimal | int, low: Decimal | int, high: Decimal | int) -> None:
    if not low <= value <= high:
        raise stopping_rule_invalid(field, f"This is not between {low} and {high}.")


def stopping_rule_invalid(field: str, message: str) -> Refused:
    return Refused("stopping_rule_invalid", message, {"field": field})
