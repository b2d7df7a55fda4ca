"""The alert of a report: one, unless a later version of it turns out to be graver."""

from collections.abc import Collection

from services.safety.commands.raise_alert import RaisedAlert, raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.intake import still_to_raise
from services.safety.domain.place import TrialRef
from services.safety.store.alerts import kinds_raised
from shared.act import Act
from shared.database import Tx


async def raise_for_report(
    tx: Tx, act: Act, report_id: str, kinds: Collection[AlertKind], trial: TrialRef, *, first: bool = False
) -> list[RaisedAlert]:
    """Raise what the report's newest version calls for and an earlier one has not; return what is new.

    Args:
        tx: the transaction.
        act: circumstances.
        report_id: the report, which is the cause.
        kinds: what its newest version calls for.
        trial: where it belongs.
        first: nothing of it can have raised anything yet.
    """
    if not kinds:
        return []
    raised = [] if first else await kinds_raised(tx, report_id)
    requests = [AlertRequest(kind=kind, cause=report_id) for kind in still_to_raise(kinds, raised)]
    return await raise_alerts(tx, act, requests, trial)
