"""What holds for every committee, as a data file that comes with the service."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.sponsor.domain.committee import Seat

_FILE = Path(__file__).parents[1] / "rules" / "committee.v1.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitteeRules:
    """Seats that sign a charter; roles that verify data, the fields they verify, and what they state."""

    signing_seats: frozenset[Seat]
    quality_roles: tuple[str, ...]
    quality_fields: tuple[str, ...]
    quality_statement: str


@cache
def committee_rules() -> CommitteeRules:
    """The rules, read once."""
    stated = json.loads(_FILE.read_text(encoding="utf-8"))
    quality = stated["quality"]
    return CommitteeRules(
        signing_seats=frozenset(Seat(seat) for seat in stated["charter"]["signing_seats"]),
        quality_roles=tuple(quality["roles"]),
        quality_fields=tuple(quality["fields"]),
        quality_statement=quality["statement"],
    )
