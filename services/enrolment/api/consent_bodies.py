"""Bodies of what is signed: the same for somebody in screening and for somebody who takes part."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from services.enrolment.api.route import OutModel, ReasonCode, Slug
from services.enrolment.domain.consent import AssentAnswer, ConsentPurpose, Parent, SignerCapacity
from services.enrolment.domain.criteria import (
    Answer,
    ChosenAnswer,
    DatedAnswer,
    Entered,
    MeasuredAnswer,
    StatedAnswer,
)
from shared.json_body import Day, Instant, StrictModel

Version = Annotated[str, Field(min_length=1, max_length=20)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
DecimalText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$")]


class ConsentIn(StrictModel):
    """`capacity_note` says by a code why a representative signs, or that a child is competent to.

    In a country that asks for both parents each signs by itself as `first` or `second`, or one alone with the
    note `sole_parental_responsibility`. A professional representative also says by a code, in
    `no_personal_representative_note`, why no personal one signs. `sample_uses` says of each use by itself
    whether it is consented to.
    """

    purpose: Literal["parental_consent", "own_consent"]
    document: Slug
    version: Version
    capacity: Literal[
        "participant",
        "parental_responsibility",
        "personal_legal_representative",
        "professional_legal_representative",
    ]
    capacity_note: ReasonCode | None = None
    no_personal_representative_note: ReasonCode | None = None
    parent: Literal["first", "second"] = "first"
    language: Language = "en"
    method: Literal["paper", "electronic", "verbal"] = "paper"
    sample_uses: Annotated[dict[Slug, bool], Field(max_length=20)] = Field(default_factory=dict)
    signed_at: Instant

    def given(self) -> dict[str, Any]:
        """As a command takes it."""
        return {
            "purpose": ConsentPurpose(self.purpose),
            "document": self.document,
            "version": self.version,
            "capacity": SignerCapacity(self.capacity),
            "capacity_note": self.capacity_note or "",
            "no_personal_note": self.no_personal_representative_note or "",
            "parent": Parent(self.parent),
            "language": self.language,
            "method": self.method,
            "sample_uses": self.sample_uses,
            "signed_at": self.signed_at,
        }


class ConsentRecordedOut(OutModel):
    consent_id: str


class AssentIn(StrictModel):
    """Given or refused on a form, or not sought or not possible for a reason."""

    answer: Literal["given", "refused", "not_sought", "not_capable"]
    document: Slug | None = None
    version: Version | None = None
    language: Language | None = None
    reason_code: ReasonCode | None = None
    signed_at: Instant

    def given(self) -> dict[str, Any]:
        """As a command takes it."""
        return {
            "answer": AssentAnswer(self.answer),
            "document": self.document or "",
            "version": self.version or "",
            "language": self.language or "",
            "reason": self.reason_code or "",
            "signed_at": self.signed_at,
        }


class AssentRecordedOut(OutModel):
    assent_id: str


class StatedIn(StrictModel):
    """Yes, no or (null) unknown, found on a local date."""

    met: bool | None
    taken_on: Day | None = None


class MeasuredIn(StrictModel):
    """A number as decimal text in its unit, taken on a local date."""

    value: DecimalText
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    taken_on: Day


class ChosenIn(StrictModel):
    option: Slug
    taken_on: Day | None = None


class DatedIn(StrictModel):
    on: Day


AnswerIn = bool | Literal["unknown"] | StatedIn | MeasuredIn | ChosenIn | DatedIn | None
"""An answer of the criterion's kind; true, false, "unknown" or null where it takes yes or no."""

_YES_NO = {True: Answer.MET, False: Answer.NOT_MET, None: Answer.UNKNOWN}


def entered(answer: AnswerIn) -> Entered:
    """The answer as it was entered."""
    match answer:
        case StatedIn(met=met, taken_on=on):
            return StatedAnswer(answer=_YES_NO[met], taken_on=on)
        case MeasuredIn(value=value, unit=unit, taken_on=on):
            return MeasuredAnswer(value=value, unit=unit, taken_on=on)
        case ChosenIn(option=option, taken_on=on):
            return ChosenAnswer(option=option, taken_on=on)
        case DatedIn(on=on):
            return DatedAnswer(on=on)
        case bool() as met:
            return _YES_NO[met]
        case _:
            return Answer.UNKNOWN


class AgeStatementIn(StrictModel):
    """Completed years on the site's local date `on`."""

    years: Annotated[int, Field(ge=0, le=120)]
    on: Day


class AgeStatedOut(OutModel):
    statement_id: str
