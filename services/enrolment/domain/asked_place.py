"""Where a registration would be counted, and by which kind of trial: settled before any guard is asked."""

from collections.abc import Sequence
from datetime import datetime

from services.enrolment.domain.board import Board, SlotRecord
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.kinds import KindRules
from services.enrolment.domain.levels import LevelState
from services.enrolment.domain.protocol_terms import NoTerms, VersionRules, rules_in_use
from services.enrolment.domain.refusals import Refused


def place_asked_for(
    board: Board, part: str, slot: SlotRecord | None, versions: Sequence[VersionRules]
) -> PartLevel:
    """At the slot's level, or in a part without dose levels the part itself.

    Without a slot it is, where the part has levels, the one that is open: nobody is registered so, but everything
    else that stands in the way can be named.

    Args:
        board: the trial's.
        part: the screening's.
        slot: the one that the site named, if it named one.
        versions: see `versions_in_order`.

    Raises:
        Refused: `part_has_no_places` when a slot is named for a part that has none.
    """
    if not part_has_levels(part, versions):
        if slot is not None:
            raise no_places(part)
        return PartLevel(part=part, level=0)
    if slot is not None:
        return slot.slot.place
    levels = [record.level for place, record in board.levels.items() if place.part == part]
    opened = [level.place for level in levels if level.state is LevelState.OPEN]
    return max(opened, default=PartLevel(part=part, level=1))


def versions_in_order(
    versions: Sequence[VersionRules], green_lit: frozenset[str], now: datetime
) -> tuple[VersionRules, ...]:
    """The version in use at a site, if one is, and then all from the newest on."""
    rules = rules_in_use(versions, green_lit, now)
    in_use = () if isinstance(rules, NoTerms) else (rules,)
    return (*in_use, *reversed(versions))


def part_has_levels(part: str, versions: Sequence[VersionRules]) -> bool:
    """Whether the part has dose levels in the first version that has it; a part that none has is kept strict."""
    for version in versions:
        if part in version.terms.parts:
            return bool(version.terms.parts[part].levels)
    return True


def kind_of_trial(versions: Sequence[VersionRules], strictest: KindRules) -> KindRules:
    """By the first of these versions; the strictest kind where nothing is known of the trial."""
    return versions[0].kind if versions else strictest


def no_places(part: str) -> Refused:
    detail = "This part has no dose levels, so no place is reserved in it: register without one."
    return Refused("part_has_no_places", detail, part=part)
