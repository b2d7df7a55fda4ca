"""What the protocol file says about the trial to referrers and families."""

from typing import Annotated

from pydantic import Field, StringConstraints

from services.sponsor.events.protocol_fields import DayText, Text
from services.sponsor.events.protocol_model import ProtocolModel

Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Passage = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Link = Annotated[str, StringConstraints(pattern=r"^https://[^\s]{1,300}$")]


class Finder(ProtocolModel):
    """The trial finder's entry, apart from what changes by the day.

    `plain_*` are for families, in words that a twelve-year-old reads; `who_to_ask` says whom a family asks.
    `results` links the published results once the trial has closed.
    """

    treatment_type: Word
    conditions: Annotated[list[Word], Field(min_length=1, max_length=50)]
    markers: Annotated[list[Word], Field(max_length=50)] = Field(default=[])
    registry_link: Link | None = None
    plain_title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    plain_summary: Passage
    plain_what_happens: Passage | None = None
    plain_possible_risks: Passage | None = None
    who_to_ask: Text
    expected_opening: DayText | None = None
    results: Link | None = None
    slots_shown: bool = True
