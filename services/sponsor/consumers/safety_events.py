"""What the sponsor service does with each event of the safety service.

Verdicts are safety's alone. The adverse events behind them decide nothing here: they are what the committee is
shown, and one that comes after the committee's data were frozen is said at once. Alerts decide nothing either.
"""

from services.sponsor.commands.flag_packs import flag_packs
from services.sponsor.commands.halt_for_crossing import HaltForCrossing, halt_for_crossing
from services.sponsor.commands.keep_copies import keep_verdict, keep_window_end, keep_window_open
from services.sponsor.commands.keep_pack_sources import keep_adverse_events, keep_reports
from services.sponsor.commands.reassess_trial import reassess_trial
from services.sponsor.events.consumed import (
    AdverseEvent,
    ConsumedEvent,
    DltVerdictRecorded,
    DltWindowClosed,
    DltWindowReopened,
    StoppingRuleCrossed,
)
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx


async def look_again(tx: Tx, act: Act, event: Received[ConsumedEvent]) -> None:
    """Reassess the event's trial; nothing of the event itself decides."""
    await reassess_trial(tx, act, event.body.trial_id)


async def propose_halt(tx: Tx, act: Act, event: Received[StoppingRuleCrossed]) -> None:
    """Hold what the rule covers, as a halt that two people lift."""
    body = event.body
    crossing = HaltForCrossing(
        trial_id=body.trial_id, crossing_id=body.crossing_id, part=body.part, level=body.level
    )
    await halt_for_crossing(tx, crossing, act)


async def look_at_packs(tx: Tx, act: Act, event: Received[AdverseEvent]) -> None:
    """Say of the committee's packs that they no longer tell everything, where that is so."""
    if event.body.trial_id is not None:
        await flag_packs(tx, act, event.body.trial_id)


SAFETY_EVENTS = Consumer(
    consumer="sponsor",
    producer="safety",
    effects={
        "safety.dlt-verdict.recorded.v1": Effect(
            model=DltVerdictRecorded, project=keep_verdict, react=look_again
        ),
        "safety.adverse-event.reported.v1": Effect(
            model=AdverseEvent, project=keep_reports, react=look_at_packs
        ),
        "safety.adverse-event.amended.v1": Effect(
            model=AdverseEvent, project=keep_adverse_events, react=look_at_packs
        ),
        "safety.stopping-rule.crossed.v1": Effect(model=StoppingRuleCrossed, react=propose_halt),
        "safety.dlt-window.closed.v1": Effect(model=DltWindowClosed, project=keep_window_end),
        "safety.dlt-window.reopened.v1": Effect(
            model=DltWindowReopened, project=keep_window_open, react=look_again
        ),
    },
    ignored=frozenset(
        {
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
