"""Copies of what the sponsor says. Only values of events go in, so that a rebuild gives the same rows."""

from collections.abc import Sequence
from typing import Any

from services.enrolment.domain.cohort_rule import parse_cohort_rule
from services.enrolment.domain.decisions import OPENING, DecisionKind
from services.enrolment.domain.halt import HaltScope
from services.enrolment.domain.ids import SiteId
from services.enrolment.domain.stagger import EnforceAt
from services.enrolment.domain.waiting_list import WaitingPolicy
from services.enrolment.events.consumed import (
    CohortHeld,
    CohortReleased,
    DelegationEnded,
    DelegationGranted,
    DoseDecisionSigned,
    DoseDecisionSuperseded,
    HaltImposed,
    HaltLifted,
    ProtocolVersionApproved,
    SiteGreenLit,
    SiteRevoked,
    SiteSuspended,
    TrialClosed,
    TrialOpened,
    TrialPaused,
)
from services.enrolment.events.consumed_protocol import ProtocolDecision, ProtocolSlots
from services.enrolment.store import copy_saves
from services.enrolment.store.kinds import rules_of_kind
from services.enrolment.store.randomisation_terms import read_randomisations
from services.enrolment.store.trials import target_policy
from shared.consumer import Received
from shared.database import Tx

# What cannot be read is refused here, while the event can still be parked; later it would stop a settlement.


async def copy_protocols(tx: Tx, events: Sequence[Received[ProtocolVersionApproved]]) -> None:
    await copy_saves.save_protocols(tx, [_protocol(event.body) for event in events])
    trials = [(event.body.trial_id, event.body.trial_code) for event in events]
    await copy_saves.name_trials(
        tx, [{"trial_id": trial, "code": code, "status": "setup"} for trial, code in trials]
    )


def _protocol(event: ProtocolVersionApproved) -> dict[str, Any]:
    protocol = event.protocol
    slots, decision = protocol.slots or ProtocolSlots(), protocol.decision or ProtocolDecision()
    WaitingPolicy(slots.policy)
    EnforceAt(protocol.stagger.enforce_at)
    read_randomisations(protocol.model_dump(mode="json"))
    rules_of_kind(protocol.trial.kind)
    for part in protocol.parts:
        target_policy(part.at_target, part.allow_until)
    return {
        "trial_id": event.trial_id,
        "protocol_version": event.protocol_version,
        "protocol_sha256": event.protocol_sha256,
        "effective_at": event.effective_at,
        "previous_sunset_at": event.previous_sunset_at,
        "levels": [[part.part, level.level] for part in protocol.parts for level in part.levels],
        "slot_policy": slots.model_dump(mode="json"),
        "targets": [
            [part.part, part.target, part.at_target, part.allow_until]
            for part in protocol.parts
            if part.target is not None
        ],
        "terms": protocol.model_dump(mode="json", exclude={"slots"}) | {"decision": decision.model_dump()},
    }


async def copy_trial_openings(tx: Tx, events: Sequence[Received[TrialOpened]]) -> None:
    rows = [
        {"trial_id": event.body.trial_id, "code": event.body.trial_code, "status": "open"} for event in events
    ]
    await copy_saves.save_trials(tx, rows)


async def copy_trial_pauses(tx: Tx, events: Sequence[Received[TrialPaused]]) -> None:
    await copy_saves.set_trial_status(tx, [(event.body.trial_id, "paused") for event in events])


async def copy_trial_closings(tx: Tx, events: Sequence[Received[TrialClosed]]) -> None:
    await copy_saves.set_trial_status(
        tx, [(event.body.trial_id, "closed_to_recruitment") for event in events]
    )


async def copy_green_lights(tx: Tx, events: Sequence[Received[SiteGreenLit]]) -> None:
    bodies = [event.body for event in events]
    await copy_saves.save_sites(
        tx,
        [
            {
                "trial_id": body.trial_id,
                "site_number": body.site_number,
                "status": "green_light",
                "country": body.country,
                "zone": body.zone,
                "recruitment_cap": body.recruitment_cap,
                "organisation": body.organisation,
            }
            for body in bodies
        ],
    )
    await copy_saves.save_green_lights(
        tx,
        [
            {
                "trial_id": body.trial_id,
                "site_number": body.site_number,
                "protocol_version": body.protocol_version,
            }
            for body in bodies
        ],
    )


