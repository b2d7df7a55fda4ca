"""The rounds of the alerting, kept in the store: silence is what tells that it has stopped."""

from services.safety.domain.channels import Channel
from services.safety.store.channels import EVALUATOR, beat, open_again
from shared.act import Act
from shared.database import Tx


async def note_round(tx: Tx, act: Act, channel: Channel | None = None) -> None:
    """The evaluator, or a channel, has done its round."""
    await beat(tx, EVALUATOR if channel is None else channel.value, act.received_at)


async def try_again(tx: Tx, channel: Channel) -> None:
    """A channel that its receiver had shut is tried anew, because the process begins anew."""
    await open_again(tx, channel.value)
