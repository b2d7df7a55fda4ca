"""People have lifted the hold of a crossing: what they knew of is decided."""

from dataclasses import replace

from services.safety.store.stopping_crossings import load_crossing, save_crossing
from services.safety.store.stopping_rules import counts_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx


async def decide_crossing(tx: Tx, act: Act, *, halt_id: str) -> None:
    """Mark the crossing that this halt stood for; a halt of another origin changes nothing here."""
    crossing = await load_crossing(tx, halt_id, lock=True)
    if crossing is None or crossing.decided_at is not None:
        return
    counted = (await counts_of(tx, crossing.trial_id)).get(crossing.rule_id)
    known = max(crossing.events, counted.events if counted is not None else 0)
    await save_crossing(tx, replace(crossing, decided_at=act.now, decided_events=known))
    await record(tx, act, crossing.id, "stopping-rule.decided", {"events": known})


async def is_crossing(tx: Tx, halt_id: str) -> bool:
    """Whether a halt stands for a crossing, which has called everybody already."""
    return await load_crossing(tx, halt_id) is not None
