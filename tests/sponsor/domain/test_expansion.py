import pytest

from services.sponsor.domain.boundary import checked_limits
from services.sponsor.domain.cohort_rule import BoundaryRule, rule_from_boundary
from services.sponsor.domain.escalation.expansion import recommend_expansion
from services.sponsor.domain.escalation.result import Reason, RecommendationKind
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.standing import LevelCounts

Kind = RecommendationKind


def rule() -> BoundaryRule:
    limits = checked_limits({3: 3, 6: 4}, 12)
    return rule_from_boundary("protocol 9.3", limits, 12, PartLevel(part="x", level=1))


@pytest.mark.parametrize(
    ("counts", "kind", "level", "reasons", "closed"),
    [
        (LevelCounts(n=5, dlt=2), Kind.STAY, 1, (), ()),
        (LevelCounts(n=5, dlt=3), Kind.ELIMINATE, None, (Reason.BOUNDARY_CROSSED,), (1, 2)),
        (LevelCounts(n=12, pending=1), Kind.SUSPEND, None, (Reason.MAXIMUM_REACHED,), ()),
        (LevelCounts(n=12, dlt=2), Kind.COMPLETE, 1, (Reason.MAXIMUM_REACHED,), ()),
        (
            LevelCounts(n=5, dlt=2, pending=1, provisional=1),
            Kind.ELIMINATE,
            None,
            (Reason.BOUNDARY_CROSSED, Reason.PROVISIONAL_DLT),
            (1, 2),
        ),
        (LevelCounts(n=5, pending=1, provisional=1), Kind.STAY, 1, (), ()),
    ],
)
def test_an_expansion_follows_its_boundary(
    counts: LevelCounts,
    kind: RecommendationKind,
    level: int | None,
    reasons: tuple[Reason, ...],
    closed: tuple[int, ...],
) -> None:
    found = recommend_expansion(rule(), counts, 1, 2)

    assert (found.kind, found.level, found.reasons, found.closed_levels) == (kind, level, reasons, closed)
