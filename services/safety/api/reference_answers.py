"""What routes of reference safety information take and answer."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from services.safety.api.parameters import Answered
from services.safety.domain.expectedness import ListedReaction
from shared.json_body import Instant, StrictModel

Text = Annotated[str, Field(max_length=2000)]
Line = Annotated[str, Field(min_length=1, max_length=200)]


class EntryIn(StrictModel):
    """One listed reaction."""

    term: Line
    max_grade: Annotated[int | None, Field(ge=1, le=5)] = None
    fatal_expected: bool = False
    life_threatening_expected: bool = False
    authorised_in_eu: bool = False

    def entry(self) -> ListedReaction:
        return ListedReaction(**self.model_dump())


class ReferenceIn(StrictModel):
    """A version of a product's reference safety information, as issued."""

    trial: Annotated[str, Field(min_length=1, max_length=40)]
    product: Annotated[str, Field(max_length=200)]
    label: Line
    document: Text
    issued_on: date
    entries: Annotated[list[EntryIn], Field(max_length=2000)]


class ApprovalIn(StrictModel):
    """The authority's approval of a version."""

    approved_on: date
    reference: Line


class ReferenceOut(Answered):
    reference_id: str
    trial: str
    product: str
    label: str
    document: str
    issued_on: date
    approved_on: date | None
    approval_reference: str
    approved_by: str | None
    entries: int
    recorded_by: str
    recorded_at: Instant


class ReferenceListOut(Answered):
    items: list[ReferenceOut]


class DifferenceOut(Answered):
    report_id: str
    product: str
    derived: bool | None
    by_this_version: bool | None


class DifferenceListOut(Answered):
    """Past events that this version would have answered otherwise; none of them changes."""

    items: list[DifferenceOut]


def reference_out(one: Any) -> ReferenceOut:
    return ReferenceOut(
        reference_id=one.id,
        trial=one.trial_key,
        product=one.product,
        label=one.label,
        document=one.document,
        issued_on=one.issued_on,
        approved_on=one.approved_on,
        approval_reference=one.approval_reference,
        approved_by=one.approved_by,
        entries=len(one.entries),
        recorded_by=one.recorded_by,
        recorded_at=one.recorded_at,
    )
