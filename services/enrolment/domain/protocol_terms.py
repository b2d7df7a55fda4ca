"""What one protocol version asks of a registration, and which version a site works on today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.consent import ConsentDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTerms:
    """A part as one version has it; ages in completed years, `age_from` included, `age_below` not.

    `target` is the number of registered participants the part needs (None: no target of its own).
    """

    age_from: int
    age_below: int
    target: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTerms:
    """One approved version; `sunset_at` is when it ends for sites that have not moved on (None: not set)."""

    version: str
    effective_at: datetime
    parts: Mapping[str, PartTerms]
    consent_documents: tuple[ConsentDocument, ...]
    eligibility_version: str
    criteria: frozenset[str]
    eligibility_valid_days: int
    sunset_at: datetime | None = None


class NoTerms(StrEnum):
    SITE_NOT_ACTIVATED = "site_not_activated"


def terms_in_use(
    versions: Sequence[ProtocolTerms], green_lit: frozenset[str], now: datetime
) -> ProtocolTerms | NoTerms:
    """The version that binds the site today: the newest in effect that the site has a green light for.

    Args:
        versions: the approved versions, oldest first.
        green_lit: the versions for which the site's green light is in force.
        now: a version not yet in effect binds nobody.
    """
    usable = [terms for terms in versions if terms.version in green_lit and terms.effective_at <= now]
    return usable[-1] if usable else NoTerms.SITE_NOT_ACTIVATED


def terms_ended(terms: ProtocolTerms, now: datetime) -> bool:
    return terms.sunset_at is not None and now >= terms.sunset_at
