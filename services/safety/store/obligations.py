"""Obligations and submissions in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from services.safety.domain.obligation import Obligation, ObligationState, Sent
from services.safety.store.case_tables import ObligationRow, SubmissionRow
from shared.database import Sql, Tx, instant_parameter
from shared.deadlines import Deadline, warnings
from shared.rows import RowQuery, fetch_rows, insert_row, insertion, table_of

_OBLIGATIONS = table_of(ObligationRow)
_SUBMISSIONS = table_of(SubmissionRow)
_ADD = insertion(_OBLIGATIONS)
_OF_EVENT = RowQuery(_OBLIGATIONS, "FROM obligation WHERE adverse_event_id = $1 ORDER BY id")
_SENT_OF_EVENT = RowQuery(_SUBMISSIONS, "FROM submission WHERE adverse_event_id = $1 ORDER BY sent_at, id")
REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObligation:
    """An obligation with what surrounds it; `proof` is its arithmetic with every input's version."""

    obligation: Obligation
    report_id: str
    scope: str
    trial_id: str | None
    trial_key: str
    opened_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str
    replaced_by: str | None
    proof: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One report that left; `state` is sent, acknowledged or rejected."""

    id: str
    report_id: str
    recipients: tuple[str, ...]
    sent_at: datetime
    outside: bool
    complete: bool
    reference: str
    receipt: str
    file_sha256: str | None
    state: str
    answered_at: datetime | None
    answer_reference: str
    recorded_by: str
    recorded_at: datetime

    def as_sent(self) -> Sent:
        return Sent(submission_id=self.id, sent_at=self.sent_at, complete=self.complete)


async def obligations_of(tx: Tx, report_id: str, *, lock: bool = False) -> list[StoredObligation]:
    """Every obligation of an event, ended ones too; locked until the transaction ends if asked."""
    if lock:
        await tx.fetch(_LOCK, report_id)
    return [_obligation(row) for row in await fetch_rows(tx, _OF_EVENT, report_id)]


async def add_obligations(tx: Tx, obligations: Sequence[StoredObligation]) -> None:
    await _ADD(tx, [_row(one) for one in obligations])


async def save_obligation(tx: Tx, obligation: Obligation) -> None:
    """Keep what time, reports and people have made of it."""
    await _save(
        tx,
        obligation.id,
        state=obligation.state.value,
        warned=obligation.warned,
        next_check_at=obligation.next_check_at,
        met_at=obligation.met_at,
        in_time=obligation.in_time,
        submission_id=obligation.submission_id,
        breached_at=obligation.breached_at,
    )


async def end_obligation(
    tx: Tx,
    stored: StoredObligation,
    state: ObligationState,
    *,
    at: datetime,
    by: str,
    reason: str,
    replaced_by: str | None = None,
    owed: bool = False,
) -> None:
    """End it unmet: for a signed reason, or because another one takes its place."""
    await _save(
        tx,
        stored.obligation.id,
        state=state.value,
        next_check_at=None,
        ended_at=at,
        ended_by=by,
        ended_reason=reason,
        replaced_by=replaced_by,
        proof=dict(stored.proof) | {"owed_when_ended": owed},
    )  # fmt: skip


async def load_obligation(tx: Tx, obligation_id: str, *, lock: bool = False) -> StoredObligation | None:
    statement = select(_OBLIGATIONS).where(_OBLIGATIONS.c.id == obligation_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return None if row is None else _obligation(dict(row._mapping))


async def due_obligations(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Obligations with a warning or their end due, the earliest first."""
    return [row[0] for row in await tx.fetch(_DUE, instant_parameter(tx, now), limit)]


async def list_obligations(
    tx: Tx,
    *,
    trial_keys: frozenset[str] | None,
    states: frozenset[ObligationState] | None,
    after: str,
    limit: int,
) -> list[StoredObligation]:
    """Obligations in the order in which they were opened.

    Args:
        tx: the transaction.
        trial_keys: of these trials; None for all.
        states: in these states alone; None for all.
        after: id of the last one of the page before, empty for the first page.
        limit: size of the page.
    """
    statement = select(_OBLIGATIONS).where(_OBLIGATIONS.c.id > after).order_by(_OBLIGATIONS.c.id).limit(limit)
    if trial_keys is not None:
        statement = statement.where(_OBLIGATIONS.c.trial_key.in_(sorted(trial_keys)))
    if states is not None:
        statement = statement.where(_OBLIGATIONS.c.state.in_(sorted(state.value for state in states)))
    return [_obligation(dict(row._mapping)) for row in await tx.execute(statement)]


async def submissions_of(tx: Tx, report_id: str) -> list[Submission]:
    return [_submission(row) for row in await fetch_rows(tx, _SENT_OF_EVENT, report_id)]


