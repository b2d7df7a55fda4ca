"""What a recipient answered to a report: taken, or refused, which opens again what the report had met."""

from dataclasses import dataclass
from datetime import datetime

from services.safety.commands.follow_again import follow_again
from services.safety.commands.open_report import open_report
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import DESK
from services.safety.store.obligations import REJECTED, Submission, load_submission, save_answer
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx
from shared.problems import Problem

ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSubmission:
    """`answered_at` is when the recipient answered, by its own reference."""

    submission_id: str
    accepted: bool
    answered_at: datetime
    reference: str


async def answer_submission(tx: Tx, command: AnswerSubmission, act: Act) -> Submission:
    """Record a recipient's answer that the safety desk holds.

    Raises:
        Problem: 404 without such a submission.
        Refused: `submission_already_answered`, `time_in_future`.
    """
    submission = await load_submission(tx, command.submission_id)
    if submission is None:
        raise Problem("not_found")
    opened = await open_report(tx, act, submission.report_id, DESK)
    return await keep_answer(tx, command, opened.act)


async def keep_answer(tx: Tx, command: AnswerSubmission, act: Act) -> Submission:
    """Keep an answer, and open again what a refused report had met: the clock never stopped.

    Raises:
        Problem: 404 without such a submission.
        Refused: `submission_already_answered`, `time_in_future`.
    """
    submission = await load_submission(tx, command.submission_id, lock=True)
    if submission is None:
        raise Problem("not_found")
    if submission.answered_at is not None:
        raise Refused("submission_already_answered", f"The submission is {submission.state}.")
    if command.answered_at > act.now:
        raise Refused("time_in_future", "Nobody has answered yet at this time.")
    state = ACKNOWLEDGED if command.accepted else REJECTED
    await save_answer(
        tx, submission.id, state=state, at=command.answered_at, reference=command.reference.strip()
    )
    await audit(tx, act, submission.report_id, f"submission.{state}", {"submission_id": submission.id})
    await follow_again(tx, act, submission.report_id)
    answered = await load_submission(tx, submission.id)
    assert answered is not None
    return answered
