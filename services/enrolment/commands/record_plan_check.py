"""Record the outcome of quality assurance for a radiotherapy plan."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.enrolment.commands.followed_participant import followed_participant
from services.enrolment.domain.follow_up_states import check_day
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.store.afterwards import add_plan_check
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


class PlanOutcome(StrEnum):
    ACCEPTABLE = "acceptable"
    MINOR_DEVIATION = "minor_deviation"
    MAJOR_DEVIATION = "major_deviation"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlanCheck:
    """`plan` is the radiotherapy department's own reference; the last check of a plan counts."""

    participant_id: str
    plan: str
    outcome: PlanOutcome
    checked_on: date


async def record_plan_check(tx: Tx, command: RecordPlanCheck, act: Act) -> str:
    """The id of the check; earlier checks of the plan stay on record.

    Raises:
        Refused: `time_in_future`, `registration_voided`.
    """
    at = await followed_participant(tx, act, SITE_STAFF, command.participant_id)
    check_day(command.checked_on, at.today)
    check_id = act.new_id()
    row = {
        "id": check_id,
        "participant_id": at.participant.id,
        "plan": command.plan,
        "outcome": command.outcome.value,
        "checked_on": command.checked_on,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    details = {"plan_check_id": check_id, "plan": command.plan, "outcome": command.outcome.value}
    change = add_plan_check.write(tx, row)
    await record_audit(tx, at.act, at.participant.id, "plan-check.recorded", details, change)
    return check_id
