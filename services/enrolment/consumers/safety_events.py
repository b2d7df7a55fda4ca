"""What enrolment does with each event of safety. Every published type stands here."""

from typing import Any

from services.enrolment.commands.copy_safety_facts import copy_crossings, copy_reports, copy_verdicts
from services.enrolment.commands.settle_trial import settle_trial
from services.enrolment.events import consumed
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx


async def on_verdict(tx: Tx, act: Act, event: Received[Any]) -> None:
    """The one hop from an accepted DLT to a closed level: nothing else stands between."""
    await settle_trial(tx, act, event.body.trial_id)


async def on_crossing(tx: Tx, act: Act, event: Received[Any]) -> None:
    """A crossed stopping rule holds its part in one hop: open places freeze, registrations are refused."""
    await settle_trial(tx, act, event.body.trial_id)


async def on_report(tx: Tx, act: Act, event: Received[Any]) -> None:
    """A serious report that matches nobody holds the trial it names until it is matched or cleared."""
    if event.body.trial_id is not None:
        await settle_trial(tx, act, event.body.trial_id)


SAFETY_EVENTS = Consumer(
    consumer="enrolment",
    producer="safety",
    effects={
        "safety.dlt-verdict.recorded.v1": Effect(
            model=consumed.DltVerdictRecorded, project=copy_verdicts, react=on_verdict
        ),
        "safety.adverse-event.reported.v1": Effect(
            model=consumed.AdverseEventReported, project=copy_reports, react=on_report
        ),
        "safety.adverse-event.amended.v1": Effect(
            model=consumed.AdverseEventAmended, project=copy_reports, react=on_report
        ),
        "safety.stopping-rule.crossed.v1": Effect(
            model=consumed.StoppingRuleCrossed, project=copy_crossings, react=on_crossing
        ),
    },
    # The verdict that follows a closed window is what counts here; alerts are safety's own.
    ignored=frozenset(
        {
            "safety.dlt-window.closed.v1",
            "safety.dlt-window.reopened.v1",
            "safety.alert.raised.v1",
            "safety.alert.acknowledged.v1",
            "safety.alert.escalated.v1",
            "safety.alert.resolved.v1",
            "safety.case.opened.v1",
            "safety.case.nullified.v1",
            "safety.case-report.sent.v1",
            "safety.case-report.acknowledged.v1",
            "safety.listing.published.v1",
            "safety.assessment.recorded.v1",
            "safety.obligation.opened.v1",
            "safety.obligation.met.v1",
            "safety.obligation.breached.v1",
            "safety.obligation.superseded.v1",
            "safety.event.parked.v1",
        }
    ),
)
