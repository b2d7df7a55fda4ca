"""Steps of alerts that are due, by domain time."""

from services.safety.commands.call_steps import call_due_steps
from services.safety.commands.watch_channels import note_round
from services.safety.domain.channels import OutsideChannels
from services.safety.timers.bell import Bells
from shared.act import Act
from shared.clock import monotonic
from shared.database import Tx
from shared.timers import Timer

ROUND_SECONDS = 5.0


def escalation(channels: OutsideChannels, bells: Bells) -> Timer:
    """The timer that climbs ladders; without channels, whoever is called is called in the inbox only.

    What it has called is sent at once: after its commit it rings the senders' bells. Every few seconds it notes
    its round in its own transaction, so that a round that fails is not noted.
    """
    noted = [-ROUND_SECONDS]

    async def climb(tx: Tx, act: Act) -> int:
        done = await call_due_steps(tx, act, channels)
        if done:
            tx.after_commit(bells.ring)
        if monotonic() - noted[0] >= ROUND_SECONDS:
            await note_round(tx, act)
            noted[0] = monotonic()
        return done

    return Timer(name="escalation", do_due=climb)
