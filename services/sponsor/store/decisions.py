"""Dose decisions and their signatures in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from services.sponsor.domain.cohort_rule import rule_from_payload, rule_payload
from services.sponsor.domain.decision import (
    Decision,
    DecisionKind,
    DecisionState,
    EndedBecause,
    Letter,
    Signature,
    WrittenReason,
)
from services.sponsor.domain.escalation.result import recommendation_from_payload, recommendation_payload
from services.sponsor.domain.ids import DecisionId, PartLevel, PersonId, ProofId, SnapshotId, TrialId
from services.sponsor.domain.quorum import SigningRules
from services.sponsor.domain.roles import Role
from services.sponsor.store.meetings import sitting_read, sitting_written
from services.sponsor.store.tables import DecisionRow, DecisionSignatureRow
from shared.database import Tx
from shared.rows import insert_row, table_of

_DECISIONS = table_of(DecisionRow)
_SIGNATURES = table_of(DecisionSignatureRow)


async def add_decision(tx: Tx, decision: Decision) -> None:
    """Keep a proposal; what it says never changes afterwards."""
    await insert_row(
        tx,
        _DECISIONS,
        {
            "id": decision.id,
            "trial_id": decision.trial_id,
            "part": decision.place.part,
            "level": decision.place.level,
            "kind": decision.kind.value,
            "places": decision.places,
            "rule": None if decision.rule is None else rule_payload(decision.rule),
            "recommendation": recommendation_payload(decision.recommendation),
            "reasons": [[r.role.value, r.author, r.text] for r in decision.reasons],
            "snapshot_id": decision.snapshot_id,
            "snapshot_sha256": decision.snapshot_sha256,
            "text": decision.text,
            "required_roles": [role.value for role in decision.rules.required_roles],
            "minimum_signers": decision.rules.minimum_signers,
            "letter": None if decision.letter is None else _letter_written(decision.letter),
            "signing_roles": None if decision.letter is None else sorted(decision.rules.signing_roles),
            "proposed_by": decision.proposed_by,
            "proposed_at": decision.proposed_at,
            **_state(decision),
            "force_order": None,
            "finding": None,
            "sitting": None if decision.sitting is None else sitting_written(decision.sitting),
        },
    )


async def save_state(tx: Tx, decision: Decision, *, finding: Mapping[str, Any] | None = None) -> None:
    """Keep what has become of the decision; `finding` is the late data that superseded it."""
    values = _state(decision) | ({} if finding is None else {"finding": finding})
    await tx.execute(update(_DECISIONS).where(_DECISIONS.c.id == decision.id).values(**values))


async def number_force(tx: Tx, decision: Decision) -> None:
    """Give a decision that takes force its place in the trial's order; the trial must be locked."""
    taken = select(func.coalesce(func.max(_DECISIONS.c.force_order), 0)).where(
        _DECISIONS.c.trial_id == decision.trial_id
    )
    last = (await tx.execute(taken)).scalar_one()
    await tx.execute(update(_DECISIONS).where(_DECISIONS.c.id == decision.id).values(force_order=last + 1))


async def add_signature(tx: Tx, decision: Decision) -> None:
    """Keep the decision's latest signature."""
    signature = decision.signatures[-1]
    await insert_row(
        tx,
        _SIGNATURES,
        {
            "decision_id": decision.id,
            "person_id": signature.person_id,
            "n": len(decision.signatures),
            "printed_name": signature.printed_name,
            "role": signature.role.value,
            "meaning": signature.meaning,
            "signed_at": signature.signed_at,
            "signed_hash": signature.signed_hash,
            "proof_id": signature.proof_id,
        },
    )


def _letter_written(letter: Letter) -> dict[str, str]:
    return {
        "reference": letter.reference,
        "dated": letter.dated.isoformat(),
        "sha256": letter.sha256,
        "sender": letter.sender,
    }


def _letter(written: Mapping[str, str]) -> Letter:
    return Letter(
        reference=written["reference"],
        dated=date.fromisoformat(written["dated"]),
        sha256=written["sha256"],
        sender=written["sender"],
    )


def _signing_rules(row: Any) -> SigningRules:
    rules = SigningRules(
        required_roles=tuple(Role(role) for role in row.required_roles), minimum_signers=row.minimum_signers
    )
    if row.signing_roles is None:
        return rules
    return replace(rules, signing_roles=frozenset(Role(role) for role in row.signing_roles))


