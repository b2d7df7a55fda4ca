"""What a way out of the system is: it takes one message for one person, or says why not."""

from typing import Protocol

from services.safety.commands.send_alert import ClaimedMessage
from services.safety.domain.channels import Channel


class NotTaken(Exception):
    """The channel did not take the message, or nobody knows; `reason` is a code, never what the other side said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReceiverGone(NotTaken):
    """The receiver wants nothing more from us."""


class Post(Protocol):
    """One way out, outside of any transaction."""

    @property
    def channel(self) -> Channel: ...

    async def hand_over(self, message: ClaimedMessage) -> None:
        """Return when the other side has taken the message.

        Raises:
            NotTaken: it has not; try again later.
            ReceiverGone: never try again.
        """
