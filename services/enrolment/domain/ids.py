"""Identifiers of the enrolment service, and the numbers that people read aloud.

Ids are uuid7 text made at the edge. Numbers are issued here, never typed in by a site.
"""

import re
from dataclasses import dataclass
from typing import NewType

from services.enrolment.domain.refusals import Refused

TrialId = NewType("TrialId", str)
SiteId = NewType("SiteId", str)
PersonId = NewType("PersonId", str)
ScreeningId = NewType("ScreeningId", str)
ParticipantId = NewType("ParticipantId", str)
LevelId = NewType("LevelId", str)
SlotId = NewType("SlotId", str)
WaitingEntryId = NewType("WaitingEntryId", str)
DecisionId = NewType("DecisionId", str)
HaltId = NewType("HaltId", str)
ConsentId = NewType("ConsentId", str)
DoseId = NewType("DoseId", str)
AuthorisationId = NewType("AuthorisationId", str)

LARGEST_SEQUENCE = 999_999


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PartLevel:
    """A dose level of a part; `part` is the protocol's slug, `level` counts from 1 within the part.

    Level 0 means the part itself: it has no dose levels.
    """

    part: str
    level: int

    @property
    def has_levels(self) -> bool:
        return self.level > 0

    def __str__(self) -> str:
        return f"{self.part}/{self.level}"


_QUASIGROUP = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def damm_check_digit(digits: str) -> int:
    """Check digit that reveals every single wrong digit and every swap of two neighbours.

    Args:
        digits: ASCII decimal digits, at least one.

    Returns:
        0 to 9; appending it makes the check digit of the whole 0.

    Source: H. M. Damm, Total anti-symmetrische Quasigruppen, dissertation, Marburg 2004, table of order 10.
    """
    if re.fullmatch(r"[0-9]+", digits) is None:
        raise ValueError("a check digit is computed over decimal digits")
    interim = 0
    for digit in digits:
        interim = int(_QUASIGROUP[interim][int(digit)])
    return interim


def _site_and_tail(site: str, sequence: int) -> str:
    if re.fullmatch(r"[0-9]{3}", site) is None:
        raise ValueError("a site number has three digits")
    if not 1 <= sequence <= LARGEST_SEQUENCE:
        raise ValueError(f"a sequence lies between 1 and {LARGEST_SEQUENCE}")
    counted = f"{sequence:03d}"
    return f"{site}-{counted}{damm_check_digit(site + counted)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantNumber:
    """Number of a participant: `EP01-012-0078` is trial EP01, site 012, sequence 7, check digit 8."""

    trial_code: str
    site: str
    sequence: int

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", self.trial_code) is None:
            raise ValueError("a trial code is 2 to 12 capital letters and digits, a letter first")
        _site_and_tail(self.site, self.sequence)

    def __str__(self) -> str:
        return f"{self.trial_code}-{_site_and_tail(self.site, self.sequence)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningNumber:
    """Number of a screening within its trial: `S-012-0078` is site 012, sequence 7, check digit 8."""

    site: str
    sequence: int

    def __post_init__(self) -> None:
        _site_and_tail(self.site, self.sequence)

    def __str__(self) -> str:
        return f"S-{_site_and_tail(self.site, self.sequence)}"


# The sequence has three digits, or more without a leading zero, so no two texts mean the same number.
_NUMBER = re.compile(
    r"(?P<head>[A-Z][A-Z0-9]{0,11})-(?P<site>[0-9]{3})-(?P<sequence>[0-9]{3}|[1-9][0-9]{3,5})(?P<check>[0-9])"
)


def _read(text: str) -> tuple[str, str, int]:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Refused("pseudonym_invalid", "The number does not have the form of a number issued here.")
    if damm_check_digit(found["site"] + found["sequence"]) != int(found["check"]):
        raise Refused("pseudonym_invalid", "The check digit of the number is wrong.")
    if int(found["sequence"]) == 0:
        raise Refused("pseudonym_invalid", "Numbers are counted from 1.")
    return found["head"], found["site"], int(found["sequence"])


def parse_participant_number(text: str) -> ParticipantNumber:
    """Reads a participant number exactly as issued.

    Raises:
        Refused: `pseudonym_invalid` for any other form or a wrong check digit.
    """
    head, site, sequence = _read(text)
    if len(head) < 2:
        raise Refused(
            "pseudonym_invalid", "A screening number was given where a participant number is needed."
        )
    return ParticipantNumber(trial_code=head, site=site, sequence=sequence)


def parse_screening_number(text: str) -> ScreeningNumber:
    """Reads a screening number exactly as issued.

    Raises:
        Refused: `pseudonym_invalid` for any other form or a wrong check digit.
    """
    head, site, sequence = _read(text)
    if head != "S":
        raise Refused(
            "pseudonym_invalid", "A participant number was given where a screening number is needed."
        )
    return ScreeningNumber(site=site, sequence=sequence)
