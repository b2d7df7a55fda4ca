"""What enrolment does with each event of the sponsor. Every published type stands here."""

from typing import Any

from services.enrolment.commands import copy_sponsor_facts as copies
from services.enrolment.commands.settle_trial import hold_gate, settle_trial
from services.enrolment.events import consumed
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx


async def on_trial_facts(tx: Tx, act: Act, event: Received[Any]) -> None:
    """Whatever was said, look at the whole trial and do what is due."""
    await settle_trial(tx, act, event.body.trial_id)


async def on_delegation(tx: Tx, act: Act, event: Received[Any]) -> None:
    """Nothing follows from a duty by itself; registrations under way are finished first."""
    await hold_gate(tx, event.body.trial_id)


_APPROVED = Effect(
    model=consumed.ProtocolVersionApproved, project=copies.copy_protocols, react=on_trial_facts
)

SPONSOR_EVENTS = Consumer(
    consumer="enrolment",
    producer="sponsor",
    effects={
        "sponsor.protocol-version.approved.v1": _APPROVED,
        "sponsor.protocol-version.approved.v2": _APPROVED,
        "sponsor.protocol-version.approved.v3": _APPROVED,
        "sponsor.trial.opened.v1": Effect(
            model=consumed.TrialOpened, project=copies.copy_trial_openings, react=on_trial_facts
        ),
        "sponsor.trial.paused.v1": Effect(
            model=consumed.TrialPaused, project=copies.copy_trial_pauses, react=on_trial_facts
        ),
        "sponsor.trial.closed.v1": Effect(
            model=consumed.TrialClosed, project=copies.copy_trial_closings, react=on_trial_facts
        ),
        "sponsor.site.green-lit.v1": Effect(
            model=consumed.SiteGreenLit, project=copies.copy_green_lights, react=on_trial_facts
        ),
        "sponsor.site.revoked.v1": Effect(
            model=consumed.SiteRevoked, project=copies.copy_revocations, react=on_trial_facts
        ),
        "sponsor.site.suspended.v1": Effect(
            model=consumed.SiteSuspended, project=copies.copy_suspensions, react=on_trial_facts
        ),
        "sponsor.delegation.granted.v1": Effect(
            model=consumed.DelegationGranted, project=copies.copy_delegations, react=on_delegation
        ),
        "sponsor.delegation.ended.v1": Effect(
            model=consumed.DelegationEnded, project=copies.copy_delegation_ends, react=on_delegation
        ),
        "sponsor.dose-decision.signed.v1": Effect(
            model=consumed.DoseDecisionSigned, project=copies.copy_decisions, react=on_trial_facts
        ),
        "sponsor.dose-decision.superseded.v1": Effect(
            model=consumed.DoseDecisionSuperseded, project=copies.copy_supersessions, react=on_trial_facts
        ),
        "sponsor.cohort.held.v1": Effect(
            model=consumed.CohortHeld, project=copies.copy_holds, react=on_trial_facts
        ),
        "sponsor.cohort.released.v1": Effect(
            model=consumed.CohortReleased, project=copies.copy_hold_releases, react=on_trial_facts
        ),
        "sponsor.halt.imposed.v1": Effect(
            model=consumed.HaltImposed, project=copies.copy_halts, react=on_trial_facts
        ),
        "sponsor.halt.lifted.v1": Effect(
            model=consumed.HaltLifted, project=copies.copy_halt_ends, react=on_trial_facts
        ),
    },
    # A recommendation decides nothing here; a parked event at the sponsor is the sponsor's own trouble.
    ignored=frozenset(
        {
            "sponsor.recommendation.raised.v1",
            "sponsor.event.parked.v1",
            "sponsor.committee-pack.outdated.v1",
        }
    ),
)
