"""Halts: what they stop, and where. The scope is stored as the sponsor stated it, never inferred."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.ids import HaltId, PartLevel, SiteId


class HaltedAct(StrEnum):
    RECRUITMENT = "recruitment"
    DOSING = "dosing"


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltScope:
    """Place and acts of a halt; `part`, `level` or `site` left out means all of them.

    A level is numbered within its part, so a level without a part has no meaning. A scope that stops nothing
    is refused here rather than stored as a halt that protects nobody.
    """

    part: str | None = None
    level: int | None = None
    site_id: SiteId | None = None
    recruitment: bool
    dosing: bool

    def __post_init__(self) -> None:
        if self.level is not None and self.part is None:
            raise ValueError("a halt of a level names its part")
        if not (self.recruitment or self.dosing):
            raise ValueError("a halt stops recruitment, dosing or both")

    def covers(self, act: HaltedAct, place: PartLevel, site_id: SiteId) -> bool:
        """Whether the act is stopped at this level of this part at this site."""
        stops = self.recruitment if act is HaltedAct.RECRUITMENT else self.dosing
        return (
            stops
            and self.part in (None, place.part)
            and self.level in (None, place.level)
            and self.site_id in (None, site_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """A halt that is not lifted; `effective_at` is when the sponsor's halt took effect."""

    id: HaltId
    scope: HaltScope
    effective_at: datetime


def halts_covering(
    halts: tuple[Halt, ...], act: HaltedAct, place: PartLevel, site_id: SiteId
) -> tuple[Halt, ...]:
    return tuple(halt for halt in halts if halt.scope.covers(act, place, site_id))


def registered_before_halt_seen(
    halt: Halt, registered_at: datetime, place: PartLevel, site_id: SiteId
) -> bool:
    """Whether a registration was committed at or after a halt that had not arrived yet.

    Such a registration stands and is flagged; it is never reversed silently.
    """
    return registered_at >= halt.effective_at and halt.scope.covers(HaltedAct.RECRUITMENT, place, site_id)
