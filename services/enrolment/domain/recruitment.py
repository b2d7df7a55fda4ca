"""Status of trial and site as far as recruitment needs it, targets and caps."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.enrolment.domain.refusals import Refused


class TrialStatus(StrEnum):
    SETUP = "setup"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED_TO_RECRUITMENT = "closed_to_recruitment"
    CLOSED_TO_TREATMENT = "closed_to_treatment"
    ENDED = "ended"


class SiteStatus(StrEnum):
    INVITED = "invited"
    SETUP = "setup"
    GREEN_LIGHT = "green_light"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    CLOSED = "closed"


def require_site_running(status: SiteStatus | None) -> None:
    """Refuse a site that takes nobody in: suspended for a while, or without a green light.

    Args:
        status: of the site in the trial; None where it has none.

    Raises:
        Refused: `site_suspended`, `site_not_activated`.
    """
    if status is SiteStatus.SUSPENDED:
        raise Refused("site_suspended", "The site is suspended until its green light is issued again.")
    if status is not SiteStatus.GREEN_LIGHT:
        raise Refused("site_not_activated", "The site has no green light in this trial.")


class AtTarget(StrEnum):
    """What becomes of people already consented when the target is met; declared before any screening."""

    ALLOW = "allow"
    REFUSE = "refuse"
    ALLOW_UNTIL = "allow_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPolicy:
    """The declared policy; `until` is the last local date of `allow_until`."""

    at_target: AtTarget = AtTarget.REFUSE
    until: date | None = None

    def __post_init__(self) -> None:
        if (self.at_target is AtTarget.ALLOW_UNTIL) != (self.until is not None):
            raise ValueError("a last date belongs to allow_until and to nothing else")

    def admits(self, today: date) -> bool:
        if self.at_target is AtTarget.ALLOW_UNTIL:
            return self.until is not None and today <= self.until
        return self.at_target is AtTarget.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTarget:
    """How many registered participants a part needs, and what was declared for the moment it has them."""

    target: int
    policy: TargetPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRecruitment:
    """Whether a part's target is reached now, and since when; `closed_at` is None while it is not."""

    id: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A limit on registrations, for example of a site; `registered` does not count the one in question."""

    name: str
    limit: int
    registered: int


def check_screening_allowed(target: int | None, consented: int, reserved: int, registered: int) -> None:
    """Accepts one more screening while the target leaves room.

    Args:
        target: None where the part has no target.
        consented: consented and in screening without a reservation.
        reserved: holding a reservation.
        registered: registered and counting towards the target (not those who left as not evaluable).

    Raises:
        Refused: `target_reached`.
    """
    if target is not None and consented + reserved + registered >= target:
        raise Refused("target_reached", "The target leaves no room for a further screening.", target=target)
