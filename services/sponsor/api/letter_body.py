"""A letter of the organisation that decides about a hosted trial, as it is entered."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from services.sponsor.api.fields import EvidenceName
from services.sponsor.domain.cohort_rule import RuleAnswer
from services.sponsor.domain.decision import Letter
from services.sponsor.domain.letter import StatedBoundary, StatedRows, StatedRule
from shared.json_body import Day, StrictModel

Number = Annotated[int, Field(ge=0, le=500)]


class StatedRowIn(StrictModel):
    """One row of a design's table: what holds for the next child after these counts."""

    n: Number
    dlt: Number
    pending: Number
    answer: RuleAnswer


class LetterRuleIn(StrictModel):
    """What the letter says about further children: rows of the design's table, or a monitoring boundary.

    It may be stricter than the protocol's own rule, never looser; counts that no row lists mean hold.
    """

    rows: Annotated[Sequence[StatedRowIn], Field(min_length=1, max_length=500)] | None = None
    close_if_dlts_at_least: (
        Annotated[
            dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")], Number],
            Field(min_length=1, max_length=500),
        ]
        | None
    ) = None
    max_evaluable: Annotated[int, Field(ge=1, le=500)] | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        boundary = (self.close_if_dlts_at_least is not None, self.max_evaluable is not None)
        if boundary not in ((True, True), (False, False)) or any(boundary) == (self.rows is not None):
            raise ValueError("give rows, or close_if_dlts_at_least with max_evaluable")
        return self

    def stated(self) -> StatedRule:
        """The rule in the terms of the domain."""
        if self.rows is not None:
            return StatedRows(rows={(row.n, row.dlt, row.pending): row.answer for row in self.rows})
        limits = self.close_if_dlts_at_least or {}
        return StatedBoundary(
            close_if_dlts_at_least={int(evaluable): dlts for evaluable, dlts in limits.items()},
            max_evaluable=self.max_evaluable or 0,
        )


class LetterIn(StrictModel):
    """The letter and what it is about; `sha256` is of the document's bytes, `sender` the organisation.

    `rule` is left out when the letter refers to the protocol for it.
    """

    trial_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    part: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    reference: EvidenceName
    dated: Day
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    sender: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    rule: LetterRuleIn | None = None

    def letter(self) -> Letter:
        return Letter(reference=self.reference, dated=self.dated, sha256=self.sha256, sender=self.sender)
