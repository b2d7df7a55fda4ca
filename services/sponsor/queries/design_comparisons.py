"""Beside each decision of a trial, what other designs would have recommended on its frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.sponsor.domain.decision import Decision
from services.sponsor.domain.escalation.comparison import OtherSaying, compare
from services.sponsor.domain.protocol_terms import ProtocolTerms
from services.sponsor.domain.snapshot import StoredSnapshot, thaw
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS, visible_trial
from services.sponsor.store.compared_designs import compared_designs
from services.sponsor.store.decisions import decisions_after
from services.sponsor.store.protocol_versions import versions_of
from services.sponsor.store.snapshots import load_snapshots
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDecision:
    """A decision and what other designs would have recommended.

    `others` is empty where the decision rests on a letter or its part is not an escalation.
    """

    decision: Decision
    others: Sequence[OtherSaying]

    @property
    def id(self) -> str:
        return self.decision.id


async def list_design_comparisons(
    tx: Tx, act: Act, trial_id: str, cursor: str, limit: int
) -> Page[ComparedDecision]:
    """A trial's decisions in the order of their proposal, for whoever may read the trial."""
    trial = await visible_trial(tx, act, trial_id, READERS)
    terms = {one.terms.version: one.terms for one in await versions_of(tx, trial.id)}

    async def load(after: str, most: int) -> list[ComparedDecision]:
        decisions = await decisions_after(tx, trial.id, after, most)
        snapshots = await load_snapshots(tx, {decision.snapshot_id for decision in decisions})
        return [_compared(decision, snapshots.get(decision.snapshot_id), terms) for decision in decisions]

    return await page_of(load, cursor, limit)


def _compared(
    decision: Decision, stored: StoredSnapshot | None, versions: Mapping[str, ProtocolTerms]
) -> ComparedDecision:
    if stored is None:
        return ComparedDecision(decision=decision, others=())
    snapshot = thaw(stored.frozen)
    part = versions[snapshot.protocol_version].part(snapshot.part)
    if part.kind != "escalation":
        return ComparedDecision(decision=decision, others=())
    designs = compared_designs().designs(part.levels, part.start_level)
    others = compare(designs, snapshot.standings, part.part, stored.history.eliminated)
    return ComparedDecision(decision=decision, others=others)
