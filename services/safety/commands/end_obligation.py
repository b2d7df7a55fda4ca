"""Ending an obligation unmet: only by somebody who signs why, or because the report concerns nobody in the trial."""

from dataclasses import dataclass

from services.safety.commands.announce_obligation import superseded
from services.safety.commands.open_report import open_report
from services.safety.domain.obligation import ObligationState, require_running
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import DESK
from services.safety.store.assessments import newest_classes
from services.safety.store.obligations import (
    StoredObligation,
    end_obligation,
    load_obligation,
    obligations_of,
)
from shared.act import Act
from shared.database import Tx
from shared.outbox import put
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class EndObligation:
    obligation_id: str
    reason: str


async def void_obligation(tx: Tx, command: EndObligation, act: Act) -> StoredObligation:
    """State that a report is not owed after all; if the case comes to owe it later, it is owed anew.

    Raises:
        Problem: 404 without such an obligation.
        Refused: `reason_required`, `obligation_ended`.
    """
    found = await load_obligation(tx, command.obligation_id)
    if found is None:
        raise Problem("not_found")
    opened = await open_report(tx, act, found.report_id, DESK)
    stored = await load_obligation(tx, command.obligation_id, lock=True)
    assert stored is not None
    require_running(stored.obligation)
    if not command.reason.strip():
        raise Refused("reason_required", "An obligation ends unmet only for a reason.")
    await _void(tx, opened.act, stored, command.reason.strip())
    ended = await load_obligation(tx, command.obligation_id)
    assert ended is not None
    return ended


async def void_for_clearance(tx: Tx, act: Act, report_id: str, reason: str) -> None:
    """Two people found that the report concerns nobody in the trial: nothing is owed for it."""
    for stored in await obligations_of(tx, report_id, lock=True):
        if stored.obligation.is_running:
            await _void(tx, act, stored, reason)


async def _void(tx: Tx, act: Act, stored: StoredObligation, reason: str) -> None:
    classes = await newest_classes(tx, stored.report_id)
    rules = {name.rpartition(" ")[0] for one in classes.values() for name in one.details["rules"]}
    await end_obligation(
        tx,
        stored,
        ObligationState.VOID,
        at=act.now,
        by=act.actor,
        reason=reason,
        owed=stored.obligation.rule in rules,
    )
    await put(tx, act, superseded(stored, at=act.now, replaced_by=None, reason=reason))
