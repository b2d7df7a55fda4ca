"""What a decision rests on, as its events said: for the page that answers why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.database import Tx
from shared.joint_reads import Part, each, fetch_together, nested, optional_instant, read_together


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionGround:
    """One decision with its ground; `ended_because` is empty while nothing has superseded it."""

    kind: str
    part: str
    level: int
    places: int
    rule: Mapping[str, Any] | None
    ground: Mapping[str, Any]
    ended_because: str
    ended_at: datetime | None


async def decision_ground(tx: Tx, decision_id: str) -> DecisionGround | None:
    """None for a decision that has not been heard of."""
    found = await fetch_together(tx, _GROUND, decision_id)
    decision = next(each(found, "decision"), None)
    if decision is None:
        return None
    ground, end = next(each(found, "ground"), None), next(each(found, "end"), None)
    return DecisionGround(
        kind=decision["kind"],
        part=decision["part"],
        level=decision["level"],
        places=decision["places"],
        rule=nested(decision["rule"]) if decision["rule"] else None,
        ground=nested(ground["ground"]) if ground else {},
        ended_because=end["reason"] if end else "",
        ended_at=optional_instant(end["superseded_at"]) if end else None,
    )


_GROUND = read_together(
    Part(
        name="decision",
        columns=("kind", "part", "level", "places", "rule"),
        source="decision_copy WHERE decision_id = $1",
    ),
    Part(name="ground", columns=("ground",), source="decision_ground_copy WHERE decision_id = $1"),
    Part(name="end", columns=("reason", "superseded_at"), source="decision_end_copy WHERE decision_id = $1"),
)
