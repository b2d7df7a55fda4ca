"""Kinds of value that the protocol file is made of."""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, StringConstraints


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not an IANA time zone")
    return name


Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Zone = Annotated[str, AfterValidator(_known_zone)]
DecimalText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]
Role = Literal[
    "site_investigator",
    "site_nurse",
    "pharmacist",
    "safety_officer",
    "medical_monitor",
    "trial_manager",
    "trial_statistician",
    "unblinded_statistician",
    "src_member",
    "src_chair",
    "sponsor_qa",
    "archivist",
    "inspector",
    "operations",
]
Causality = Literal["unrelated", "unlikely", "possible", "probable", "definite"]
Version = Annotated[str, StringConstraints(min_length=1, max_length=20)]


def _real_day(text: str) -> str:
    date.fromisoformat(text)
    return text


DayText = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_real_day)
]
"""A calendar date as the file spells it; strict reading takes no other spelling."""
