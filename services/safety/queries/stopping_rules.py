"""Stopping rules as people read them: boundary, what it does, counts now, and crossings."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.safety.domain.roles import READING_CROSSINGS
from services.safety.domain.stopping_rule_characteristics import Characteristics, characteristics
from services.safety.domain.stopping_rule_definition import StoppingRule
from services.safety.queries.visibility import visible_sites
from services.safety.store.places import trial_named
from services.safety.store.stopping_crossings import StoredCrossing, crossings_after, load_crossing
from services.safety.store.stopping_rules import Counted, counts_of, rules_in_force
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRule:
    """A rule in force; `counted` is None until the first participant is registered.

    The characteristics assume that everybody is followed to the end of the window.
    """

    rule: StoppingRule
    counted: Counted | None
    characteristics: tuple[Characteristics, ...]


async def list_stopping_rules(
    tx: Tx, principal: Principal, *, trial_key: str, rates: Sequence[float]
) -> list[WatchedRule]:
    """The rules of a trial, with exact characteristics at each of these rates."""
    visible_sites(principal, READING_CROSSINGS, trial_key)
    trial = await trial_named(tx, None, trial_key)
    if trial.id is None:
        raise Problem("not_found")
    counted = await counts_of(tx, trial.id)
    return [
        WatchedRule(
            rule=rule,
            counted=counted.get(rule.id),
            characteristics=tuple(characteristics(rule.boundary, rate) for rate in rates),
        )
        for rule in sorted(await rules_in_force(tx, trial.id), key=lambda one: one.id)
    ]


async def list_crossings(
    tx: Tx, principal: Principal, *, trial_key: str, after: str, limit: int
) -> list[StoredCrossing]:
    visible_sites(principal, READING_CROSSINGS, trial_key)
    return await crossings_after(tx, trial_key, after, limit)


async def show_crossing(tx: Tx, principal: Principal, crossing_id: str) -> StoredCrossing:
    """One crossing; 404 when there is none, or none that this person may see."""
    if not principal.has_role(*READING_CROSSINGS):
        permit(principal, READING_CROSSINGS, scope=ANY, unit=ANY)
    crossing = await load_crossing(tx, crossing_id)
    if crossing is None:
        raise Problem("not_found")
    permit(principal, READING_CROSSINGS, scope=crossing.trial_key, unit=ANY)
    return crossing
