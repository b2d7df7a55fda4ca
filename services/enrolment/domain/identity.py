"""Whether two screenings may be of one person, judged by keyed hashes alone; and following one another.

A site computes HMAC-SHA-256 over the normalised NHS number (or, weaker, initials and birth date) under a key
that the sites share and that is never here. An equal hash of one kind and one key is a suspicion, which a
coordinator resolves. Nothing that a site is told says whom or which site it concerns.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from services.enrolment.domain.board import ScreeningState
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.screening import Screening

OPEN = "open"
"""State of a suspicion that waits; afterwards it is the resolution."""

STOPPED = "A coordinator has to resolve a possible duplicate first."
ENDED = (ScreeningState.FAILED, ScreeningState.VOIDED)
GOING_ON = (ScreeningState.IN_SCREENING, ScreeningState.REGISTERED)


class IdentityKind(StrEnum):
    NHS_NUMBER = "nhs_number"
    INITIALS_AND_BIRTH_DATE = "initials_and_birth_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityHash:
    """One hash as a site sends it: what of, under which version of the sites' key, 64 hexadecimal digits."""

    kind: IdentityKind
    key_version: str
    digest: str


class Resolution(StrEnum):
    FALSE_MATCH = "false_match"
    SAME_PERSON_REFUSED = "same_person_refused"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two screenings that may be of one person; `stopped` waits until that is resolved."""

    stopped: Screening
    other: Screening


def check_identifiable(screening: Screening) -> None:
    """Accepts a hash for a screening that goes on, or that has led to a registration.

    Raises:
        Refused: `screening_ended`.
    """
    if screening.state in ENDED:
        raise Refused("screening_ended", f"The screening is {screening.state.value}.")


def check_not_stopped(screening: Screening) -> None:
    """Accepts a record for a screening that no possible duplicate stops.

    Raises:
        Refused: `possible_duplicate`, always in the same words.
    """
    if screening.unresolved_duplicates:
        raise Refused("possible_duplicate", STOPPED)


def pair_of(screening: Screening, other: Screening) -> Pair:
    """Who stops: the one whose hash comes second, unless that child is registered and the other is not."""
    if screening.state is ScreeningState.REGISTERED and other.state is not ScreeningState.REGISTERED:
        return Pair(stopped=other, other=screening)
    return Pair(stopped=screening, other=other)


def check_follows(screening: Screening, previous: Screening, *, followed: bool) -> None:
    """Accepts a screening of the same person after one that has ended.

    Args:
        screening: the new one.
        previous: at the same site, or brought there by a transfer.
        followed: another screening follows `previous` already.

    Raises:
        Refused: `previous_screening_mismatch`, `previous_screening_not_ended`.
    """
    same_place = (previous.trial_id, previous.site_id) == (screening.trial_id, screening.site_id)
    if not same_place or previous.born != screening.born:
        raise Refused(
            "previous_screening_mismatch", "Trial, site, year and month of birth have to be the same."
        )
    if previous.state not in ENDED or followed:
        raise Refused(
            "previous_screening_not_ended", "Name the last screening of the person, once it has ended."
        )


def check_same_person(digest: str, previous: Collection[str]) -> None:
    """Accepts a hash that is no other than the previous screening's of the same kind and key.

    Raises:
        Refused: `previous_screening_mismatch`.
    """
    if previous and digest not in previous:
        raise Refused("previous_screening_mismatch", "The earlier screening is of another person.")


def check_open(state: str) -> None:
    """Accepts a resolution of a suspicion that has none.

    Raises:
        Refused: `duplicate_resolved_already`.
    """
    if state != OPEN:
        raise Refused("duplicate_resolved_already", f"It was resolved as {state}.")


def check_resolvable(pair: Pair, resolution: Resolution) -> None:
    """Accepts a resolution that the two screenings allow.

    Raises:
        Refused: `resolution_not_possible` where the stopped screening has become a registration, which only
            its own voiding takes back.
    """
    if resolution is not Resolution.FALSE_MATCH and pair.stopped.state is ScreeningState.REGISTERED:
        raise Refused("resolution_not_possible", "Both are registered: void one of the registrations first.")


def co_enrolment_allowed(
    code: str, names: Collection[str], other_code: str, other_names: Collection[str]
) -> bool:
    """Whether somebody may take part in both trials: either protocol, as in force, names the other trial.

    Args:
        code: of the trial that would register.
        names: trials that its protocol allows beside it.
        other_code: of the trial in which the person takes part.
        other_names: trials that that trial's protocol allows beside it.
    """
    return other_code in names or code in other_names
