"""A report that left: by our own file or by another way, with the proof that it did."""

import re
from dataclasses import dataclass
from datetime import datetime

from services.safety.commands.follow_again import follow_again
from services.safety.commands.open_report import open_report
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import DESK
from services.safety.store.obligations import Submission, add_submission
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx

SENT = "sent"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSubmission:
    """What reached whom, when, and how that can be shown; `complete` leaves nothing to follow.

    What left by another way than our file needs its reference, the receipt and the SHA-256 of what was sent.
    """

    report_id: str
    recipients: tuple[str, ...]
    sent_at: datetime
    reference: str
    receipt: str
    file_sha256: str | None
    outside: bool = True
    complete: bool = False


async def record_submission(tx: Tx, command: RecordSubmission, act: Act) -> Submission:
    """Record a report that the safety desk sent by another way than our file.

    Raises:
        Refused: `submission_invalid`, `time_in_future`.
    """
    opened = await open_report(tx, act, command.report_id, DESK)
    return await keep_submission(tx, command, opened.act)


async def keep_submission(tx: Tx, command: RecordSubmission, act: Act) -> Submission:
    """Keep a report that left, and meet what it meets.

    Raises:
        Refused: `submission_invalid`, `time_in_future`.
    """
    _require_proof(command, act.now)
    submission = Submission(
        id=act.new_id(),
        report_id=command.report_id,
        recipients=tuple(dict.fromkeys(one.strip() for one in command.recipients)),
        sent_at=command.sent_at,
        outside=command.outside,
        complete=command.complete,
        reference=command.reference.strip(),
        receipt=command.receipt.strip(),
        file_sha256=command.file_sha256,
        state=SENT,
        answered_at=None,
        answer_reference="",
        recorded_by=act.actor,
        recorded_at=act.now,
    )
    await add_submission(tx, submission)
    details = {"recipients": list(submission.recipients), "outside": submission.outside}
    await audit(tx, act, command.report_id, "submission.recorded", details)
    await follow_again(tx, act, command.report_id)
    return submission


def _require_proof(command: RecordSubmission, now: datetime) -> None:
    if command.sent_at > now:
        raise Refused("time_in_future", "Nothing has been sent yet at this time.")
    if not command.recipients or not all(one.strip() for one in command.recipients):
        raise Refused("submission_invalid", "A submission has recipients.")
    hashed = command.file_sha256 is not None and _SHA256.fullmatch(command.file_sha256) is not None
    if command.file_sha256 is not None and not hashed:
        raise Refused("submission_invalid", "A SHA-256 is 64 hexadecimal digits in small letters.")
    if command.outside and not (command.reference.strip() and command.receipt.strip() and hashed):
        raise Refused(
            "submission_invalid",
            "Outside our file a reference, the receipt and the hash of the file are the proof.",
        )
