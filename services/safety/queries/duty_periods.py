"""The duty rota as the people who plan it read it."""

from services.safety.domain.roles import PLANNING_DUTY
from services.safety.domain.rota import DutyPeriod
from services.safety.queries.visibility import visible_trials
from services.safety.store.duty_periods import list_periods
from shared.auth import Principal
from shared.database import Tx


async def list_duty_periods(
    tx: Tx, principal: Principal, *, trial_key: str | None, after: str, limit: int
) -> list[DutyPeriod]:
    """Periods of the trials that the person may plan for, and of all trials."""
    trials = visible_trials(principal, PLANNING_DUTY, trial_key)
    return await list_periods(tx, trial_keys=trials, after=after, limit=limit)
