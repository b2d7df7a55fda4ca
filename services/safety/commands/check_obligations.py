"""Obligations by time: warnings at 50, 80 and 100 % of their time, and the breach, each exactly once.

They are found in the store by domain time; after a downtime whatever is overdue is said at once, nothing twice.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.safety.commands.announce_obligation import breached
from services.safety.commands.raise_alert import raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.event_class import EventClass
from services.safety.domain.obligation import Obligation, ObligationState
from services.safety.store.assessments import newest_classes
from services.safety.store.obligations import (
    StoredObligation,
    due_obligations,
    load_obligation,
    save_obligation,
)
from services.safety.store.places import trial_named
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx
from shared.deadlines import WARNED_AT_PERCENT, warnings
from shared.outbox import put

HALF, OVER = 50, 100


async def check_obligations(tx: Tx, act: Act, *, limit: int = 50) -> int:
    """Warn of every obligation that is due for it; return how many were looked at."""
    due = await due_obligations(tx, act.now, limit)
    for obligation_id in due:
        stored = await load_obligation(tx, obligation_id, lock=True)
        if stored is not None and stored.obligation.state is ObligationState.OPEN:
            await _check(tx, act, stored)
    return len(due)


async def _check(tx: Tx, act: Act, stored: StoredObligation) -> None:
    before = stored.obligation
    passed = list(_passed(before, act.now))
    if not passed:
        return
    after = replace(before, warned=passed[-1])
    if OVER in passed:
        after = replace(after, state=ObligationState.BREACHED, breached_at=before.deadline.due_at)
    await save_obligation(tx, after)
    for percent in passed:
        await audit(tx, act, before.id, "obligation.warned", {"percent": percent})
    if after.state is ObligationState.BREACHED:
        await put(tx, act, breached(replace(stored, obligation=after)))
    await _alert(tx, act, stored, passed)


def _passed(obligation: Obligation, now: datetime) -> Iterator[int]:
    """Shares of its time that are over and were not said yet, ascending."""
    instants = warnings(obligation.counted_from, obligation.deadline.due_at)
    for percent, at in zip(WARNED_AT_PERCENT, instants, strict=True):
        if percent > obligation.warned and at <= now:
            yield percent


async def _alert(tx: Tx, act: Act, stored: StoredObligation, passed: list[int]) -> None:
    """One alert per event, rule and share, however many recipients are to be told."""
    trial = await trial_named(tx, stored.trial_id, stored.trial_key)
    susar = await _is_susar_in_waiting(tx, stored)
    requests = [
        AlertRequest(
            kind=_kind(percent, susar=susar), cause=f"{stored.report_id}:{stored.obligation.rule}:{percent}"
        )
        for percent in passed
    ]
    await raise_alerts(tx, act, requests, trial)


def _kind(percent: int, *, susar: bool) -> AlertKind:
    if percent == OVER:
        return AlertKind.OBLIGATION_BREACHED
    return AlertKind.SUSAR_AT_HALF if percent == HALF and susar else AlertKind.OBLIGATION_DUE


async def _is_susar_in_waiting(tx: Tx, stored: StoredObligation) -> bool:
    """Whether it is a SUSAR still that nobody was woken for: neither fatal nor life-threatening."""
    classes = (await newest_classes(tx, stored.report_id)).values()
    susars = [one for one in classes if one.event_class is EventClass.SUSAR]
    return bool(susars) and not any(one.grave for one in susars)
