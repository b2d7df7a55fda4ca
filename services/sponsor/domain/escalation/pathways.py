"""What a design would recommend next, for every outcome of the participants to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from services.sponsor.domain.escalation.design import Answer, DoseDesign
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.recommend import recommend
from services.sponsor.domain.escalation.result import Reason, RecommendationKind

ENDS = frozenset({RecommendationKind.COMPLETE, RecommendationKind.STOP_NO_MTD})
MOST_PATHS = 50_000


class TooManyPaths(Exception):
    """More outcomes than are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Participants who got their answers at a level: n of them, some with a DLT."""

    level: int
    n: int
    dlt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Outcomes from the present on, and what the design then recommends."""

    steps: tuple[Step, ...]
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    data: Observations
    path: Path


def pathways(design: DoseDesign, data: Observations, depth: int) -> tuple[Path, ...]:
    """Every path of so many cohorts, parents before children, numbers of DLTs ascending.

    Pending participants get their answers first, which counts as no cohort. A cohort under way is completed before
    the next one enters.

    Raises:
        TooManyPaths: there are more than MOST_PATHS.
    """
    found: list[Path] = []
    for path in _paths(design, data, depth):
        found.append(path)
        if len(found) > MOST_PATHS:
            raise TooManyPaths
    return tuple(found)


def _paths(design: DoseDesign, data: Observations, depth: int) -> Iterator[Path]:
    root = Path(steps=(), answer=recommend(design, data))
    if not sum(data.pending):
        yield from _below(design, _Node(data=data, path=root), depth)
        return
    for outcome in product(*(range(pending + 1) for pending in data.pending)):
        steps = tuple(
            Step(level=level, n=pending, dlt=dlts)
            for level, (pending, dlts) in enumerate(zip(data.pending, outcome, strict=True), 1)
            if pending
        )
        node = _node(design, data.resolved(outcome), steps)
        yield node.path
        yield from _below(design, node, depth)


def _below(design: DoseDesign, node: _Node, depth: int) -> Iterator[Path]:
    """The paths that go on from a node."""
    entering = _entering(design, node)
    if depth == 0 or entering is None:
        return
    level, size, completes = entering
    for dlts in range(size + 1):
        outcomes = [place < dlts for place in range(size)]
        data = node.data.followed_by(level, outcomes, same_cohort=completes)
        steps = (*node.path.steps, Step(level=level, n=size, dlt=dlts))
        child = _node(design, data, steps)
        yield child.path
        yield from _below(design, child, depth - 1)


def _node(design: DoseDesign, data: Observations, steps: tuple[Step, ...]) -> _Node:
    return _Node(data=data, path=Path(steps=steps, answer=recommend(design, data)))


def _entering(design: DoseDesign, node: _Node) -> tuple[int, int, bool] | None:
    """Level and number of the participants to come, and whether they complete a cohort.

    None where nobody may enter.
    """
    answer, data = node.path.answer, node.data
    if answer.kind in ENDS:
        return None
    missing = design.missing(data) if data.treated else 0
    if missing and data.current is not None and Reason.PARTIAL_COHORT in answer.reasons:
        return data.current, missing, True
    if answer.level is None:
        return None
    size = design.terms.cohort_size or 1
    if isinstance(design, LevelDesign):
        evaluated, _, pending = data.at(answer.level)
        size = min(size, design.table.largest_total - evaluated - pending)
    return (answer.level, size, False) if size > 0 else None
