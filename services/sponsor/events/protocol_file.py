"""The protocol file: everything about a trial that the three services must agree on, as one document.

The trials office uploads it, `sponsor.protocol-version.approved.v1` carries it whole, and enrolment and
safety read the parts they need from their own copy. Its JSON Schema is generated from these classes and
committed as `services/sponsor/contracts/protocol-file.v1.schema.json`.

Numbers that arithmetic depends on (doses, percentages) are whole numbers or decimal strings, never floats.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions


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


class Trial(ProtocolModel):
    """Identity of the trial; `legal_sponsor` is a fact of the trial, not a tenant of the installation."""

    code: Code
    title: Text
    legal_sponsor: Text
    kind: Literal[
        "dose_finding",
        "expansion",
        "randomised",
        "advanced_therapy",
        "radiotherapy",
        "supportive_care",
        "sample_study",
        "survivor_cohort",
        "quality_of_life",
        "qualitative",
    ]
    phase: Literal["0", "I", "I/II", "II", "II/III", "III", "IV", "not_applicable"]
    ctimp: bool
    hosted: bool = False
    registry_ids: list[Annotated[str, StringConstraints(max_length=60)]] = Field(default=[])


class Level(ProtocolModel):
    """One dose level; `level` counts from 1 within its part, `dose` is what the protocol prints."""

    level: Annotated[int, Field(ge=1, le=20)]
    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    dose: DecimalText
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20)]


class Cell(ProtocolModel):
    """One printed cell of a dose-escalation table: n enrolled with pending, of them DLTs and pending."""

    n: Annotated[int, Field(ge=0, le=100)]
    dlt: Annotated[int, Field(ge=0, le=100)]
    pending: Annotated[int, Field(ge=0, le=100)]
    decision: Literal["same", "escalate", "deescalate", "suspend"]

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if self.dlt + self.pending > self.n:
            raise ValueError("dlt + pending is more than n")
        return self


class Design(ProtocolModel):
    """Dose-escalation design by name and version; `cells` replace the shipped table's cells one by one."""

    id: Literal["rolling_six"]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]+$")]
    cells: list[Cell] = Field(default=[])


class Monitoring(ProtocolModel):
    """Stated boundary of an expansion part: close when DLTs among the evaluable reach it.

    `counts` names every (part, level) whose participants are counted together; the part itself always is.
    """

    source: Text
    close_if_dlts_at_least: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")], int], Field(min_length=1)
    ]
    max_evaluable: Annotated[int, Field(ge=1, le=500)]
    counts: list["PartLevel"] = Field(default=[])


class PartLevel(ProtocolModel):
    part: Slug
    level: Annotated[int, Field(ge=1, le=20)]


class AgeLimits(ProtocolModel):
    """Completed years on the site's local date: `from_years` inclusive, `below_years` exclusive."""

    from_years: Annotated[int, Field(ge=0, le=120)]
    below_years: Annotated[int, Field(ge=1, le=121)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.from_years >= self.below_years:
            raise ValueError("from_years is not below below_years")
        return self


class Part(ProtocolModel):
    """A part of the trial with its own levels and rule: escalation by a design, or expansion by a boundary."""

    part: Slug
    stratum: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    kind: Literal["escalation", "expansion"]
    levels: Annotated[list[Level], Field(min_length=1, max_length=20)]
    start_level: Annotated[int, Field(ge=1)] = 1
    design: Design | None = None
    monitoring: Monitoring | None = None
    target: Annotated[int, Field(ge=1, le=5000)] | None = None
    age: AgeLimits

    @model_validator(mode="after")
    def _rule_matches_kind(self) -> Self:
        numbers = [level.level for level in self.levels]
        escalation = self.kind == "escalation"
        raise_contradictions(
            (
                "levels",
                "levels are numbered 1, 2, 3 ... in order",
                numbers != list(range(1, len(numbers) + 1)),
            ),
            ("start_level", "not one of the levels", self.start_level > len(numbers)),
            ("design", "an escalation part needs a design", escalation and self.design is None),
            ("design", "an expansion part has no design", not escalation and self.design is not None),
            ("monitoring", "an expansion part needs a boundary", not escalation and self.monitoring is None),
            ("monitoring", "an escalation part has no boundary", escalation and self.monitoring is not None),
        )
        return self


class DltDefinitionId(ProtocolModel):
    id: Slug
    version: Annotated[int, Field(ge=1)]
    protocol_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    ctcae: Annotated[str, StringConstraints(pattern=r"^[56]\.0\+[0-9-]{1,10}$")]


class DltWindow(ProtocolModel):
    starts: Literal["first_dose"]
    day_one: Literal["local_date_of_first_dose"]
    days: Annotated[int, Field(ge=1, le=400)]
    closes: Literal["end_of_local_day"]


class MinimumExposure(ProtocolModel):
    doses_percent: Annotated[int, Field(ge=0, le=100)]


class Attribution(ProtocolModel):
    counts: Annotated[list[Causality], Field(min_length=1)]
    missing: Literal["counts", "does_not_count"]


class EventCriterion(ProtocolModel):
    """An adverse event of at least this grade; `except` names exclusions a person may confirm for an event."""

    id: Slug
    kind: Literal["event"] = "event"
    term: Text | None = None
    any_term: Literal[True] | None = None
    soc_not: list[Text] = Field(default=[])
    grade_at_least: Annotated[int, Field(ge=1, le=5)]
    lasting_more_than_days: Annotated[int, Field(ge=0, le=400)] | None = None
    exclusions: Annotated[list[Slug], Field(alias="except")] = Field(default=[])

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.term is None) == (self.any_term is None):
            raise ValueError("name a term, or any_term: true, not both")
        return self


