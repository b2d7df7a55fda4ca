"""Closing recruitment for good."""

from dataclasses import dataclass

from services.sponsor.commands.permission import TRIAL_OFFICE, permitted_trial
from services.sponsor.domain.trial import Trial, decide_closing
from services.sponsor.events.published import TrialClosedV1
from services.sponsor.store.trials import save_trial
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTrial:
    trial_id: str
    reason_code: str


async def close_trial(tx: Tx, command: CloseTrial, act: Act) -> Trial:
    """Close recruitment for good.

    Raises:
        Refused: `trial_closed`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, TRIAL_OFFICE)
    closed = decide_closing(trial, command.reason_code)
    await save_trial(tx, closed)
    body = TrialClosedV1(trial_id=trial.id, closed_at=act.now, reason_code=command.reason_code)
    await put(tx, act, NewEvent(aggregate_id=trial.id, scope=trial.id, body=body, reason=closed.reason))
    return closed
