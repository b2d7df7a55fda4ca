"""Judging a participant's window anew, in the transaction of whatever changed: report, dose, end or time."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.safety.commands.count_outcomes import count_outcomes
from services.safety.commands.raise_alert import RaisedAlert, raise_alerts
from services.safety.domain.stopping_outcome import RuleOutcome
from services.safety.domain.taken_over import as_taken_over
from services.safety.domain.window_judgement import Judgement, judge_window
from services.safety.events.published import DltVerdictRecordedV1, DltWindowClosedV1, DltWindowReopenedV1
from services.safety.store.dlt_windows import add_verdict, lock_window, open_window, save_window
from services.safety.store.stored_window import StoredWindow
from services.safety.store.window_facts import Registration, registration_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx
from shared.outbox import NewEvent, put

TAKE_OVER = "take_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeWindow:
    """`cause` is what happened; `report_id` the report behind it, if one is."""

    participant_id: str
    cause: str
    report_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The window as it is now, and the alerts that this judging raised."""

    window: StoredWindow
    alerts: list[RaisedAlert]


async def judge_participant(
    tx: Tx, command: JudgeWindow, act: Act, *, window_locked: bool = False
) -> Judged | None:
    """Judge a window on everything known, and tell what changed.

    Args:
        tx: the transaction, in which the caller has written what happened.
        command: whose window, and why.
        act: circumstances.
        window_locked: the caller has locked the window, in a statement before.

    Returns:
        None when nothing can be said: the registration is not known here yet, nobody counts DLTs where it is,
        or the copies are being built anew and would look as if facts were missing.
    """
    if not window_locked:
        await lock_window(tx, command.participant_id)
    registration = await registration_of(tx, command.participant_id)
    if registration is None or _nothing_to_say(registration, command):
        return None
    window = registration.window
    if registration.voided_at is not None:
        return await _void(tx, act, window, registration)
    if window is None:
        window = await open_window(tx, act.new_id(), registration.participant_id, registration.trial_id)
    if window is None:
        return await judge_participant(tx, command, act)  # somebody else has opened it, with other facts
    judgement = _judgement(registration, window, act)
    outcomes = registration.outcomes(window.window_id, judgement, now=act.now)
    after = _after(window, judgement, registration.level_received, outcomes)
    if after.version > window.version:
        await _tell_verdict(tx, act, command, after, judgement, registration)
    after = await _tell_ending(tx, act, window, after, judgement)
    requests = [one for one in judgement.alerts if f"{one.kind.value}:{one.cause}" not in window.alerted]
    trial = registration.trial
    raised = await raise_alerts(tx, act, requests, trial)
    if after != window:
        await save_window(tx, after)
    if registration.rules_text:
        raised += await count_outcomes(tx, act, registration, outcomes, trial, command.cause)
    return Judged(window=after, alerts=raised)


async def _tell_ending(
    tx: Tx, act: Act, before: StoredWindow, after: StoredWindow, judgement: Judgement
) -> StoredWindow:
    """The window with its ending as it is now: told when it has closed, and when it turns out to be open again."""
    if judgement.closed and before.closed_at is None:
        after = replace(after, closed_at=act.now)
        await _tell_closed(tx, act, after)
    elif before.closed_at is not None and not judgement.closed:
        after = replace(after, closed_at=None)
        await _tell_reopened(tx, act, after)
    return after


def _nothing_to_say(registration: Registration, command: JudgeWindow) -> bool:
    """A verdict that came with the trial is told in its turn, when everything that came with it is known."""
    awaited = registration.taken_over is not None and registration.window is None
    waits = awaited and command.cause != TAKE_OVER
    return registration.rebuilding or registration.without_window or waits


def _judgement(registration: Registration, window: StoredWindow, act: Act) -> Judgement:
    own = judge_window(registration.facts(window.window_id), now=act.now)
    if registration.taken_over is None:
        return own
    return as_taken_over(own, registration.taken_over, registration.events)


def _after(
    window: StoredWindow,
    judgement: Judgement,
    level_received: int | None,
    outcomes: tuple[RuleOutcome, ...],
) -> StoredWindow:
    """The window with the new judgement; its version rises only when there is something to tell.

    A level told before that was another, or none, is something to tell; the first dose itself is not.
    """
    told = (window.verdict, window.provisional, window.criteria)
    corrected = window.level_received is not None and window.level_received != level_received
    now = (judgement.verdict.value, judgement.provisional.value, judgement.criteria)
    return replace(
        window,
        version=window.version + (window.version == 0 or told != now or corrected),
        verdict=judgement.verdict.value,
        provisional=judgement.provisional.value,
        criteria=judgement.criteria,
        reasons=judgement.reasons,
        alerted=window.alerted | {f"{one.kind.value}:{one.cause}" for one in judgement.alerts},
        next_check_at=_earliest(judgement.next_check_at, *(one.next_check_at for one in outcomes)),
        closes_at=judgement.closes_at,
        level_received=level_received,
    )


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


async def _tell_verdict(
    tx: Tx,
    act: Act,
    command: JudgeWindow,
    window: StoredWindow,
    judgement: Judgement,
    registration: Registration,
) -> None:
    await add_verdict(
        tx,
        window,
        judgement,
        registration,
        cause=command.cause,
        report_id=command.report_id,
        recorded_at=act.now,
    )
    body = DltVerdictRecordedV1(
        trial_id=window.trial_id,
        window_id=window.window_id,
        participant_id=window.participant_id,
        version=window.version,
        verdict=judgement.verdict.value,
        provisional=judgement.provisional.value,
        part=registration.part,
        level_allocated=registration.level_allocated,
        level_received=registration.level_received,
        criteria=list(judgement.criteria),
        reasons=list(judgement.reasons),
        definition=judgement.definition,
        dictionary=judgement.dictionary,
        convention=judgement.convention,
        cause=command.cause,
        report_id=command.report_id,
        recorded_at=act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=window.window_id, scope=window.trial_id, body=body))


async def _tell_closed(tx: Tx, act: Act, window: StoredWindow) -> None:
    body = DltWindowClosedV1(
        trial_id=window.trial_id,
        window_id=window.window_id,
        participant_id=window.participant_id,
        closed_at=window.closes_at or act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=window.window_id, scope=window.trial_id, body=body))


async def _tell_reopened(tx: Tx, act: Act, window: StoredWindow) -> None:
    """A corrected first dose has moved the window, or taken it away: it is not over after all."""
    body = DltWindowReopenedV1(
        trial_id=window.trial_id,
        window_id=window.window_id,
        participant_id=window.participant_id,
        closes_at=window.closes_at,
        reopened_at=act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=window.window_id, scope=window.trial_id, body=body))


async def _void(tx: Tx, act: Act, window: StoredWindow | None, registration: Registration) -> Judged | None:
    """A registration made in error counts nowhere; its window is looked at no more."""
    if window is None or window.voided_at is not None:
        return None
    voided = replace(window, voided_at=registration.voided_at, next_check_at=None)
    await save_window(tx, voided)
    await record(tx, act, window.window_id, "dlt-window.voided", {"participant_id": window.participant_id})
    raised: list[RaisedAlert] = []
    if registration.rules_text:
        raised = await count_outcomes(tx, act, registration, (), registration.trial, "voided")
    return Judged(window=voided, alerts=raised)