class DoseDelayCriterion(ProtocolModel):
    id: Slug
    kind: Literal["dose_delay"]
    cause: Literal["toxicity"]
    more_than_days: Annotated[int, Field(ge=0, le=400)]


class MissedDosesCriterion(ProtocolModel):
    id: Slug
    kind: Literal["missed_doses"]
    cause: Literal["toxicity"]
    more_than_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    more_than_count: Annotated[int, Field(ge=0, le=1000)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.more_than_percent is None) == (self.more_than_count is None):
            raise ValueError("give more_than_percent or more_than_count, not both")
        return self


def _criterion_kind(stated: Any) -> Any:
    """A criterion that states no kind is about an event."""
    return stated.get("kind", "event") if isinstance(stated, dict) else getattr(stated, "kind", None)


Criterion = Annotated[
    Annotated[EventCriterion, Tag("event")]
    | Annotated[DoseDelayCriterion, Tag("dose_delay")]
    | Annotated[MissedDosesCriterion, Tag("missed_doses")],
    Discriminator(
        _criterion_kind,
        custom_error_type="criterion_kind",
        custom_error_message="a criterion's kind is event, dose_delay or missed_doses",
    ),
]


class DltRules(ProtocolModel):
    """The trial's definition of a dose-limiting toxicity, evaluated by the safety service alone."""

    dlt_definition: DltDefinitionId
    window: DltWindow
    minimum_exposure: MinimumExposure
    duration_convention: Literal["day_difference", "inclusive_days"]
    attribution: Attribution
    criteria: Annotated[list[Criterion], Field(min_length=1)]
    not_evaluable: list[
        Literal["left_before_window_end_without_dlt", "exposure_below_minimum", "death_from_progression"]
    ]


class EligibilityCriterion(ProtocolModel):
    id: Slug
    text: Text


class Eligibility(ProtocolModel):
    version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    validity_days: Annotated[int, Field(ge=1, le=90)]
    criteria: Annotated[list[EligibilityCriterion], Field(min_length=1)]


class ConsentDocument(ProtocolModel):
    """A consent or assent form for an age range (completed years on the site's local date)."""

    document: Slug
    version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    purpose: Literal["parental_consent", "own_consent", "assent"]
    from_years: Annotated[int, Field(ge=0, le=120)]
    below_years: Annotated[int, Field(ge=1, le=121)]


class Consent(ProtocolModel):
    age_of_consent: Annotated[
        dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], int], Field(min_length=1)
    ]
    assent_from_years: Annotated[int, Field(ge=0, le=18)]
    documents: Annotated[list[ConsentDocument], Field(min_length=1)]


class SlotPolicy(ProtocolModel):
    policy: Literal["fifo_by_notification", "round_robin_by_site", "medical_monitor_choice"]
    reserve_window_hours: Annotated[int, Field(ge=1, le=720)]
    per_site_cap: Annotated[int, Field(ge=1)] | None = None
    max_open_reservations_per_site: Annotated[int, Field(ge=1)] | None = None


class Stagger(ProtocolModel):
    """Observation intervals, in elapsed hours from the first-dose instant of the earlier participant."""

    sentinel_n: Annotated[int, Field(ge=0, le=20)] = 0
    interval_after_sentinel_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    interval_between_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    enforce_at: Literal["registration", "dosing"] = "dosing"


class DecisionRules(ProtocolModel):
    """Who must sign a dose decision; restricting decisions act at the first signature."""

    required_roles: Annotated[list[Role], Field(min_length=2)]
    minimum_signers: Annotated[int, Field(ge=2, le=20)]
    circulation_receipts: bool = True


class Treatment(ProtocolModel):
    product: Text
    doses_planned_in_window: Annotated[int, Field(ge=1, le=1000)]
    dose_basis: Literal["body_surface", "weight", "flat"]


class ProtocolFile(ProtocolModel):
    """One version of one trial's protocol, complete; unknown keys are refused."""

    schema_version: Literal[1]
    trial: Trial
    protocol_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    zone: Zone
    ctcae: Annotated[str, StringConstraints(pattern=r"^[56]\.0\+[0-9-]{1,10}$")]
    reporting_regimes: Annotated[
        list[Literal["uk-2026", "uk-2004-transitional", "uk-non-ctimp", "eu-ctr", "us-ind"]],
        Field(min_length=1),
    ]
    parts: Annotated[list[Part], Field(min_length=1, max_length=20)]
    dlt: DltRules
    treatment: Treatment
    eligibility: Eligibility
    consent: Consent
    slots: SlotPolicy
    stagger: Stagger = Stagger()
    decision: DecisionRules

    @model_validator(mode="after")
    def _references_resolve(self) -> Self:
        names = [part.part for part in self.parts]
        known = {(part.part, level.level) for part in self.parts for level in part.levels}
        definition = self.dlt.dlt_definition
        raise_contradictions(
            *(
                (f"parts.{i}.part", "another part has this name", name in names[:i])
                for i, name in enumerate(names)
            ),
            *(
                (f"parts.{i}.monitoring.counts.{k}", "no such level", (place.part, place.level) not in known)
                for i, part in enumerate(self.parts)
                for k, place in enumerate(part.monitoring.counts if part.monitoring else ())
            ),
            ("dlt.dlt_definition.ctcae", "not the protocol's CTCAE version", definition.ctcae != self.ctcae),
            (
                "dlt.dlt_definition.protocol_version",
                "belongs to another protocol version",
                definition.protocol_version != self.protocol_version,
            ),
        )
        return self


def dose_of(parts: Sequence[Part], part: str, level: int) -> Decimal:
    """Dose of a level as a number, for sorting and display; the protocol's own text stays authoritative."""
    for candidate in parts:
        if candidate.part == part:
            return Decimal(candidate.levels[level - 1].dose)
    raise LookupError(part)