async def add_submission(tx: Tx, submission: Submission) -> None:
    await insert_row(
        tx,
        _SUBMISSIONS,
        {
            "id": submission.id,
            "adverse_event_id": submission.report_id,
            "recipients": list(submission.recipients),
            "sent_at": submission.sent_at,
            "outside": submission.outside,
            "complete": submission.complete,
            "reference": submission.reference,
            "receipt": submission.receipt,
            "file_sha256": submission.file_sha256,
            "state": submission.state,
            "answered_at": submission.answered_at,
            "answer_reference": submission.answer_reference,
            "recorded_by": submission.recorded_by,
            "recorded_at": submission.recorded_at,
        },
    )


async def load_submission(tx: Tx, submission_id: str, *, lock: bool = False) -> Submission | None:
    statement = select(_SUBMISSIONS).where(_SUBMISSIONS.c.id == submission_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return None if row is None else _submission(dict(row._mapping))


async def save_answer(tx: Tx, submission_id: str, *, state: str, at: datetime, reference: str) -> None:
    """Keep what the recipient answered."""
    values = {"state": state, "answered_at": at, "answer_reference": reference}
    await tx.execute(update(_SUBMISSIONS).where(_SUBMISSIONS.c.id == submission_id).values(**values))


async def _save(tx: Tx, obligation_id: str, **values: Any) -> None:
    await tx.execute(update(_OBLIGATIONS).where(_OBLIGATIONS.c.id == obligation_id).values(**values))


def _row(stored: StoredObligation) -> dict[str, Any]:
    one = stored.obligation
    due = one.deadline
    return {
        "id": one.id,
        "adverse_event_id": stored.report_id,
        "scope": stored.scope,
        "trial_id": stored.trial_id,
        "trial_key": stored.trial_key,
        "regime": one.regime,
        "rule": one.rule,
        "rule_version": one.rule_version,
        "recipient": one.recipient,
        "day_0": due.day_0.isoformat() if due.day_0 else None,
        "due_date": due.due_date.isoformat() if due.due_date else None,
        "due_at": due.due_at,
        "counted_from": one.counted_from,
        "opened_on": one.opened_on.isoformat(),
        "opened_at": stored.opened_at,
        "state": one.state.value,
        "warned": one.warned,
        "next_check_at": one.next_check_at,
        "met_at": one.met_at,
        "in_time": one.in_time,
        "submission_id": one.submission_id,
        "breached_at": one.breached_at,
        "ended_at": stored.ended_at,
        "ended_by": stored.ended_by,
        "ended_reason": stored.ended_reason,
        "replaced_by": stored.replaced_by,
        "proof": dict(stored.proof),
    }


def _obligation(row: Mapping[str, Any]) -> StoredObligation:
    due_at, counted_from = row["due_at"], row["counted_from"]
    one = Obligation(
        id=row["id"],
        regime=row["regime"],
        rule=row["rule"],
        rule_version=row["rule_version"],
        recipient=row["recipient"],
        deadline=Deadline(
            day_0=_day(row["day_0"]),
            due_date=_day(row["due_date"]),
            due_at=due_at,
            warn_at=warnings(counted_from, due_at),
        ),
        counted_from=counted_from,
        opened_on=date.fromisoformat(row["opened_on"]),
        state=ObligationState(row["state"]),
        warned=row["warned"],
        met_at=row["met_at"],
        in_time=None if row["in_time"] is None else bool(row["in_time"]),
        submission_id=row["submission_id"],
        breached_at=row["breached_at"],
        owed_when_ended=bool(row["proof"].get("owed_when_ended")),
    )
    return StoredObligation(
        obligation=one,
        report_id=row["adverse_event_id"],
        scope=row["scope"],
        trial_id=row["trial_id"],
        trial_key=row["trial_key"],
        opened_at=row["opened_at"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        ended_reason=row["ended_reason"],
        replaced_by=row["replaced_by"],
        proof=row["proof"],
    )


def _submission(row: Mapping[str, Any]) -> Submission:
    return Submission(
        id=row["id"],
        report_id=row["adverse_event_id"],
        recipients=tuple(row["recipients"]),
        sent_at=row["sent_at"],
        outside=bool(row["outside"]),
        complete=bool(row["complete"]),
        reference=row["reference"],
        receipt=row["receipt"],
        file_sha256=row["file_sha256"],
        state=row["state"],
        answered_at=row["answered_at"],
        answer_reference=row["answer_reference"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


_LOCK = Sql("SELECT id FROM obligation WHERE adverse_event_id = $1 ORDER BY id FOR UPDATE")
_DUE = Sql(
    "SELECT id FROM obligation WHERE next_check_at IS NOT NULL AND next_check_at <= $1"
    " ORDER BY next_check_at, id LIMIT $2"
)
