"""A person's signature as the rules need it."""

from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.ids import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed and when; `delegated` says that the person held the duty for this act at that time."""

    signed_by: PersonId
    signed_at: datetime
    delegated: bool
