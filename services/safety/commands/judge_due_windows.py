"""Windows whose verdict time alone may have changed, or whose last day is over."""

from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.store.dlt_windows import due_windows
from shared.act import Act
from shared.database import Tx


async def judge_due_windows(tx: Tx, act: Act, *, limit: int = 50) -> int:
    """Judge what is due; return how many were judged (none while the copies are being built anew)."""
    judged = 0
    for participant_id in await due_windows(tx, act.now, limit):
        command = JudgeWindow(participant_id=participant_id, cause="timer")
        judged += await judge_participant(tx, command, act) is not None
    return judged
