"""A dose decision in the words of the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.sponsor.api.recommendation_view import (
    RecommendationOut,
    SayingOut,
    recommendation_out,
    saying_out,
)
from services.sponsor.api.sitting_view import SittingOut, sitting_out
from services.sponsor.domain.cohort_rule import rule_payload, rule_sha256
from services.sponsor.domain.decision import Decision, EndedBecause, text_hash
from services.sponsor.domain.proposal import differs, is_above
from services.sponsor.domain.signature import PURPOSE, what_is_missing
from services.sponsor.queries.decisions import DecisionView
from shared.json_body import Day, Instant, StrictModel


class SignatureOut(StrictModel):
    person: str
    printed_name: str
    role: str
    meaning: str
    signed_at: Instant
    signed_hash: str


class WrittenReasonOut(StrictModel):
    role: str
    author: str
    text: str


class MissingOut(StrictModel):
    """What the decision still waits for; `reason_authors` wrote a reason and have not signed.

    `quorum` is what its meeting lacked: such a decision waits for good, and another meeting decides anew.
    """

    roles: Sequence[str]
    signers: int
    reason_authors: Sequence[str]
    quorum: Sequence[str]


class EndedOut(StrictModel):
    """Why the decision no longer stands; with late data, what changed and both recommendations."""

    because: str
    at: Instant | None
    reason: str
    late_data: Mapping[str, Any] | None


class LetterOut(StrictModel):
    """The letter of the organisation that decides about a hosted trial."""

    reference: str
    dated: Day
    sha256: str
    sender: str


class CirculationOut(StrictModel):
    """One site: when it received the decision, and from when it acts there; null while it does not."""

    site_number: str
    received_at: Instant | None
    received_by_role: str | None
    in_force_at: Instant | None


class DecisionOut(StrictModel):
    """A decision, what has to be signed over, and the recommendation then and now.

    It rests on a snapshot, or in a hosted trial on a letter; then `recommendation` is what our own rule said of
    the participants known here.

    `first_doses_changed` names participants whose first dose is not what the snapshot says: it was corrected,
    voided or found earlier since. `sitting` is the meeting at which it was decided, `pack_id` what it was shown.
    """

    decision_id: str
    trial_id: str
    part: str
    level: int
    kind: str
    places: int
    state: str
    text: str
    sign_over: str
    purpose: str
    snapshot_id: str | None
    snapshot_sha256: str | None
    letter: LetterOut | None
    cohort_rule: Mapping[str, Any] | None
    rule_sha256: str | None
    recommendation: SayingOut
    present_recommendation: RecommendationOut | None
    overrides_recommendation: bool
    reasons: Sequence[WrittenReasonOut]
    signatures: Sequence[SignatureOut]
    missing: MissingOut
    proposed_by: str
    proposed_at: Instant
    in_force_at: Instant | None
    ended: EndedOut | None
    first_doses_changed: Sequence[str]
    differs_from_recommendation: bool
    sitting: SittingOut | None
    circulation: Sequence[CirculationOut]
    pack_id: str | None
    pack_outdated_at: Instant | None


def decision_out(view: DecisionView) -> DecisionOut:
    """The decision with everything beside it."""
    decision = view.decision
    rule, missing, letter = decision.rule, what_is_missing(decision), decision.letter
    return DecisionOut(
        decision_id=decision.id,
        trial_id=decision.trial_id,
        part=decision.place.part,
        level=decision.place.level,
        kind=decision.kind.value,
        places=decision.places,
        state=decision.state.value,
        text=decision.text,
        sign_over=text_hash(decision.snapshot_sha256, decision.text),
        purpose=PURPOSE,
        snapshot_id=decision.snapshot_id if letter is None else None,
        snapshot_sha256=decision.snapshot_sha256 if letter is None else None,
        letter=None
        if letter is None
        else LetterOut(
            reference=letter.reference, dated=letter.dated, sha256=letter.sha256, sender=letter.sender
        ),
        cohort_rule=None if rule is None else rule_payload(rule),
        rule_sha256=None if rule is None else rule_sha256(rule),
        recommendation=saying_out(decision.recommendation),
        present_recommendation=None if view.present is None else recommendation_out(view.present),
        overrides_recommendation=is_above(decision.kind, decision.place.level, decision.recommendation),
        reasons=[
            WrittenReasonOut(role=reason.role.value, author=reason.author, text=reason.text)
            for reason in decision.reasons
        ],
        signatures=_signatures(decision),
        missing=MissingOut(
            roles=[role.value for role in missing.roles],
            signers=missing.signers,
            reason_authors=missing.reason_authors,
            quorum=missing.quorum,
        ),
        proposed_by=decision.proposed_by,
        proposed_at=decision.proposed_at,
        in_force_at=decision.in_force_at,
        ended=_ended(view),
        first_doses_changed=view.first_doses_changed,
        differs_from_recommendation=differs(decision.kind, decision.place.level, decision.recommendation),
        sitting=None if decision.sitting is None else sitting_out(decision.sitting),
        circulation=[
            CirculationOut(
                site_number=one.site_number,
                received_at=one.received_at,
                received_by_role=one.role,
                in_force_at=one.in_force_at,
            )
            for one in view.circulation
        ],
        pack_id=view.pack.id if view.pack else None,
        pack_outdated_at=view.pack.outdated_at if view.pack else None,
    )


def _signatures(decision: Decision) -> list[SignatureOut]:
    return [
        SignatureOut(
            person=signature.person_id,
            printed_name=signature.printed_name,
            role=signature.role.value,
            meaning=signature.meaning,
            signed_at=signature.signed_at,
            signed_hash=signature.signed_hash,
        )
        for signature in decision.signatures
    ]


def _ended(view: DecisionView) -> EndedOut | None:
    decision = view.decision
    if decision.ended_because is EndedBecause.STANDS:
        return None
    return EndedOut(
        because=decision.ended_because.value,
        at=decision.ended_at,
        reason=decision.ended_reason,
        late_data=view.finding,
    )
