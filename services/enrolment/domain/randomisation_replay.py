"""Making every draw of a randomisation again from what was recorded, and naming what comes out differently.

A list is generated again from its seed; the counts of each minimisation are counted again from the allocations before
it, with the levels as they were corrected by then; both random numbers are drawn again from seed and number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.enrolment.domain.minimisation import MinimisationDesign
from services.enrolment.domain.permuted_blocks import PermutedBlocks, rows_of_list
from services.enrolment.domain.randomising import Minimisation, OnArm, RowDrawn, minimise_next


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsed:
    """What a draw was made from; an uploaded table has its rows and no seed."""

    id: str
    design: PermutedBlocks | MinimisationDesign
    seed: str
    uploaded: Mapping[tuple[str, int], str]
    counts_follow_corrections: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One recorded draw; `levels` as they were stated then."""

    number: int
    id: str
    list_id: str
    levels: Mapping[str, str]
    drawn: RowDrawn | Minimisation

    @property
    def arm(self) -> str:
        return self.drawn.arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Levels of one assignment that were found wrong after assignment `after_number` was made."""

    assignment_id: str
    after_number: int
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An assignment that does not come out again as it was recorded; `what` names the value."""

    number: int
    what: str


def replay(
    lists: Mapping[str, ListUsed], assignments: Sequence[Assignment], corrections: Sequence[Correction]
) -> tuple[Difference, ...]:
    """Every assignment made again, in order; empty when all are the same.

    Args:
        lists: by id.
        assignments: by number from 1, without a gap.
        corrections: in the order in which they were made.
    """
    found: list[Difference] = []
    next_row: dict[tuple[str, str], int] = {}
    made = _made_again(lists, assignments)
    for place, one in enumerate(assignments, start=1):
        if one.number != place:
            return (*found, Difference(number=place, what="number"))
        source = lists[one.list_id]
        if isinstance(one.drawn, Minimisation):
            found += _minimised_again(source, one, one.drawn, assignments[: place - 1], corrections)
            continue
        key = (one.list_id, one.drawn.stratum)
        next_row[key] = next_row.get(key, 0) + 1
        if one.drawn.row != next_row[key]:
            found.append(Difference(number=one.number, what="row"))
        arm, block = made[one.list_id].get((one.drawn.stratum, one.drawn.row), ("", 0))
        wrong = {"arm": arm != one.drawn.arm, "block": block != one.drawn.block}
        found += [Difference(number=one.number, what=what) for what, differs in wrong.items() if differs]
    return tuple(found)


_Made = dict[tuple[str, int], tuple[str, int]]
"""Arm and block by stratum and row."""


def _made_again(lists: Mapping[str, ListUsed], assignments: Sequence[Assignment]) -> dict[str, _Made]:
    """Each list as far as it was used: generated again from its seed, or as it was uploaded."""
    furthest: dict[tuple[str, str], int] = {}
    for one in assignments:
        if isinstance(one.drawn, RowDrawn):
            key = (one.list_id, one.drawn.stratum)
            furthest[key] = max(furthest.get(key, 1), one.drawn.row)
    made: dict[str, _Made] = {
        id: {place: (arm, 0) for place, arm in source.uploaded.items()} for id, source in lists.items()
    }
    for (list_id, stratum), last in furthest.items():
        source = lists[list_id]
        if isinstance(source.design, PermutedBlocks) and not source.uploaded:
            for row in rows_of_list(source.design, stratum, source.seed, last):
                made[list_id][stratum, row.row] = (row.arm, row.block)
    return made


def _minimised_again(
    source: ListUsed,
    one: Assignment,
    drawn: Minimisation,
    before: Sequence[Assignment],
    corrections: Sequence[Correction],
) -> list[Difference]:
    if not isinstance(source.design, MinimisationDesign):
        return [Difference(number=one.number, what="design")]
    counted = corrections if source.counts_follow_corrections else ()
    again = minimise_next(
        source.design, _known_then(before, counted), one.levels, seed=source.seed, number=one.number
    )
    wrong = {
        "counts": again.counts != dict(drawn.counts),
        "draws": (again.tie, again.coin) != (drawn.tie, drawn.coin),
        "g": again.found.g != drawn.found.g,
        "probabilities": again.found.probabilities != drawn.found.probabilities,
        "order": again.found.order != drawn.found.order,
        "arm": again.arm != drawn.arm,
    }
    return [Difference(number=one.number, what=what) for what, differs in wrong.items() if differs]


def _known_then(before: Sequence[Assignment], corrections: Sequence[Correction]) -> list[OnArm]:
    """Everybody allocated before, with the levels as they had been corrected before the next draw."""
    last = len(before)
    corrected = {one.assignment_id: one.levels for one in corrections if one.after_number <= last}
    return [OnArm(arm=one.arm, levels=corrected.get(one.id, one.levels)) for one in before]
