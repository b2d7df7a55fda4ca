"""What a case's file means for the reports owed: sent, or taken, it meets them; refused, it opens them again."""

from datetime import datetime

from services.safety.commands.answer_submission import AnswerSubmission, keep_answer
from services.safety.commands.record_submission import RecordSubmission, keep_submission
from services.safety.domain.case import ChangeKind
from services.safety.domain.case_route import CaseRoute, MetBy
from services.safety.store.case_files import SentCase, StoredBatch
from services.safety.store.obligations import submissions_of
from shared.act import Act
from shared.database import Tx

_WITH_INFORMATION = (ChangeKind.FIRST.value, ChangeKind.FOLLOW_UP.value)


async def meet_by_sending(
    tx: Tx, act: Act, batch: StoredBatch, one: SentCase, route: CaseRoute, *, complete: bool
) -> None:
    """The case was sent: where sending is what counts, its events are reported from this instant on."""
    if route.met_by is MetBy.SENDING and one.kind in _WITH_INFORMATION:
        await _submit(tx, act, batch, one, route, at=act.now, complete=complete)


async def follow_answer(
    tx: Tx, act: Act, batch: StoredBatch, one: SentCase, route: CaseRoute, *, accepted: bool
) -> None:
    """The regulator answered: a refusal opens again what the file had met, the clock never stopped.

    An amendment or a nullification carries no information, so it neither meets nor opens anything; nor does a
    regulator answer for those who were told by another way, whatever file they were sent.
    """
    if one.kind not in _WITH_INFORMATION:
        return
    if route.met_by is MetBy.ACCEPTANCE:
        if accepted:
            await _submit(tx, act, batch, one, route, at=act.now, complete=False)
        return
    for report_id in one.events:
        for submission in await submissions_of(tx, report_id):
            own = submission.file_sha256 == batch.sha256 and not submission.outside
            if own and submission.answered_at is None:
                answer = AnswerSubmission(
                    submission_id=submission.id,
                    accepted=accepted,
                    answered_at=act.now,
                    reference=batch.number,
                )
                await keep_answer(tx, answer, act)


async def _submit(
    tx: Tx,
    act: Act,
    batch: StoredBatch,
    one: SentCase,
    route: CaseRoute,
    *,
    at: datetime,
    complete: bool,
) -> None:
    for report_id in one.events:
        submission = RecordSubmission(
            report_id=report_id,
            recipients=route.recipients or (route.name,),
            sent_at=at,
            reference=batch.number,
            receipt=batch.reference,
            file_sha256=batch.sha256,
            outside=False,
            complete=complete,
        )
        await keep_submission(tx, submission, act)
