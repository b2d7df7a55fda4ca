"""What would be recommended once those who are pending have their answers: what if the pending child has a DLT.

The part's own rule answers each case, the same function that recommends live, so a preview cannot say another
thing than the recommendation will.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from services.sponsor.domain.assessment import looked_at, recommend_part
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.escalation.rolling_six import PartHistory
from services.sponsor.domain.ids import PartLevel
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import Standing, Verdict

MOST_OUTCOMES = 500
_AWAITED = frozenset({Verdict.PENDING, Verdict.MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """How many of those pending at a level turn out to have a DLT."""

    place: PartLevel
    pending: int
    dlt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One outcome of everybody who is pending, and what would then be recommended.

    Attributes:
        standings: of everybody whom the part's rule looks at, all answered.
    """

    outcome: tuple[Resolved, ...]
    recommendation: Recommendation
    standings: tuple[Standing, ...]


def previews(terms: PartTerms, standings: Iterable[Standing], history: PartHistory) -> tuple[Preview, ...]:
    """Every outcome of the pending participants, numbers of DLTs ascending; one when nobody is pending.

    Pending participants of a level are exchangeable, so a level with c of them has c + 1 outcomes.

    Raises:
        Refused: `outcomes_too_many` when there are more than MOST_OUTCOMES.
    """
    seen = looked_at(terms, standings)
    pending: dict[PartLevel, int] = {}
    for one in seen:
        if one.verdict in _AWAITED:
            pending[one.place] = pending.get(one.place, 0) + 1
    places = sorted(pending, key=lambda place: (place.part, place.level))
    if prod(pending[place] + 1 for place in places) > MOST_OUTCOMES:
        raise Refused("outcomes_too_many", f"At most {MOST_OUTCOMES} outcomes are looked at.")
    return tuple(
        _preview(
            terms,
            seen,
            history,
            tuple(
                Resolved(place=place, pending=pending[place], dlt=dlt)
                for place, dlt in zip(places, dlts, strict=True)
            ),
        )
        for dlts in product(*(range(pending[place] + 1) for place in places))
    )


def _preview(
    terms: PartTerms, seen: tuple[Standing, ...], history: PartHistory, outcome: tuple[Resolved, ...]
) -> Preview:
    answered = tuple(_answered(seen, outcome))
    return Preview(
        outcome=outcome, recommendation=recommend_part(terms, answered, history), standings=answered
    )


def _answered(seen: tuple[Standing, ...], outcome: tuple[Resolved, ...]) -> Iterator[Standing]:
    """Everybody with an answer; the first of a level's pending have the DLTs."""
    left = {resolved.place: resolved.dlt for resolved in outcome}
    for one in seen:
        if one.verdict not in _AWAITED:
            yield one
            continue
        has_dlt = left[one.place] > 0
        left[one.place] -= has_dlt
        verdict = Verdict.DLT if has_dlt else Verdict.NO_DLT
        yield replace(one, verdict=verdict, provisional_dlt=False)