def _state(decision: Decision) -> dict[str, Any]:
    return {
        "state": decision.state.value,
        "in_force_at": decision.in_force_at,
        "ended_because": decision.ended_because.value,
        "ended_at": decision.ended_at,
        "ended_reason": decision.ended_reason,
    }


async def load_decision(tx: Tx, decision_id: str) -> Decision | None:
    """One decision with its signatures; commands hold its trial's lock."""
    found = await _decisions(tx, _DECISIONS.c.id == decision_id)
    return found[0] if found else None


async def decisions_of(tx: Tx, trial_id: str) -> list[Decision]:
    """A trial's decisions: those that took force in their order, then the others by proposal."""
    return await _decisions(tx, _DECISIONS.c.trial_id == trial_id)


async def decisions_after(tx: Tx, trial_id: str, after: str, limit: int) -> list[Decision]:
    """A trial's decisions by ascending id."""
    page = (
        select(_DECISIONS.c.id)
        .where(_DECISIONS.c.trial_id == trial_id, _DECISIONS.c.id > after)
        .order_by(_DECISIONS.c.id)
        .limit(limit)
    )
    found = await _decisions(tx, _DECISIONS.c.id.in_(page))
    return sorted(found, key=lambda decision: decision.id)


async def findings_of(tx: Tx, decision_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Late data by the decision that they superseded."""
    statement = select(_DECISIONS.c.id, _DECISIONS.c.finding).where(
        _DECISIONS.c.id.in_(decision_ids), _DECISIONS.c.finding.is_not(None)
    )
    return {row.id: row.finding for row in await tx.execute(statement)}


async def _decisions(tx: Tx, which: ColumnElement[bool]) -> list[Decision]:
    in_order = (_DECISIONS.c.force_order.is_(None), _DECISIONS.c.force_order, _DECISIONS.c.id)
    rows = (await tx.execute(select(_DECISIONS).where(which).order_by(*in_order))).all()
    signatures = await _signatures(tx, [row.id for row in rows])
    return [_decision(row, signatures.get(row.id, ())) for row in rows]


async def _signatures(tx: Tx, decision_ids: Sequence[str]) -> dict[str, tuple[Signature, ...]]:
    if not decision_ids:
        return {}
    statement = (
        select(_SIGNATURES)
        .where(_SIGNATURES.c.decision_id.in_(decision_ids))
        .order_by(_SIGNATURES.c.decision_id, _SIGNATURES.c.n)
    )
    found: dict[str, tuple[Signature, ...]] = {}
    for row in await tx.execute(statement):
        found[row.decision_id] = (*found.get(row.decision_id, ()), _signature(row))
    return found


def _signature(row: Any) -> Signature:
    return Signature(
        person_id=PersonId(row.person_id),
        printed_name=row.printed_name,
        role=Role(row.role),
        meaning=row.meaning,
        signed_at=row.signed_at,
        signed_hash=row.signed_hash,
        proof_id=ProofId(row.proof_id),
    )


def _decision(row: Any, signatures: tuple[Signature, ...]) -> Decision:
    return Decision(
        id=DecisionId(row.id),
        trial_id=TrialId(row.trial_id),
        place=PartLevel(part=row.part, level=row.level),
        kind=DecisionKind(row.kind),
        places=row.places,
        rule=None if row.rule is None else rule_from_payload(row.rule),
        recommendation=recommendation_from_payload(row.recommendation),
        reasons=tuple(
            WrittenReason(role=Role(role), author=PersonId(author), text=text)
            for role, author, text in row.reasons
        ),
        snapshot_id=SnapshotId(row.snapshot_id),
        snapshot_sha256=row.snapshot_sha256,
        text=row.text,
        letter=None if row.letter is None else _letter(row.letter),
        rules=_signing_rules(row),
        proposed_by=PersonId(row.proposed_by),
        proposed_at=row.proposed_at,
        state=DecisionState(row.state),
        signatures=signatures,
        in_force_at=row.in_force_at,
        ended_because=EndedBecause(row.ended_because),
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        sitting=None if row.sitting is None else sitting_read(row.sitting),
    )
