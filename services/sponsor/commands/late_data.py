"""Decisions whose data have changed since they were taken."""

from dataclasses import replace

from services.sponsor.commands.announcements import decision_superseded
from services.sponsor.domain.assessment import recommend_part
from services.sponsor.domain.decision import Decision, DecisionState, EndedBecause, supersede
from services.sponsor.domain.late_data import LateDataFinding, evaluate_late_data, finding_payload
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.snapshot import StoredSnapshot, thaw
from services.sponsor.store.decisions import save_state
from services.sponsor.store.snapshots import load_snapshots
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.outbox import NewEvent


def judge(picture: TrialPicture, stored: StoredSnapshot) -> LateDataFinding:
    """A stored snapshot against what is known now, by the terms and the history it was frozen under."""
    snapshot = thaw(stored.frozen)
    terms = picture.versions[snapshot.protocol_version].part(snapshot.part)
    return evaluate_late_data(
        snapshot,
        picture.observed.standings,
        lambda standings: recommend_part(terms, standings, stored.history),
    )


async def mark_late_data(tx: Tx, act: Act, picture: TrialPicture) -> tuple[TrialPicture, list[NewEvent]]:
    """Supersede decisions whose data have changed. A restriction stands whatever becomes of its data.

    A letter rests on another organisation's data, so only another letter ends it; what is known here can still
    hold its level.
    """
    open_states = {DecisionState.PROPOSED, DecisionState.IN_FORCE}
    checked = [
        d for d in picture.decisions if d.state in open_states and not d.kind.restricts and d.letter is None
    ]
    snapshots = await load_snapshots(tx, {decision.snapshot_id for decision in checked})
    superseded: dict[str, Decision] = {}
    events = []
    for decision in checked:
        finding = judge(picture, snapshots[decision.snapshot_id])
        if not finding.superseded:
            continue
        superseded[decision.id] = supersede(decision, EndedBecause.LATE_DATA, act.now)
        await save_state(tx, superseded[decision.id], finding=finding_payload(finding))
        reason = finding.reason.value
        if decision.state is DecisionState.IN_FORCE:
            events.append(decision_superseded(decision, reason, act.now))
        else:
            await record(tx, act, decision.id, "dose-decision.outdated", {"reason": reason}, reason=reason)
    decisions = tuple(superseded.get(decision.id, decision) for decision in picture.decisions)
    return replace(picture, decisions=decisions), events
