"""The duty rota: who is called, from when to when."""

from dataclasses import dataclass
from datetime import datetime

from services.safety.domain.escalation import plan_steps, weekday_hours
from services.safety.domain.ids import DutyPeriodId, PersonId
from services.safety.domain.roles import PLANNING_DUTY
from services.safety.domain.rota import EVERY_TRIAL, Duty, DutyPeriod, decide_ending, require_lasting
from services.safety.store.alerts import add_steps, load_alert, unheard_alerts
from services.safety.store.duty_periods import load_period, rota_of, save_period
from shared.act import Act
from shared.audit import record as audit
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDuty:
    """`trial_code` is a trial's code or `*`; `address` is where mail reaches the person, empty for nowhere."""

    trial_code: str
    person: str
    name: str
    address: str
    duty: Duty
    order: int
    from_at: datetime
    until_at: datetime


async def plan_duty(tx: Tx, command: PlanDuty, act: Act) -> DutyPeriod:
    """Put somebody on the rota; alerts that had found nobody begin to climb anew.

    Raises:
        Refused: `duty_period_invalid`.
    """
    act = _permitted(act, command.trial_code)
    period = DutyPeriod(
        id=DutyPeriodId(act.new_id()),
        trial_code=command.trial_code,
        person=PersonId(command.person),
        name=command.name,
        address=command.address,
        duty=command.duty,
        order=command.order,
        from_at=command.from_at,
        until_at=command.until_at,
    )
    require_lasting(period)
    await save_period(tx, period)
    await audit(
        tx,
        act,
        period.id,
        "duty-period.planned",
        {"trial": period.trial_code, "person": period.person, "duty": period.duty.value},
    )
    await _call_again(tx, act, period.trial_code)
    return period


async def end_duty(tx: Tx, period_id: str, act: Act) -> DutyPeriod:
    """End a duty now.

    Raises:
        Refused: `duty_period_ended`.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*PLANNING_DUTY):
        permit(principal, PLANNING_DUTY, scope=ANY, unit=ANY)
    period = await load_period(tx, period_id)
    if period is None:
        raise Problem("not_found")
    act = _permitted(act, period.trial_code)
    ended = decide_ending(period, now=act.now)
    await save_period(tx, ended)
    await audit(tx, act, period.id, "duty-period.ended", {})
    return ended


def _permitted(act: Act, trial_code: str) -> Act:
    principal = act.principal
    assert principal is not None
    scope = ANY if trial_code == EVERY_TRIAL else trial_code
    return act.as_role(permit(principal, PLANNING_DUTY, scope=scope, unit=ANY).role)


async def _call_again(tx: Tx, act: Act, trial_code: str) -> None:
    """An alert whose whole ladder found nobody is given a new one, now that somebody is on the rota."""
    for alert_id, last_number in await unheard_alerts(tx, trial_code):
        alert = await load_alert(tx, alert_id, lock=True)
        if alert is None:
            continue
        rota = [period.as_entry() for period in await rota_of(tx, alert.trial_key, act.now)]
        hours = weekday_hours(alert.trial.zone)
        steps = plan_steps(alert.as_alert(), rota, act.now, hours=hours)
        await add_steps(tx, alert_id, steps, after=last_number)
        await audit(tx, act, alert_id, "alert.ladder-renewed", {"steps": len(steps)})
