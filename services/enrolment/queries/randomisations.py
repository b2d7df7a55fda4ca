"""What is read of randomisations: by everybody that they happened, by unblinded people lists, draws and arms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.enrolment.domain.minimisation import MinimisationWarning, Minimised
from services.enrolment.domain.randomisation_records import (
    Allocation,
    FactorCorrection,
    Place,
    PreparedList,
    Randomised,
)
from services.enrolment.domain.randomisation_replay import (
    Assignment,
    Correction,
    Difference,
    ListUsed,
    replay,
)
from services.enrolment.domain.randomising import Minimisation, RowDrawn
from services.enrolment.domain.refusals import Refused
from services.enrolment.queries.unblinded_view import unblinded_view, unblinded_view_of_site
from services.enrolment.queries.visibility import unseen, view_site
from services.enrolment.store.participants import find_participant
from services.enrolment.store.randomisation_terms import design_from
from services.enrolment.store.randomised import corrections_of, randomised_of
from services.enrolment.store.unblinded import (
    all_places,
    allocations_of,
    allocations_page,
    arms_of,
    lists_of,
    places_of,
    strata_of,
)
from shared.act import Act
from shared.database import Tx


async def show_randomised(tx: Tx, act: Act, participant_id: str) -> list[Randomised]:
    """A participant's randomisations, for whoever may read the participant; arms only where they are open."""
    participant = await find_participant(tx, participant_id)
    trial, site = (participant.trial_id, participant.site_number) if participant else (None, "")
    await view_site(tx, act, trial, site)
    if participant is None:
        raise unseen(act)
    return await randomised_of(tx, participant_id)


async def show_arms(tx: Tx, act: Act, participant_id: str) -> list[Allocation]:
    """A participant's arms, for unblinded people."""
    participant = await find_participant(tx, participant_id)
    trial, site = (participant.trial_id, participant.site_number) if participant else (None, "")
    await unblinded_view_of_site(tx, act, trial, site)
    return await arms_of(tx, participant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    stratum: str
    rows: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """A prepared list; strata that were not used yet are not generated yet."""

    prepared: PreparedList
    strata: Sequence[Stratum]


async def show_lists(tx: Tx, act: Act, trial: str, randomisation: str) -> list[ListView]:
    """Every list of a randomisation with its seed."""
    seen = await unblinded_view(tx, act, trial)
    return [
        ListView(
            prepared=prepared,
            strata=[
                Stratum(stratum=name, rows=rows, used=used)
                for name, rows, used in await strata_of(tx, prepared.id)
            ],
        )
        for prepared in await lists_of(tx, seen.id, randomisation)
    ]


async def show_rows(
    tx: Tx, act: Act, trial: str, randomisation: str, list_id: str, stratum: str, *, after: int, limit: int
) -> list[Place]:
    """Rows of one stratum, in order.

    Raises:
        Refused: `not_found` for a list of another randomisation.
    """
    seen = await unblinded_view(tx, act, trial)
    if list_id not in {prepared.id for prepared in await lists_of(tx, seen.id, randomisation)}:
        raise Refused("not_found", "There is no such list.")
    return await places_of(tx, list_id, stratum, after=after, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Allocations in order with the lists that they came from, and every correction of levels."""

    items: Sequence[Allocation]
    lists: Mapping[str, PreparedList]
    corrections: Sequence[FactorCorrection]


async def show_audit(
    tx: Tx, act: Act, trial: str, randomisation: str, *, after: int, limit: int
) -> AuditPage:
    """Everything that is needed to make each draw again."""
    seen = await unblinded_view(tx, act, trial)
    lists = {prepared.id: prepared for prepared in await lists_of(tx, seen.id, randomisation)}
    return AuditPage(
        items=await allocations_page(tx, seen.id, randomisation, after=after, limit=limit),
        lists=lists,
        corrections=await corrections_of(tx, seen.id, randomisation),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a replay is made from."""

    lists: Mapping[str, ListUsed]
    assignments: Sequence[Assignment]
    corrections: Sequence[Correction]

    def replayed(self) -> tuple[Difference, ...]:
        """Every assignment that does not come out again as recorded; computes for a while."""
        return replay(self.lists, self.assignments, self.corrections)


async def recorded_draws(tx: Tx, act: Act, trial: str, randomisation: str) -> Recorded:
    """A randomisation as it was recorded, read whole."""
    seen = await unblinded_view(tx, act, trial)
    lists = {}
    for prepared in await lists_of(tx, seen.id, randomisation):
        kept = await all_places(tx, prepared.id) if prepared.source == "uploaded" else []
        lists[prepared.id] = ListUsed(
            id=prepared.id,
            design=design_from(prepared.design),
            seed=prepared.seed,
            uploaded={(place.stratum, place.place): place.arm for place in kept},
            counts_follow_corrections=prepared.counts_follow_corrections,
        )
    return Recorded(
        lists=lists,
        assignments=[_assignment(one) for one in await allocations_of(tx, seen.id, randomisation)],
        corrections=[
            Correction(
                assignment_id=one.randomised_id, after_number=one.after_number, levels=one.levels_after
            )
            for one in await corrections_of(tx, seen.id, randomisation)
        ],
    )


def _assignment(one: Allocation) -> Assignment:
    drawn: RowDrawn | Minimisation
    if one.place is not None:
        drawn = RowDrawn(stratum=one.stratum, row=one.place, block=one.block, arm=one.arm)
    else:
        drawn = _minimisation(one)
    return Assignment(number=one.number, id=one.id, list_id=one.list_id, levels=one.levels, drawn=drawn)


def _minimisation(one: Allocation) -> Minimisation:
    counts, draws, found = one.counts or {}, one.draws or {}, one.found or {}
    return Minimisation(
        counts={name: tuple(on_arms) for name, on_arms in counts.items()},
        tie=draws.get("tie", ""),
        coin=draws.get("coin", ""),
        found=Minimised(
            g=tuple(found.get("g", ())),
            preferred=tuple(found.get("preferred", ())),
            probabilities=tuple(found.get("probabilities", ())),
            order=tuple(found.get("order", ())),
            arm=one.arm,
            warnings=tuple(MinimisationWarning(one) for one in found.get("warnings", ())),
        ),
    )
