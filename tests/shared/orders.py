"""An order as a body: every kind of field that a form here may have."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, field_validator

from shared.json_body import Day, DecimalText, Instant, StrictModel


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Round(StrictModel):
    kind: Literal["round"]
    radius: int


class Square(StrictModel):
    kind: Literal["square"]
    side: int


class Order(StrictModel):
    count: Annotated[int, Field(ge=1, le=5)] = 1
    ratio: float = 1.0
    paid: bool = False
    note: str = ""
    colour: Colour = Colour.RED
    at: Instant | None = None
    day: Day | None = None
    amount: DecimalText | None = None
    identifier: UUID | None = None
    lines: tuple[int, ...] = ()
    shape: Annotated[Round | Square, Field(discriminator="kind")] | None = None

    @field_validator("note")
    @classmethod
    def _no_shouting(cls, note: str) -> str:
        if note.isupper():
            raise ValueError("Text in capitals is not accepted")
        return note
