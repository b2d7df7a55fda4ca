"""End a screening without registration; what it held goes to whoever waits."""

from dataclasses import dataclass

from services.enrolment.commands.announce import keep
from services.enrolment.commands.permission import allow_screening, unended_screening
from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.settlement import settled
from services.enrolment.events.screening_events import ScreeningFailedV1
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.people import save_state
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FailScreening:
    screening_id: str
    reason_code: str


async def fail_screening(tx: Tx, command: FailScreening, act: Act) -> None:
    """The screening ends, its number stays used, its slot and its place in line are given up.

    Raises:
        Refused: `screening_ended`.
    """
    allowed, _ = await allow_screening(tx, act, SITE_STAFF, command.screening_id)
    await lock_trial(tx, allowed.trial.id)
    _, screening = await unended_screening(tx, act, SITE_STAFF, command.screening_id)
    await end_screening(tx, allowed.act, screening, command.reason_code)


async def end_screening(tx: Tx, act: Act, screening: Screening, reason_code: str) -> None:
    """The end of a screening that the caller has locked, under the trial's gate."""
    await save_state(tx, screening.id, ScreeningState.FAILED, reason_code)
    board = await load_board(tx, screening.trial_id, act.now)
    body = ScreeningFailedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        reason_code=reason_code,
        failed_at=act.now,
    )
    failed = NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
    await keep(tx, act, settled(board, act.now, act.new_id), also=[failed])
