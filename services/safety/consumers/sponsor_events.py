"""What sponsor says: protocol versions with their DLT definition, sites, delegations, halts, what is out of date."""

from services.safety.commands.check_definition import check_definition
from services.safety.commands.copy_sponsor import (
    copy_delegations,
    copy_protocols,
    copy_sites,
    end_delegations,
)
from services.safety.commands.decide_crossing import decide_crossing, is_crossing
from services.safety.commands.report_elsewhere import (
    report_halt,
    report_outdated_pack,
    report_superseded_decision,
)
from services.safety.commands.report_parked_event import ReportParkedEvent, report_parked_event
from services.safety.events import consumed
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx

WITHDRAWN = "withdrawn"


async def _approved(tx: Tx, act: Act, event: Received[consumed.ProtocolVersionApproved]) -> None:
    body = event.body
    await check_definition(tx, act, trial_id=body.trial_id, protocol_version=body.protocol_version)


async def _halted(tx: Tx, act: Act, event: Received[consumed.HaltImposed]) -> None:
    if await is_crossing(tx, event.body.halt_id):
        return  # the hold of a crossing, which has called everybody itself
    await report_halt(tx, act, halt_id=event.body.halt_id, trial_id=event.body.trial_id)


async def _lifted(tx: Tx, act: Act, event: Received[consumed.HaltLifted]) -> None:
    await decide_crossing(tx, act, halt_id=event.body.halt_id)


async def _superseded(tx: Tx, act: Act, event: Received[consumed.DoseDecisionSuperseded]) -> None:
    body = event.body
    if body.reason != WITHDRAWN:  # whoever withdraws a decision knows of it
        await report_superseded_decision(tx, act, decision_id=body.decision_id, trial_id=body.trial_id)


async def _outdated(tx: Tx, act: Act, event: Received[consumed.CommitteePackOutdated]) -> None:
    await report_outdated_pack(tx, act, pack_id=event.body.pack_id, trial_id=event.body.trial_id)


async def _parked_elsewhere(tx: Tx, act: Act, event: Received[consumed.EventParked]) -> None:
    body = event.body
    command = ReportParkedEvent(
        where="sponsor",
        producer=body.producer,
        event_type=body.event_type_parked,
        event_id=body.event_id,
        scope=body.scope,
        reason=body.reason,
    )
    await report_parked_event(tx, command, act, ignored={})


_APPROVED = Effect(model=consumed.ProtocolVersionApproved, project=copy_protocols, react=_approved)

SPONSOR_EVENTS = Consumer(
    consumer="safety",
    producer="sponsor",
    effects={
        "sponsor.protocol-version.approved.v1": _APPROVED,
        "sponsor.protocol-version.approved.v2": _APPROVED,
        "sponsor.protocol-version.approved.v3": _APPROVED,
        "sponsor.site.green-lit.v1": Effect(model=consumed.SiteGreenLit, project=copy_sites),
        "sponsor.delegation.granted.v1": Effect(model=consumed.DelegationGranted, project=copy_delegations),
        "sponsor.delegation.ended.v1": Effect(model=consumed.DelegationEnded, project=end_delegations),
        "sponsor.halt.imposed.v1": Effect(model=consumed.HaltImposed, react=_halted),
        "sponsor.halt.lifted.v1": Effect(model=consumed.HaltLifted, react=_lifted),
        "sponsor.dose-decision.superseded.v1": Effect(
            model=consumed.DoseDecisionSuperseded, react=_superseded
        ),
        "sponsor.committee-pack.outdated.v1": Effect(model=consumed.CommitteePackOutdated, react=_outdated),
        "sponsor.event.parked.v1": Effect(model=consumed.EventParked, react=_parked_elsewhere),
    },
    ignored=frozenset(
        {
            "sponsor.trial.opened.v1",
            "sponsor.trial.paused.v1",
            "sponsor.trial.closed.v1",
            "sponsor.site.revoked.v1",
            "sponsor.site.suspended.v1",
            "sponsor.recommendation.raised.v1",
            "sponsor.dose-decision.signed.v1",
            "sponsor.cohort.held.v1",
            "sponsor.cohort.released.v1",
        }
    ),
)
