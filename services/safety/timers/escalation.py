"""Steps of alerts that are due, by domain time."""

from services.safety.commands.call_steps import OutsideChannel, call_due_steps
from shared.act import Act
from shared.database import Tx
from shared.timers import Timer


def escalation(channel: OutsideChannel | None) -> Timer:
    """The timer that climbs ladders; without a channel, whoever is called is called in the inbox only."""

    async def climb(tx: Tx, act: Act) -> int:
        return await call_due_steps(tx, act, channel)

    return Timer(name="escalation", do_due=climb)
