"""The places of a trial that is taken over: which decisions gave them, and whether everybody in it had one."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.enrolment.domain.decisions import OPENING, DecisionKind
from services.enrolment.domain.ids import PartLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDecision:
    """A decision as the folder states it; `label` is its name in the old system."""

    label: str
    kind: DecisionKind
    place: PartLevel
    places: int
    in_force_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A level from its opening until it closed: the places of the decision that opened it, and of its expansions."""

    number: int
    place: PartLevel
    labels: tuple[str, ...]
    places: int
    still_open: bool


def openings_of(decisions: Sequence[TakenDecision]) -> tuple[Opening, ...]:
    """The openings that these decisions made, in order; opening a level closes the others of its part."""
    found: list[Opening] = []
    for decision in sorted(decisions, key=lambda one: one.in_force_at):
        running = next((one for one in found if one.still_open and one.place == decision.place), None)
        if decision.kind is DecisionKind.EXPAND and running is not None:
            found[running.number] = replace(
                running, labels=(*running.labels, decision.label), places=running.places + decision.places
            )
        elif decision.kind in OPENING:
            found = [_closed(one, decision.place.part) for one in found]
            found.append(
                Opening(
                    number=len(found),
                    place=decision.place,
                    labels=(decision.label,),
                    places=decision.places,
                    still_open=True,
                )
            )
        elif decision.kind is DecisionKind.CLOSE_LEVEL and running is not None:
            found[running.number] = replace(running, still_open=False)
        elif decision.kind is DecisionKind.DECLARE_MTD:
            found = [_closed(one, decision.place.part) for one in found]
    return tuple(found)


def _closed(opening: Opening, part: str) -> Opening:
    return replace(opening, still_open=False) if opening.place.part == part else opening


def without_place(
    openings: Sequence[Opening], registered: Iterable[tuple[str, str]], replaced: Collection[str]
) -> frozenset[str]:
    """Numbers of participants for whom no place was left.

    Args:
        openings: see `openings_of`.
        registered: number and decision of everybody whose registration stands, in the order of registration.
        replaced: numbers of those who cannot be judged; each gives its level one place more.
    """
    by_label = {label: opening.number for opening in openings for label in opening.labels}
    people = [(number, by_label[label]) for number, label in registered if label in by_label]
    left = Counter({opening.number: opening.places for opening in openings})
    left.update(opening for number, opening in people if number in replaced)
    beyond = set()
    for number, opening in people:
        left[opening] -= 1
        if left[opening] < 0:
            beyond.add(number)
    return frozenset(beyond)
