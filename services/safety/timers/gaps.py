"""Events of other services that did not come although later ones have."""

from collections.abc import Mapping

from services.safety.commands.report_parked_event import report_lasting_gaps
from shared.act import Act
from shared.database import Tx
from shared.timers import Timer


def lasting_gaps(ignored: Mapping[str, frozenset[str]]) -> Timer:
    """The timer that raises an alert for a hole that does not close."""

    async def look(tx: Tx, act: Act) -> int:
        return await report_lasting_gaps(tx, act, ignored=ignored)

    return Timer(name="lasting_gaps", do_due=look)
