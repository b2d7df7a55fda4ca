"""Dose decisions with everything beside them that a signer or an inspector needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sponsor.domain.decision import Decision
from services.sponsor.domain.ids import ParticipantId
from services.sponsor.domain.late_data import first_doses_changed
from services.sponsor.domain.raised import RaisedRecommendation
from services.sponsor.domain.snapshot import StoredSnapshot, thaw
from services.sponsor.queries.circulation import SiteCirculation, circulating, circulation
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS_AND_INVESTIGATORS, visible_trial
from services.sponsor.store.copies import registrations_of
from services.sponsor.store.decisions import decisions_after, findings_of, load_decision
from services.sponsor.store.packs import PackHead, packs_of
from services.sponsor.store.recommendations import latest_recommendations
from services.sponsor.store.snapshots import load_snapshots
from shared.act import Act
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """A decision, the recommendation as it is now, and the late data that superseded the decision.

    `first_doses_changed` names participants whose first dose is not what the decision's snapshot says;
    `circulation` says where it is in force, `pack` what the committee was shown.
    """

    decision: Decision
    present: RaisedRecommendation | None
    finding: Mapping[str, Any] | None
    first_doses_changed: Sequence[str] = ()
    circulation: Sequence[SiteCirculation] = ()
    pack: PackHead | None = None

    @property
    def id(self) -> str:
        return self.decision.id


async def show_decision(tx: Tx, act: Act, decision_id: str) -> DecisionView:
    """One decision, for whoever may read it."""
    decision = await load_decision(tx, decision_id)
    await visible_trial(tx, act, decision.trial_id if decision else "", READERS_AND_INVESTIGATORS)
    if decision is None:
        raise Problem("not_found")
    return (await views_of(tx, [decision]))[0]


async def list_decisions(tx: Tx, act: Act, trial_id: str, cursor: str, limit: int) -> Page[DecisionView]:
    """A trial's decisions in the order of their proposal."""
    trial = await visible_trial(tx, act, trial_id, READERS_AND_INVESTIGATORS)

    async def load(after: str, most: int) -> list[DecisionView]:
        return await views_of(tx, await decisions_after(tx, trial.id, after, most))

    return await page_of(load, cursor, limit)


async def views_of(tx: Tx, decisions: Sequence[Decision]) -> list[DecisionView]:
    """Decisions of one trial with what stands beside them."""
    if not decisions:
        return []
    present = await latest_recommendations(tx, decisions[0].trial_id)
    findings = await findings_of(tx, [decision.id for decision in decisions])
    snapshots = await load_snapshots(tx, {decision.snapshot_id for decision in decisions})
    registrations = await registrations_of(tx, decisions[0].trial_id)
    sites = await circulating(tx, decisions[0].trial_id)
    packs = {pack.snapshot_id: pack for pack in await packs_of(tx, decisions[0].trial_id)}
    first_doses = {one.participant_id: one.first_dose_at for one in registrations}
    return [
        DecisionView(
            decision=decision,
            present=present.get(decision.place.part),
            finding=findings.get(decision.id),
            first_doses_changed=_changed(snapshots.get(decision.snapshot_id), first_doses),
            circulation=circulation(decision, sites),
            pack=packs.get(decision.snapshot_id),
        )
        for decision in decisions
    ]


def _changed(
    stored: StoredSnapshot | None, first_doses: Mapping[ParticipantId, datetime | None]
) -> Sequence[str]:
    """A decision that rests on a letter has no snapshot."""
    return () if stored is None else first_doses_changed(thaw(stored.frozen), first_doses)
