"""What the protocol file asks about a person: criteria, consent, and the follow-up owed afterwards."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.sponsor.events.protocol_fields import DayText, DecimalText, Slug, Text, Version
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Days = Annotated[int, Field(ge=0, le=36525)]


class EligibilityCriterion(ProtocolModel):
    """One criterion with the kind of answer it takes, and which answers meet it.

    A number meets it within `at_least` and `at_most` (both included, in `unit`); a choice when it is among
    `accepted`; a date when it lies no more than `within_days` before the sign-off. `valid_days` is the life of
    the answer by itself, for example of a blood count; `part` makes it a criterion of one part only.
    """

    id: Slug
    text: Text
    answer: Literal["yes_no", "number", "choice", "date"] = "yes_no"
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None
    at_least: DecimalText | None = None
    at_most: DecimalText | None = None
    options: Annotated[list[Slug], Field(max_length=50)] = Field(default=[])
    accepted: Annotated[list[Slug], Field(max_length=50)] = Field(default=[])
    within_days: Days | None = None
    valid_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    part: Slug | None = None

    @model_validator(mode="after")
    def _bounds_fit_the_answer(self) -> Self:
        number, choice = self.answer == "number", self.answer == "choice"
        bounded = self.at_least is not None or self.at_most is not None
        raise_contradictions(
            ("unit", "a unit belongs to a number and to nothing else", number != (self.unit is not None)),
            ("at_least", "a number has at_least, at_most or both", number and not bounded),
            ("at_least", "bounds belong to a number", bounded and not number),
            ("options", "a choice has options, and nothing else has", choice != bool(self.options)),
            (
                "accepted",
                "a choice has accepted options, and nothing else has",
                choice != bool(self.accepted),
            ),
            ("accepted", "not among the options", not set(self.accepted) <= set(self.options)),
            (
                "within_days",
                "within_days belongs to a date and to nothing else",
                (self.answer == "date") != (self.within_days is not None),
            ),
        )
        return self


class Eligibility(ProtocolModel):
    version: Version
    validity_days: Annotated[int, Field(ge=1, le=90)]
    criteria: Annotated[list[EligibilityCriterion], Field(min_length=1)]


class ConsentDocument(ProtocolModel):
    """A consent or assent form for an age range (completed years on the site's local date).

    `required_for` says who must be on this version: people who join, who are on treatment, who are followed.
    The two latter sign it again by `must_reconsent_by`; whoever is not named is not asked.
    """

    document: Slug
    version: Version
    purpose: Literal["parental_consent", "own_consent", "assent"]
    from_years: Annotated[int, Field(ge=0, le=120)]
    below_years: Annotated[int, Field(ge=1, le=121)]
    required_for: Annotated[list[Literal["new", "on_treatment", "follow_up"]], Field(min_length=1)] = Field(
        default=["new"]
    )
    must_reconsent_by: DayText | None = None
    languages: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field(default=[])


class AdultConsent(ProtocolModel):
    """Reaching the age of consent: how long before it a task appears, and what stops until it is settled."""

    task_days_before: Annotated[int, Field(ge=0, le=365)] = 30
    blocks: list[Literal["optional_procedures", "treatment"]] = Field(default=["optional_procedures"])


class SampleUse(ProtocolModel):
    """One use of samples that is consented to, or not, by itself."""

    use: Slug
    text: Text


class Consent(ProtocolModel):
    """Who may consent; ages in completed years by country.

    `competent_minor_may_consent` has an effect only outside clinical trials of medicines;
    `both_parents_required` names countries where one parent does not suffice.
    """

    age_of_consent: Annotated[dict[Country, int], Field(min_length=1)]
    assent_from_years: Annotated[int, Field(ge=0, le=18)]
    documents: Annotated[list[ConsentDocument], Field(min_length=1)]
    competent_minor_may_consent: bool = False
    both_parents_required: list[Country] = Field(default=[])
    adult_consent: AdultConsent = AdultConsent()
    sample_uses: Annotated[list[SampleUse], Field(max_length=20)] = Field(default=[])


class FollowUpVisit(ProtocolModel):
    """A visit or contact that is owed, once `at_days` after the start or `every_days` from `from_days` on.

    It may be done from `days_before` before its day to `days_after` after it; `until_days` ends a series.
    """

    visit: Slug
    label: Label
    kind: Literal["visit", "contact", "questionnaire", "interview", "sample"]
    at_days: Days | None = None
    from_days: Days | None = None
    every_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    until_days: Days | None = None
    days_before: Annotated[int, Field(ge=0, le=3650)] = 0
    days_after: Annotated[int, Field(ge=0, le=3650)] = 0

    @model_validator(mode="after")
    def _once_or_a_series(self) -> Self:
        series = (self.from_days, self.every_days, self.until_days)
        once = self.at_days is not None
        backwards = self.from_days is not None and self.until_days is not None
        raise_contradictions(
            (
                "at_days",
                "a visit is once or a series, not both",
                once and any(it is not None for it in series),
            ),
            ("every_days", "a series has from_days, every_days and until_days", not once and None in series),
            ("until_days", "before from_days", backwards and (self.until_days or 0) < (self.from_days or 0)),
        )
        return self


class LossToFollowUp(ProtocolModel):
    """What must have been tried in vain before somebody counts as lost."""

    attempts: Annotated[int, Field(ge=1, le=50)]
    channels: Annotated[int, Field(ge=1, le=10)]
    within_days: Annotated[int, Field(ge=1, le=3650)]


class FollowUp(ProtocolModel):
    """The schedule of follow-up, in days from `starts`; it runs for `years`.

    A mailing needs a check for deaths in the `death_check_days` before it; None leaves the service's own number.
    """

    starts: Literal["registration", "first_dose", "infusion", "transplant", "treatment_end"]
    years: Annotated[int, Field(ge=1, le=60)]
    visits: Annotated[list[FollowUpVisit], Field(min_length=1, max_length=60)]
    lost: LossToFollowUp | None = None
    death_check_days: Annotated[int, Field(ge=1, le=365)] | None = None

    @model_validator(mode="after")
    def _within_its_years(self) -> Self:
        last = self.years * 366
        names = [visit.visit for visit in self.visits]
        raise_contradictions(
            *(
                (f"visits.{i}.visit", "another visit has this name", name in names[:i])
                for i, name in enumerate(names)
            ),
            *(
                (f"visits.{i}", "later than the years of follow-up", max(days) > last)
                for i, visit in enumerate(self.visits)
                for days in ([it for it in (visit.at_days, visit.until_days) if it is not None],)
                if days
            ),
        )
        return self
