"""Who does something, when, and as part of which story: what every command is told besides its own content."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.auth import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The circumstances of one command.

    `now` is domain time: windows, expiries, ages and deadlines count from it. `received_at` is server time:
    it goes into audit rows and nothing else is computed from it. They differ only in demonstration time.
    """

    actor: str
    actor_role: str
    now: datetime
    received_at: datetime
    correlation_id: str
    new_id: Callable[[], str]
    causation_id: str | None = None
    traceparent: str | None = None
    demonstration: bool = False
    principal: Principal | None = None

    def caused_by(self, event_id: str) -> "Act":
        """The same circumstances, as a consequence of this event."""
        return replace(self, causation_id=event_id)

    def as_role(self, role: str) -> "Act":
        """The same circumstances, with the role in which the actor was allowed to act."""
        return replace(self, actor_role=role)
