"""The protocol file: everything about a trial that the three services must agree on, as one document.

The trials office uploads it, `sponsor.protocol-version.approved.v3` carries it whole, and enrolment and
safety read the parts they need from their own copy. Its JSON Schema is generated from these classes and
committed as `services/sponsor/contracts/protocol-file.v1.schema.json`.

Numbers that arithmetic depends on (doses, percentages) are whole numbers or decimal strings, never floats.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.sponsor.events.protocol_dlt import DltRules
from services.sponsor.events.protocol_fields import Code, Role, Text, Version, Zone
from services.sponsor.events.protocol_finder import Finder
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions
from services.sponsor.events.protocol_monitoring import MonitoringPlan
from services.sponsor.events.protocol_parts import Part
from services.sponsor.events.protocol_people import Consent, Eligibility, FollowUp
from services.sponsor.events.protocol_randomisation import Randomisation
from services.sponsor.events.protocol_safety import SafetyRules
from services.sponsor.events.protocol_stopping import StoppingRule


class Trial(ProtocolModel):
    """Identity of the trial; `legal_sponsor` is a fact of the trial, not a tenant of the installation.

    `hosted`: another organisation decides, and its letters take the place of our committee. `funding` says
    whose trial it is. `co_enrolment` names trials whose participants may take part in this one too.
    """

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
    funding: Literal["own", "nihr", "commercial"] = "own"
    co_enrolment: Annotated[list[Code], Field(max_length=50)] = Field(default=[])
    registry_ids: list[Annotated[str, StringConstraints(max_length=60)]] = Field(default=[])


class SlotPolicy(ProtocolModel):
    policy: Literal["fifo_by_notification", "round_robin_by_site", "medical_monitor_choice"]
    reserve_window_hours: Annotated[int, Field(ge=1, le=720)]
    per_site_cap: Annotated[int, Field(ge=1)] | None = None
    max_open_reservations_per_site: Annotated[int, Field(ge=1)] | None = None
    warn_hours_before_expiry: Annotated[int, Field(ge=1, le=240)] = 24


class Stagger(ProtocolModel):
    """Observation intervals, in elapsed hours from the first-dose instant of the earlier participant."""

    sentinel_n: Annotated[int, Field(ge=0, le=20)] = 0
    interval_after_sentinel_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    interval_between_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    enforce_at: Literal["registration", "dosing"] = "dosing"


class DecisionRules(ProtocolModel):
    """Who must sign a dose decision; restricting decisions act at the first signature.

    `charter_required`: the trial opens only with a committee charter in force. Once one is, decisions that give
    something are taken at its meetings, whatever this says.
    """

    required_roles: Annotated[list[Role], Field(min_length=2)]
    minimum_signers: Annotated[int, Field(ge=2, le=20)]
    circulation_receipts: bool = True
    charter_required: bool = False


CourseStep = Literal["apheresis", "manufacture", "bridging", "lymphodepletion", "infusion", "transplant"]


class Treatment(ProtocolModel):
    """`course` lists the dated steps that a cell or gene therapy, or a transplant, goes through, in order."""

    product: Text
    doses_planned_in_window: Annotated[int, Field(ge=1, le=1000)]
    dose_basis: Literal["body_surface", "weight", "flat"]
    course: Annotated[list[CourseStep], Field(max_length=6)] = Field(default=[])


class ProtocolFile(ProtocolModel):
    """One version of one trial's protocol, complete; unknown keys are refused.

    A part with dose levels needs `dlt`, `treatment`, `slots` and `decision`; a trial without levels has none, and
    a hosted one needs no `decision`: another organisation's letters decide.
    """

    schema_version: Literal[1]
    trial: Trial
    protocol_version: Version
    zone: Zone
    ctcae: Annotated[str, StringConstraints(pattern=r"^[56]\.0\+[0-9-]{1,10}$")]
    reporting_regimes: Annotated[
        list[Literal["uk-2026", "uk-2004-transitional", "uk-non-ctimp", "eu-ctr", "us-ind"]],
        Field(min_length=1),
    ]
    parts: Annotated[list[Part], Field(min_length=1, max_length=20)]
    dlt: DltRules | None = None
    stopping_rules: Annotated[list[StoppingRule], Field(max_length=50)] = Field(default=[])
    treatment: Treatment | None = None
    eligibility: Eligibility
    consent: Consent
    slots: SlotPolicy | None = None
    stagger: Stagger = Stagger()
    decision: DecisionRules | None = None
    randomisations: Annotated[list[Randomisation], Field(max_length=10)] = Field(default=[])
    follow_up: FollowUp | None = None
    finder: Finder | None = None
    safety: SafetyRules | None = None
    monitoring: MonitoringPlan | None = None

    @model_validator(mode="after")
    def _references_resolve(self) -> Self:
        raise_contradictions(
            *self._parts_resolve(), *self._levels_have_rules(), *self._randomisations_resolve()
        )
        return self

    def _parts_resolve(self) -> list[tuple[str, str, bool]]:
        names = [part.part for part in self.parts]
        known = {(part.part, level.level) for part in self.parts for level in part.levels}
        return [
            *(
                (f"parts.{i}.part", "another part has this name", name in names[:i])
                for i, name in enumerate(names)
            ),
            *(
                (f"parts.{i}.monitoring.counts.{k}", "no such level", (place.part, place.level) not in known)
                for i, part in enumerate(self.parts)
                for k, place in enumerate(part.monitoring.counts if part.monitoring else ())
            ),
            *(
                (f"eligibility.criteria.{i}.part", "no such part", criterion.part not in (None, *names))
                for i, criterion in enumerate(self.eligibility.criteria)
            ),
        ]

    def _levels_have_rules(self) -> list[tuple[str, str, bool]]:
        needs = any(part.levels for part in self.parts)
        blocks = {
            "dlt": self.dlt,
            "treatment": self.treatment,
            "slots": self.slots,
            "decision": self.decision,
        }
        course = self.treatment.course if self.treatment else []
        starts = self.dlt.window.starts if self.dlt else "first_dose"
        definition = self.dlt.dlt_definition if self.dlt else None
        other_version = definition is not None and definition.protocol_version != self.protocol_version
        return [
            *(
                (
                    name,
                    "a part with dose levels needs it",
                    needs and it is None and not (self.trial.hosted and name == "decision"),
                )
                for name, it in blocks.items()
            ),
            ("dlt.window.starts", "not a step of the course", starts not in ("first_dose", *course)),
            (
                "dlt.dlt_definition.ctcae",
                "not the protocol's CTCAE version",
                definition is not None and definition.ctcae != self.ctcae,
            ),
            ("dlt.dlt_definition.protocol_version", "belongs to another protocol version", other_version),
            *self._stopping_rules_resolve(),
        ]

    def _stopping_rules_resolve(self) -> list[tuple[str, str, bool]]:
        levels = {part.part: {level.level for level in part.levels} for part in self.parts if part.levels}
        anywhere = {None, *(level for known in levels.values() for level in known)}
        ids = [rule.id for rule in self.stopping_rules]
        return [
            found
            for i, rule in enumerate(self.stopping_rules)
            for found in (
                (f"stopping_rules.{i}.id", "another has this id", rule.id in ids[:i]),
                (
                    f"stopping_rules.{i}.scope.part",
                    "no part with dose levels has this name",
                    rule.scope.part not in (None, *levels) or not levels,
                ),
                (
                    f"stopping_rules.{i}.scope.level",
                    "no such level",
                    rule.scope.level not in levels.get(rule.scope.part or "", anywhere) | {None},
                ),
            )
        ]

    def _randomisations_resolve(self) -> list[tuple[str, str, bool]]:
        parts = {part.part for part in self.parts}
        arms = {it.randomisation: {arm.arm for arm in it.arms} for it in self.randomisations}
        names = [it.randomisation for it in self.randomisations]
        blinded = {it.randomisation for it in self.randomisations if it.blinded}
        return [
            found
            for i, it in enumerate(self.randomisations)
            for found in (
                (f"randomisations.{i}.randomisation", "another has this name", names[i] in names[:i]),
                (f"randomisations.{i}.part", "no such part", it.part not in parts),
                (f"randomisations.{i}.after", "no earlier one", it.after not in (None, *names[:i])),
                (
                    f"randomisations.{i}.for_arms",
                    "not arms of that randomisation",
                    not set(it.for_arms) <= arms.get(it.after or "", set(it.for_arms)),
                ),
                (
                    f"randomisations.{i}.for_arms",
                    "that randomisation is blinded: whoever is let in or kept out would learn the arm",
                    bool(it.for_arms) and it.after in blinded,
                ),
            )
        ]
