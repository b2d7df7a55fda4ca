"""Which authorisation covers a dose, and for which times one may be given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.enrolment.domain.board import AUTHORISATION_LAPSES_AFTER
from services.enrolment.domain.dose_recording import DoseAuthorisation
from services.enrolment.domain.ids import AuthorisationId
from services.enrolment.domain.refusals import Refused

PLANNED_AHEAD = timedelta(days=7)
PLANNED_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAuthorisation:
    """An authorisation for `left` more administrations at `level`, the first planned for `planned_at`.

    `planned` is the amount that the pharmacy was told, None where there is none.
    """

    id: AuthorisationId
    level: int
    authorised_at: datetime
    planned_at: datetime
    left: int
    begun: bool
    planned: Decimal | None = None
    exceptional: bool = False

    def covers(self, given_at: datetime, level: int) -> bool:
        """A dose of its level given after it, and, for its first dose, not a day later than planned."""
        in_time = self.begun or given_at <= self.planned_at + AUTHORISATION_LAPSES_AFTER
        return level == self.level and self.left > 0 and self.authorised_at <= given_at and in_time


def check_planned_at(planned_at: datetime, now: datetime) -> None:
    """Accepts a planned time near enough for the guards of today to mean something.

    Raises:
        Refused: `planned_time_out_of_range`.
    """
    if not now - PLANNED_BACK <= planned_at <= now + PLANNED_AHEAD:
        raise Refused("planned_time_out_of_range", "The planned time is more than a week ahead, or past.")


def authorisation_for(
    given_at: datetime, level: int, authorisations: Sequence[OpenAuthorisation]
) -> OpenAuthorisation | None:
    """The oldest authorisation that covers a dose; None makes the dose a deviation, never a refusal."""
    return next((one for one in authorisations if one.covers(given_at, level)), None)


def as_recorded(authorisation: OpenAuthorisation | None) -> DoseAuthorisation | None:
    if authorisation is None:
        return None
    return DoseAuthorisation(
        id=authorisation.id,
        authorised_at=authorisation.authorised_at,
        planned=authorisation.planned,
        exceptional=authorisation.exceptional,
    )
