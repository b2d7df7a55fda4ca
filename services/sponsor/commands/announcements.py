"""What has been decided, in the words of the published events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.sponsor.domain.cohort_hold import CohortHold
from services.sponsor.domain.cohort_rule import rule_payload, rule_sha256
from services.sponsor.domain.decision import Decision, text_sha256
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.halt import Halt
from services.sponsor.domain.ids import SiteId
from services.sponsor.domain.meeting import Sitting
from services.sponsor.domain.proposal import is_above
from services.sponsor.domain.raised import RaisedRecommendation
from services.sponsor.events.published import (
    CohortHeldV1,
    CohortReleasedV1,
    CohortRuleV1,
    DoseDecisionSignedV1,
    DoseDecisionSupersededV1,
    HaltImposedV1,
    HaltScopeV1,
    LetterV1,
    OverrideReasonV1,
    RecommendationRaisedV1,
    RecommendationSaidV1,
)
from services.sponsor.events.sitting import DissentV1, SittingV1, VoterV1
from shared.clock import format_instant
from shared.outbox import NewEvent

_RULE: TypeAdapter[Any] = TypeAdapter(CohortRuleV1)


def recommendation_raised(raised: RaisedRecommendation, *, opened: bool) -> NewEvent:
    """The event of a recommendation; `opened` says whether a level of the part was ever opened."""
    found = raised.recommendation
    source = found.cell.source
    from_table = source.id != "monitoring_boundary"
    body = RecommendationRaisedV1(
        trial_id=raised.trial_id,
        part=raised.part,
        level=found.cell.level if opened else None,
        kind=found.kind.value,
        next_level=found.level,
        reasons=[reason.value for reason in found.reasons],
        counts=[list(line) for line in raised.counts],
        design=f"{source.id}@{source.version}" if from_table else source.id,
        table_sha256=source.sha256 if from_table else None,
        closed_levels=list(found.closed_levels),
    )
    return NewEvent(aggregate_id=raised.id, scope=raised.trial_id, body=body)


def decision_signed(decision: Decision, data_cut_at: datetime | None = None) -> NewEvent:
    """The event of a decision in force, with everybody who has signed so far.

    Args:
        decision: in force.
        data_cut_at: when its snapshot was cut; None where a letter decides.

    Raises:
        ValueError: the decision is not in force.
    """
    if decision.in_force_at is None:
        raise ValueError("only a decision in force is announced")
    letter = decision.letter
    body = DoseDecisionSignedV1(
        trial_id=decision.trial_id,
        decision_id=decision.id,
        kind="hold" if decision.kind.holds else decision.kind.value,
        decided_as=decision.kind.value,
        sitting=_sitting(decision.sitting),
        part=decision.place.part,
        level=decision.place.level,
        places=decision.places,
        cohort_rule=None if decision.rule is None else _RULE.validate_python(rule_payload(decision.rule)),
        rule_sha256=None if decision.rule is None else rule_sha256(decision.rule),
        snapshot_sha256=decision.snapshot_sha256,
        text_sha256=text_sha256(decision.text),
        signed_by=[
            {
                "person": signature.person_id,
                "role": signature.role.value,
                "signed_at": format_instant(signature.signed_at),
            }
            for signature in decision.signatures
        ],
        in_force_at=decision.in_force_at,
        overrides_recommendation=is_above(decision.kind, decision.place.level, decision.recommendation),
        letter=None
        if letter is None
        else LetterV1(reference=letter.reference, dated=letter.dated, sha256=letter.sha256),
        data_cut_at=data_cut_at,
        recommendation=_said(decision.recommendation) if letter is None else None,
        override_reasons=[OverrideReasonV1(role=it.role.value, text=it.text) for it in decision.reasons],
    )
    return NewEvent(aggregate_id=decision.id, scope=decision.trial_id, body=body)


def _sitting(sitting: Sitting | None) -> SittingV1 | None:
    if sitting is None:
        return None
    return SittingV1(
        meeting_id=sitting.meeting_id,
        charter_version=sitting.charter_n,
        held_at=sitting.held_at,
        voters=[VoterV1(person=person, seat=seat.value) for person, seat in sitting.voters],
        in_conflict=list(sitting.conflicted),
        dissents=[DissentV1(person=one.person_id, text=one.words) for one in sitting.dissents],
    )


def _said(found: Recommendation) -> RecommendationSaidV1:
    source, counts = found.cell.source, found.cell.counts
    from_table = source.id != "monitoring_boundary"
    return RecommendationSaidV1(
        kind=found.kind.value,
        next_level=found.level,
        reasons=[reason.value for reason in found.reasons],
        design=f"{source.id}@{source.version}" if from_table else source.id,
        table_sha256=source.sha256 if from_table else None,
        level=found.cell.level,
        n=counts.n,
        dlt=counts.dlt,
        pending=counts.pending,
    )


def decision_superseded(decision: Decision, reason: str, at: datetime) -> NewEvent:
    """The event of a decision that was in force and no longer stands."""
    body = DoseDecisionSupersededV1(
        trial_id=decision.trial_id,
        decision_id=decision.id,
        part=decision.place.part,
        level=decision.place.level,
        reason=reason,
        superseded_at=at,
    )
    return NewEvent(aggregate_id=decision.id, scope=decision.trial_id, body=body, reason=reason)


def hold_changed(hold: CohortHold) -> NewEvent:
    """The event of a level that was just held or released."""
    place, at = hold.place, hold.changed_at
    body: CohortHeldV1 | CohortReleasedV1
    if hold.held:
        body = CohortHeldV1(
            trial_id=hold.trial_id, part=place.part, level=place.level, reason=hold.reason, held_at=at
        )
    else:
        body = CohortReleasedV1(trial_id=hold.trial_id, part=place.part, level=place.level, released_at=at)
    return NewEvent(aggregate_id=hold.id, scope=hold.trial_id, body=body)


def halt_imposed(halt: Halt, site_numbers: Mapping[SiteId, str]) -> NewEvent:
    """The event of a halt from its first instant on."""
    scope = halt.scope
    body = HaltImposedV1(
        trial_id=halt.trial_id,
        halt_id=halt.id,
        scope=HaltScopeV1(
            part=scope.part,
            level=scope.level,
            site_number=None if scope.site_id is None else site_numbers[scope.site_id],
            recruitment=scope.recruitment,
            dosing=scope.dosing,
        ),
        reason_code=halt.reason,
        imposed_at=halt.effective_at,
    )
    return NewEvent(aggregate_id=halt.id, scope=halt.trial_id, body=body, reason=halt.reason)
