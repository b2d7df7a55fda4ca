"""What a boundary does before anybody is treated by it: exact, by recursion over participants and events."""

from collections.abc import Sequence
from dataclasses import dataclass

Boundary = tuple[int | None, ...]
"""Events that stop after n = 1, 2, ... evaluable participants; None where no count can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristics:
    """At a true rate `p`, when everybody is followed to the end of the window.

    Attributes:
        p: rate of events.
        stop_probability: of ever crossing the boundary.
        expected_events: events until the crossing or the last participant.
        expected_n: participants until then.
    """

    p: float
    stop_probability: float
    expected_events: float
    expected_n: float


def characteristics(boundary: Sequence[int | None], p: float) -> Characteristics:
    """Exact characteristics at rate `p`: paths of counts, absorbed where they reach the boundary.

    The expected events are p times the expected participants (Wald), because stopping looks at the past alone.

    Args:
        boundary: events that stop after n = 1, 2, ...
        p: rate, 0 to 1.
    """
    going_on, stopped, expected_n = [1.0], 0.0, 0.0
    for limit in boundary:
        expected_n += sum(going_on)
        going_on = _after_one_more(going_on, p)
        if limit is not None:
            stopped += sum(going_on[limit:])
            going_on = going_on[:limit]
        if not going_on:
            break
    return Characteristics(
        p=p, stop_probability=stopped, expected_events=p * expected_n, expected_n=expected_n
    )


def _after_one_more(going_on: list[float], p: float) -> list[float]:
    """Probability of each count after one more participant."""
    with_event = [p * probability for probability in going_on]
    without = [(1 - p) * probability for probability in going_on]
    return [with_ + without_ for with_, without_ in zip([0.0, *with_event], [*without, 0.0], strict=True)]
