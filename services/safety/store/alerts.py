"""Alerts, their steps and what people said about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from services.safety.domain.alert import Alert, AlertKind, AlertState
from services.safety.domain.escalation import PlannedStep
from services.safety.domain.ids import AlertId, PersonId, TrialId
from services.safety.domain.place import NO_TRIAL, TrialRef, zone_named
from services.safety.domain.rota import Duty
from services.safety.store.tables import AlertNoteRow, AlertRow, AlertStepRow
from shared.database import Sql, Tx, instant_parameter, read_instant
from shared.rows import insert_once, insert_row, insertion, table_of

_ALERTS = table_of(AlertRow)
_STEPS = table_of(AlertStepRow)
_NOTES = table_of(AlertNoteRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """An alert as it stands; `trial_key` is empty where no trial is known."""

    id: AlertId
    scope: str
    trial_id: TrialId | None
    trial_key: str
    zone: str
    kind: AlertKind
    priority: str
    cause_id: str
    state: AlertState
    raised_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_by: str | None
    resolved_at: datetime | None

    @property
    def trial(self) -> TrialRef:
        return TrialRef(id=self.trial_id, code=self.trial_key, zone=zone_named(self.zone))

    def as_alert(self, notified: frozenset[PersonId] = frozenset()) -> Alert:
        return Alert(
            kind=self.kind,
            trial_code=self.trial_key or NO_TRIAL,
            raised_at=self.raised_at,
            state=self.state,
            notified=notified,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStep:
    """One call of an alert's ladder; `done_at` is None until it was made."""

    alert_id: AlertId
    number: int
    duties: frozenset[Duty]
    due_at: datetime
    acknowledge_by: datetime
    last: bool
    done_at: datetime | None
    called: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNote:
    person: str
    what: str
    note: str
    noted_at: datetime


async def add_alert(tx: Tx, alert: StoredAlert) -> bool:
    """Keep the alert unless its cause has raised one of its kind before; say whether it is new."""
    return await insert_once(
        tx,
        _ALERTS,
        {
            "id": alert.id,
            "scope": alert.scope,
            "trial_id": alert.trial_id,
            "trial_key": alert.trial_key,
            "zone": alert.zone,
            "kind": alert.kind.value,
            "priority": alert.priority,
            "cause_id": alert.cause_id,
            "state": alert.state.value,
            "raised_at": alert.raised_at,
            "acknowledged_by": None,
            "acknowledged_at": None,
            "resolved_by": None,
            "resolved_at": None,
        },
    )


async def add_steps(tx: Tx, alert_id: str, steps: Sequence[PlannedStep], *, after: int = 0) -> None:
    """Keep the steps of a ladder, numbered on from those that the alert has already."""
    rows = [
        {
            "alert_id": alert_id,
            "number": after + step.number,
            "duties": sorted(duty.value for duty in step.duties),
            "due_at": step.due_at,
            "acknowledge_by": step.acknowledge_by,
            "last": step is steps[-1],
            "done_at": None,
            "called": [],
        }
        for step in steps
    ]
    await insertion(_STEPS)(tx, rows)


async def load_alert(tx: Tx, alert_id: str, *, lock: bool = False) -> StoredAlert | None:
    statement = select(_ALERTS).where(_ALERTS.c.id == alert_id)
    row = (await tx.execute(statement.with_for_update() if lock else statement)).one_or_none()
    return None if row is None else _alert(row)


async def steps_of(tx: Tx, alert_id: str) -> list[StoredStep]:
    statement = select(_STEPS).where(_STEPS.c.alert_id == alert_id).order_by(_STEPS.c.number)
    return [_step(row) for row in await tx.execute(statement)]


