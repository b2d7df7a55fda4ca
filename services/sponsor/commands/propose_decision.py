"""Proposing a dose decision on a frozen snapshot; the service computes the cohort rule, nobody types it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from services.sponsor.commands.current_snapshot import require_current_snapshot
from services.sponsor.commands.permission import PROPOSERS, permitted
from services.sponsor.commands.sit import NO_MEETING, Minutes, seated, sit
from services.sponsor.domain.assessment import (
    closed_elsewhere,
    cohort_rule_for,
    counts_by_level,
    rule_source,
)
from services.sponsor.domain.cohort_rule import CohortRule, places_available, rule_sha256
from services.sponsor.domain.decision import Decision, DecisionKind, WrittenReason, text_hash
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.proposal import Ground, Proposal, decide_proposal
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import Snapshot, StoredSnapshot, thaw
from services.sponsor.domain.standing import count
from services.sponsor.store.decisions import add_decision
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.snapshots import load_snapshot
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeDecision:
    """`text` is the committee's reason; `reasons` are those for going above the recommendation.

    `minutes` say at which meeting it was decided; under a committee charter there must be one.
    """

    snapshot_id: str
    kind: DecisionKind
    level: int
    places: int
    text: str
    reasons: Sequence[WrittenReason]
    minutes: Minutes = NO_MEETING


async def propose_decision(tx: Tx, command: ProposeDecision, act: Act) -> Decision:
    """Keep a proposal that the rules allow, with the text that is to be signed.

    Raises:
        Refused: `letter_required_when_hosted`, `snapshot_outdated`, `snapshot_source_stale`,
            `design_table_mismatch`, and what `decide_proposal` and `sit` refuse.
    """
    load = partial(load_snapshot, tx, command.snapshot_id)
    stored, trial, act = await permitted(tx, act, load, PROPOSERS)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "No protocol version is in force.")
    if picture.version.terms.hosted:
        raise Refused("letter_required_when_hosted", "Enter the letter of the organisation that decides.")
    snapshot = thaw(stored.frozen)
    terms = picture.versions[snapshot.protocol_version].part(snapshot.part)
    label = terms.label(command.level)
    if rule_source(terms, snapshot.recommendation.cell.level) != snapshot.rule:
        raise Refused("design_table_mismatch", "The snapshot was computed with another table.")
    if not command.kind.restricts:
        await require_current_snapshot(tx, picture, stored)
    proposal = Proposal(
        id=DecisionId(act.new_id()),
        trial_id=trial.id,
        place=PartLevel(part=snapshot.part, level=command.level),
        level_label=label,
        kind=command.kind,
        places=command.places,
        reason=command.text,
        reasons=tuple(command.reasons),
        proposed_by=PersonId(act.actor),
        proposed_at=act.now,
    )
    ground = _ground(picture, stored, snapshot, terms, proposal)
    signing = picture.versions[snapshot.protocol_version].signing
    if signing is None:
        raise Refused("part_without_levels", "The protocol names nobody who signs dose decisions.")
    sitting = await sit(tx, act, trial.id, stored.id, command.kind, command.minutes)
    decision = seated(decide_proposal(proposal, ground, signing), sitting)
    decision = replace(decision, snapshot_id=stored.id)
    await add_decision(tx, decision)
    await record(tx, act, decision.id, "dose-decision.proposed", _details(decision))
    return decision


def _ground(
    picture: TrialPicture, stored: StoredSnapshot, snapshot: Snapshot, terms: PartTerms, proposal: Proposal
) -> Ground:
    level = proposal.place.level
    eliminated = stored.history.eliminated
    if closed_elsewhere(terms, {part: picture.recommend(part) for part in picture.levelled}):
        eliminated |= {level}
    closed = eliminated | frozenset(snapshot.recommendation.closed_levels)
    rule = cohort_rule_for(terms, level, proposal.kind, closed)
    counts = counts_by_level(terms, snapshot.standings)
    return Ground(
        snapshot_sha256=stored.frozen.sha256,
        recommendation=snapshot.recommendation,
        counts=counts,
        levels=terms.levels,
        start_level=terms.start_level,
        eliminated=eliminated,
        rule=rule,
        places_left=_places_left(rule, snapshot, terms, sum(at.n for at in counts.values())),
    )


def _places_left(rule: CohortRule | None, snapshot: Snapshot, terms: PartTerms, in_part: int) -> int:
    if rule is None:
        return 0
    target_left = None if terms.target is None else max(0, terms.target - in_part)
    return places_available(rule, count(snapshot.standings, rule.counts), target_left=target_left)


def _details(decision: Decision) -> dict[str, object]:
    return {
        "trial_id": decision.trial_id,
        "part": decision.place.part,
        "level": decision.place.level,
        "kind": decision.kind.value,
        "places": decision.places,
        "snapshot_sha256": decision.snapshot_sha256,
        "rule_sha256": None if decision.rule is None else rule_sha256(decision.rule),
        "sign_over": text_hash(decision.snapshot_sha256, decision.text),
    }