async def copy_revocations(tx: Tx, events: Sequence[Received[SiteRevoked]]) -> None:
    await copy_saves.revoke_sites(tx, [(event.body.trial_id, event.body.site_number) for event in events])


async def copy_suspensions(tx: Tx, events: Sequence[Received[SiteSuspended]]) -> None:
    await copy_saves.suspend_sites(tx, [(event.body.trial_id, event.body.site_number) for event in events])


async def copy_delegations(tx: Tx, events: Sequence[Received[DelegationGranted]]) -> None:
    await copy_saves.save_delegations(tx, [event.body.model_dump() | {"ended": False} for event in events])


async def copy_delegation_ends(tx: Tx, events: Sequence[Received[DelegationEnded]]) -> None:
    await copy_saves.end_delegations(tx, [event.body.delegation_id for event in events])


async def copy_decisions(tx: Tx, events: Sequence[Received[DoseDecisionSigned]]) -> None:
    await copy_saves.save_decisions(tx, [_decision(event.body) for event in events])
    await copy_saves.save_decision_grounds(tx, [_ground(event.body) for event in events])


_GROUND = {
    *(
        "snapshot_sha256",
        "text_sha256",
        "rule_sha256",
        "signed_by",
        "in_force_at",
        "overrides_recommendation",
    ),
    *("letter", "data_cut_at", "recommendation", "override_reasons", "decided_as", "sitting"),
}


def _ground(event: DoseDecisionSigned) -> dict[str, Any]:
    return {
        "decision_id": event.decision_id,
        "trial_id": event.trial_id,
        "ground": event.model_dump(mode="json", include=_GROUND),
    }


def _decision(event: DoseDecisionSigned) -> dict[str, Any]:
    kind = DecisionKind(event.kind)
    if event.cohort_rule is not None:
        parse_cohort_rule(event.cohort_rule)
    elif kind in OPENING:
        raise ValueError("a decision that opens a level carries a cohort rule")
    return {
        "decision_id": event.decision_id,
        "trial_id": event.trial_id,
        "kind": kind.value,
        "part": event.part,
        "level": event.level,
        "places": event.places,
        "rule": event.cohort_rule,
        "signers": len({signature["person"] for signature in event.signed_by}),
        "in_force_at": event.in_force_at,
        "superseded": False,
    }


async def copy_supersessions(tx: Tx, events: Sequence[Received[DoseDecisionSuperseded]]) -> None:
    await copy_saves.supersede_decisions(tx, [event.body.decision_id for event in events])
    await copy_saves.save_decision_ends(tx, [event.body.model_dump() for event in events])


async def copy_holds(tx: Tx, events: Sequence[Received[CohortHeld]]) -> None:
    await copy_saves.save_holds(tx, [_hold(event, held=True) for event in events])


async def copy_hold_releases(tx: Tx, events: Sequence[Received[CohortReleased]]) -> None:
    await copy_saves.save_holds(tx, [_hold(event, held=False) for event in events])


def _hold(event: Received[Any], *, held: bool) -> dict[str, Any]:
    body: CohortHeld | CohortReleased = event.body
    return {
        "hold_id": event.envelope.subject,
        "trial_id": body.trial_id,
        "part": body.part,
        "level": body.level,
        "held": held,
    }


async def copy_halts(tx: Tx, events: Sequence[Received[HaltImposed]]) -> None:
    await copy_saves.save_halts(tx, [_halt(event.body) for event in events])


def _halt(event: HaltImposed) -> dict[str, Any]:
    scope = event.scope
    site = SiteId(scope.site_number) if scope.site_number else None
    HaltScope(
        part=scope.part, level=scope.level, site_id=site, recruitment=scope.recruitment, dosing=scope.dosing
    )
    return {
        "halt_id": event.halt_id,
        "trial_id": event.trial_id,
        "imposed_at": event.imposed_at,
        "lifted": False,
        **scope.model_dump(),
    }


async def copy_halt_ends(tx: Tx, events: Sequence[Received[HaltLifted]]) -> None:
    await copy_saves.lift_halts(tx, [event.body.halt_id for event in events])
