"""An event that could not be read, here or in another service: what it was to say has not been heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.safety.commands.raise_alert import raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.store.alerts import resolved_with_cause
from services.safety.store.gaps import lasting_gaps
from services.safety.store.places import trial_named
from shared.act import Act
from shared.database import Tx
from shared.partitions import NETWORK

HEALS_BY_ITSELF = "gap"
GAP_MAY_LAST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParkedEvent:
    """What is known from the envelope alone; `where` is the service that could not apply the event."""

    where: str
    producer: str
    event_type: str | None
    event_id: str | None
    scope: str | None
    reason: str


async def report_parked_event(
    tx: Tx, command: ReportParkedEvent, act: Act, *, ignored: Mapping[str, frozenset[str]]
) -> None:
    """Raise "unreadable event", once per event; without an event's id once per producer, reason and scope.

    A hole in an aggregate's numbers is not told here: it mostly closes within seconds, and one that lasts is
    found by `report_lasting_gaps`.

    Args:
        tx: the transaction.
        command: what was parked.
        act: circumstances.
        ignored: by producer, the types that say nothing to this service; another service's trouble always does.
    """
    ours = command.where == "safety"
    if command.reason == HEALS_BY_ITSELF:
        return
    if ours and command.event_type in ignored.get(command.producer, frozenset()):
        return
    scope = command.scope if command.scope not in (None, NETWORK) else None
    trial = await trial_named(tx, scope)
    request = AlertRequest(kind=AlertKind.UNREADABLE_EVENT, cause=await _cause(tx, command))
    await raise_alerts(tx, act, [request], trial)


async def report_lasting_gaps(tx: Tx, act: Act, *, ignored: Mapping[str, frozenset[str]]) -> int:
    """Raise "unreadable event" for holes older than a minute of server time; return how many alerts are new."""
    raised = 0
    for gap in await lasting_gaps(tx, act.received_at - GAP_MAY_LAST):
        if gap.event_type not in ignored.get(gap.producer, frozenset()):
            trial = await trial_named(tx, gap.scope)
            cause = f"safety:{gap.producer}:{gap.aggregate_id}:{gap.last_sequence}"
            request = AlertRequest(kind=AlertKind.UNREADABLE_EVENT, cause=cause)
            raised += len(await raise_alerts(tx, act, [request], trial))
    return raised


async def _cause(tx: Tx, command: ReportParkedEvent) -> str:
    """The event's id; a flood of records without one is one alert until that is resolved."""
    if command.event_id is not None:
        return f"{command.where}:{command.event_id}"
    group = f"{command.where}:{command.producer}:{command.reason}:{command.scope or NETWORK}:"
    return f"{group}{await resolved_with_cause(tx, AlertKind.UNREADABLE_EVENT, group)}"
