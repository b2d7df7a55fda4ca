"""Pausing recruitment."""

from dataclasses import dataclass

from services.sponsor.commands.permission import TRIAL_OFFICE, permitted_trial
from services.sponsor.domain.trial import Trial, decide_pause
from services.sponsor.events.published import TrialPausedV1
from services.sponsor.store.trials import save_trial
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseTrial:
    trial_id: str
    reason_code: str


async def pause_trial(tx: Tx, command: PauseTrial, act: Act) -> Trial:
    """Pause recruitment; treatment goes on.

    Raises:
        Refused: `trial_not_open`.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, TRIAL_OFFICE)
    paused = decide_pause(trial, command.reason_code)
    await save_trial(tx, paused)
    body = TrialPausedV1(trial_id=trial.id, paused_at=act.now, reason_code=command.reason_code)
    await put(tx, act, NewEvent(aggregate_id=trial.id, scope=trial.id, body=body, reason=paused.reason))
    return paused
