"""What the sponsor service does with each event of the safety service.

Verdicts are safety's alone; the adverse events behind them, and the alerts, decide nothing here.
"""

from services.sponsor.commands.keep_copies import keep_verdict, keep_window_end, keep_window_open
from services.sponsor.commands.reassess_trial import reassess_trial
from services.sponsor.events.consumed import (
    ConsumedEvent,
    DltVerdictRecorded,
    DltWindowClosed,
    DltWindowReopened,
)
from shared.act import Act
from shared.consumer import Consumer, Effect, Received
from shared.database import Tx


async def look_again(tx: Tx, act: Act, event: Received[ConsumedEvent]) -> None:
    """Reassess the event's trial; nothing of the event itself decides."""
    await reassess_trial(tx, act, event.body.trial_id)


SAFETY_EVENTS = Consumer(
    consumer="sponsor",
    producer="safety",
    effects={
        "safety.dlt-verdict.recorded.v1": Effect(
            model=DltVerdictRecorded, project=keep_verdict, react=look_again
        ),
        "safety.dlt-window.closed.v1": Effect(model=DltWindowClosed, project=keep_window_end),
        "safety.dlt-window.reopened.v1": Effect(
            model=DltWindowReopened, project=keep_window_open, react=look_again
        ),
    },
    ignored=frozenset(
        {
            "safety.adverse-event.reported.v1",
            "safety.adverse-event.amended.v1",
            "safety.alert.raised.v1",
            "safety.alert.acknowledged.v1",
            "safety.event.parked.v1",
        }
    ),
)
