"""The topics of a service: its main one, and beside it one for what only named readers may read.

Who hears what is a matter of access rights, which a broker grants by topic. So an event class that says
`blinding: ClassVar = "unblinded"` travels on a topic of its own, with a relay, watermarks and an audit anchor of
their own; nothing about the main topic depends on it. An aggregate is told on one topic alone, or its sequence
would have holes on both: unblinded aggregates have ids that say so, and `outbox.put` insists.
"""

from typing import Literal

Blinding = Literal["blinded", "unblinded"]

UNBLINDED_AGGREGATES = "unblinded:"
"""How the id of every aggregate begins whose events travel on an unblinded topic, and of no other."""


class WrongAggregate(Exception):
    """An event was put under an aggregate of the other topic: a programming error, and the command is undone."""


def topic_of_service(service: str, blinding: Blinding = "blinded") -> str:
    """`<service>.events.v1`, or `<service>.unblinded.v1`."""
    return f"{service}.events.v1" if blinding == "blinded" else f"{service}.unblinded.v1"


def blinding_of(event: object) -> Blinding:
    """What an event class says of itself; one that says nothing is safe for everybody."""
    return "unblinded" if getattr(event, "blinding", "blinded") != "blinded" else "blinded"


def check_aggregate(aggregate_id: str, blinding: Blinding) -> None:
    """An aggregate belongs to the topic that its id says.

    Raises:
        WrongAggregate: it belongs to the other one.
    """
    if aggregate_id.startswith(UNBLINDED_AGGREGATES) != (blinding == "unblinded"):
        raise WrongAggregate(blinding)