async def due_alerts(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Unacknowledged alerts with a step that is due, most urgent first."""
    return [row[0] for row in await tx.fetch(_DUE, instant_parameter(tx, now), limit)]


async def mark_called(tx: Tx, step: StoredStep, called: Sequence[PersonId], done_at: datetime) -> None:
    await tx.execute(
        update(_STEPS)
        .where(_STEPS.c.alert_id == step.alert_id, _STEPS.c.number == step.number)
        .values(done_at=done_at, called=list(called))
    )


async def postpone_steps(tx: Tx, steps: Sequence[StoredStep], *, by: timedelta) -> None:
    """Every one of these steps is due, and waits, that much later; they keep their distances."""
    for step in steps:
        await tx.execute(
            update(_STEPS)
            .where(_STEPS.c.alert_id == step.alert_id, _STEPS.c.number == step.number)
            .values(due_at=step.due_at + by, acknowledge_by=step.acknowledge_by + by)
        )


async def bring_forward(tx: Tx, alert_id: str, number: int, due_at: datetime) -> None:
    """A step before it called nobody: this one need not wait."""
    await tx.execute(
        update(_STEPS)
        .where(_STEPS.c.alert_id == alert_id, _STEPS.c.number == number, _STEPS.c.due_at > due_at)
        .values(due_at=due_at)
    )


async def save_acknowledged(tx: Tx, alert_id: str, by: str, at: datetime) -> None:
    values = {"state": AlertState.ACKNOWLEDGED.value, "acknowledged_by": by, "acknowledged_at": at}
    await tx.execute(update(_ALERTS).where(_ALERTS.c.id == alert_id).values(**values))


async def save_resolved(tx: Tx, alert_id: str, by: str, at: datetime) -> None:
    values = {"state": AlertState.RESOLVED.value, "resolved_by": by, "resolved_at": at}
    await tx.execute(update(_ALERTS).where(_ALERTS.c.id == alert_id).values(**values))


async def add_note(
    tx: Tx, note_id: str, alert_id: str, *, person: str, what: str, note: str, noted_at: datetime
) -> None:
    values = {"id": note_id, "alert_id": alert_id, "person": person, "what": what, "note": note}
    await insert_row(tx, _NOTES, values | {"noted_at": noted_at})


async def notes_of(tx: Tx, alert_id: str) -> list[StoredNote]:
    statement = select(_NOTES).where(_NOTES.c.alert_id == alert_id).order_by(_NOTES.c.id)
    return [
        StoredNote(person=row.person, what=row.what, note=row.note, noted_at=row.noted_at)
        for row in await tx.execute(statement)
    ]


async def resolved_with_cause(tx: Tx, kind: AlertKind, prefix: str) -> int:
    """How many alerts of a kind with causes that begin so have been resolved."""
    return int((await tx.fetch(_RESOLVED, kind.value, prefix))[0][0])


async def kinds_raised(tx: Tx, cause: str) -> list[AlertKind]:
    """Which kinds of alerts this cause has raised."""
    return [AlertKind(row[0]) for row in await tx.fetch(_KINDS, cause)]


async def unheard_alerts(tx: Tx, trial_key: str) -> list[tuple[str, int]]:
    """Unacknowledged alerts whose whole ladder called nobody, with the number of their last step.

    Args:
        tx: the transaction.
        trial_key: of this trial; `*` for every trial.
    """
    return [(row[0], row[1]) for row in await tx.fetch(_UNHEARD, trial_key)]


async def list_alerts(
    tx: Tx, *, trial_keys: frozenset[str] | None, state: AlertState | None, after: str, limit: int
) -> list[tuple[StoredAlert, datetime | None]]:
    """Alerts in the order in which they were raised, each with when somebody must have acknowledged it.

    Args:
        tx: the transaction.
        trial_keys: of these trials, and those of no trial; None for all.
        state: in this state alone, if given.
        after: id of the last alert of the page before, empty for the first page.
        limit: size of the page.
    """
    running = (
        select(_STEPS.c.acknowledge_by)
        .where(_STEPS.c.alert_id == _ALERTS.c.id)
        .order_by(_STEPS.c.done_at.is_(None).asc(), _STEPS.c.number.desc())
        .limit(1)
        .scalar_subquery()
        .label("acknowledge_by")
    )
    statement = select(_ALERTS, running).where(_ALERTS.c.id > after).order_by(_ALERTS.c.id).limit(limit)
    if trial_keys is not None:
        statement = statement.where(_ALERTS.c.trial_key.in_(sorted({*trial_keys, ""})))
    if state is not None:
        statement = statement.where(_ALERTS.c.state == state.value)
    return [(_alert(row), row.acknowledge_by) for row in await tx.execute(statement)]


def _alert(row: Any) -> StoredAlert:
    return StoredAlert(
        id=AlertId(row.id),
        scope=row.scope,
        trial_id=TrialId(row.trial_id) if row.trial_id else None,
        trial_key=row.trial_key,
        zone=row.zone,
        kind=AlertKind(row.kind),
        priority=row.priority,
        cause_id=row.cause_id,
        state=AlertState(row.state),
        raised_at=read_instant(row.raised_at),
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
    )


def _step(row: Any) -> StoredStep:
    return StoredStep(
        alert_id=AlertId(row.alert_id),
        number=row.number,
        duties=frozenset(Duty(duty) for duty in row.duties),
        due_at=row.due_at,
        acknowledge_by=row.acknowledge_by,
        last=bool(row.last),
        done_at=row.done_at,
        called=tuple(PersonId(person) for person in row.called),
    )


_DUE = Sql(
    "SELECT a.id FROM alert a WHERE a.state = 'raised' AND EXISTS (SELECT 1 FROM alert_step s"
    " WHERE s.alert_id = a.id AND s.done_at IS NULL AND s.due_at <= $1)"
    " ORDER BY a.priority, a.id LIMIT $2"
)
_KINDS = Sql("SELECT kind FROM alert WHERE cause_id = $1")
_RESOLVED = Sql(
    "SELECT count(*) FROM alert WHERE kind = $1 AND state = 'resolved' AND substr(cause_id, 1, length($2)) = $2"
)
_UNHEARD = Sql(
    "SELECT a.id, max(s.number) FROM alert a JOIN alert_step s ON s.alert_id = a.id"
    " WHERE a.state = 'raised' AND ($1 = '*' OR a.trial_key = $1) GROUP BY a.id"
    " HAVING count(*) = count(s.done_at) AND max(length(s.called)) <= 2 ORDER BY a.id"
)
