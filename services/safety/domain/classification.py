"""Classification of one event with regard to one suspect product: what it is, why, and what is still to be asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.safety.domain.adverse_event import Emergence, Outcome, emergence
from services.safety.domain.causality import Causality, DerivedCausality, derive_causality
from services.safety.domain.ctcae import GRADE_OF_DEATH
from services.safety.domain.event_class import SERIOUS_CLASSES, EventClass
from services.safety.domain.expectedness import (
    DerivedExpectedness,
    Expectedness,
    JudgedReaction,
    ReferenceVersion,
    derive_expectedness,
)
from services.safety.domain.report import Dosing, ParticipantContext
from services.safety.domain.seriousness import (
    NO_VIEW,
    Criterion,
    DerivedSeriousness,
    NotSeriousRule,
    View,
    derive_seriousness,
)

GRAVE = frozenset({Criterion.DEATH, Criterion.LIFE_THREATENING})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What is known and judged of one event and one product at one time; None and `NOT_…` mean not known.

    `investigator_causality` and `sponsor_causality` are effective opinions (`causality.effective`).
    """

    term: str | None = None
    grade: int | None = None
    outcome: Outcome = Outcome.NOT_STATED
    death_on: date | None = None
    onset_on: date | None = None
    admission: str = ""
    participant_has_grade_5: bool = False
    investigator_seriousness: View = NO_VIEW
    sponsor_seriousness: View = NO_VIEW
    investigator_causality: Causality = Causality.NOT_ASSESSED
    sponsor_causality: Causality = Causality.NOT_ASSESSED
    expectedness: Expectedness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptSusar:
    """A protocol's rule that SUSARs of one term need no immediate report but one within its own period."""

    rule: str
    term: str
    period_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """What holds for a case beside the law: dates of its participant, the product's references, the protocol."""

    consent_on: date | None = None
    first_dose_on: date | None = None
    references: tuple[ReferenceVersion, ...] = ()
    not_serious: tuple[NotSeriousRule, ...] = ()
    exempt_susars: tuple[ExemptSusar, ...] = ()
    unlikely_is_suspected: bool = False


class CaseQuery(StrEnum):
    SERIOUSNESS_MISSING = "seriousness_missing"
    CAUSALITY_MISSING = "causality_missing"
    EXPECTEDNESS_MISSING = "expectedness_missing"
    GRADE_5_OUTCOME_NOT_FATAL = "grade_5_outcome_not_fatal"
    GRADE_5_WITHOUT_DEATH_DATE = "grade_5_without_death_date"


class CaseWarning(StrEnum):
    SECOND_GRADE_5 = "second_grade_5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The class with everything it was derived from; `reasons` are sentences for a person, in order.

    `fatal_or_life_threatening` picks the clock. A sign of death counts even where nobody ticked the criterion:
    contradictions are asked about, and the shorter clock runs meanwhile.
    """

    event_class: EventClass
    provisional: bool
    seriousness: DerivedSeriousness
    serious: bool
    causality: DerivedCausality
    expectedness: DerivedExpectedness
    fatal_or_life_threatening: bool
    queries: tuple[CaseQuery, ...]
    warnings: tuple[CaseWarning, ...]
    rules_applied: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def submission_blocked(self) -> bool:
        return not _BLOCKING.isdisjoint(self.queries)

    @property
    def is_serious_class(self) -> bool:
        """Whether a site must tell the sponsor at once."""
        return self.event_class in SERIOUS_CLASSES


_BLOCKING = frozenset({CaseQuery.GRADE_5_OUTCOME_NOT_FATAL, CaseQuery.GRADE_5_WITHOUT_DEATH_DATE})


def classify(facts: CaseFacts, rules: CaseRules) -> Classification:
    """The class of one event with regard to one product.

    Missing seriousness counts as serious, missing causality as suspected, missing expectedness as unexpected, a
    missing first dose as dosed; each makes the answer provisional where it decides.

    Args:
        facts: known and judged now.
        rules: of the participant, the product and the protocol.
    Source: ICH E2A; Regulation (EU) 536/2014 Annex III; safety reference, section 3.3.
    """
    fatal = _shows_death(facts)
    seriousness = derive_seriousness(
        facts.investigator_seriousness,
        facts.sponsor_seriousness,
        admission=facts.admission,
        not_serious=rules.not_serious,
    )
    serious = seriousness.serious or fatal
    causality = derive_causality(
        facts.investigator_causality,
        facts.sponsor_causality,
        unlikely_is_suspected=rules.unlikely_is_suspected,
    )
    expectedness = _expectedness(facts, rules, seriousness, fatal=fatal)
    began = _began(facts, rules)
    found = _class(began, serious, causality.suspected, expectedness.expected)
    missing = _missing(facts, found, seriousness, causality, expectedness)
    return Classification(
        event_class=found,
        provisional=bool(missing) or _contradicts(found, seriousness, serious=serious),
        seriousness=seriousness,
        serious=serious,
        causality=causality,
        expectedness=expectedness,
        fatal_or_life_threatening=fatal or not GRAVE.isdisjoint(seriousness.criteria),
        queries=tuple(_queries(facts, found, missing, expectedness)),
        warnings=_warnings(facts),
        rules_applied=seriousness.rules_applied,
        reasons=tuple(_reasons(began, seriousness, causality, expectedness, fatal=fatal, found=found)),
    )


def _shows_death(facts: CaseFacts) -> bool:
    return facts.outcome is Outcome.FATAL or facts.grade == GRADE_OF_DEATH


def _expectedness(
    facts: CaseFacts, rules: CaseRules, seriousness: DerivedSeriousness, *, fatal: bool
) -> DerivedExpectedness:
    reaction = JudgedReaction(
        term=facts.term,
        grade=facts.grade,
        fatal=fatal or Criterion.DEATH in seriousness.criteria,
        life_threatening=Criterion.LIFE_THREATENING in seriousness.criteria,
        onset_on=facts.onset_on,
    )
    return derive_expectedness(reaction, rules.references, facts.expectedness)


def _began(facts: CaseFacts, rules: CaseRules) -> Emergence:
    participant = ParticipantContext(
        dosing=Dosing.UNKNOWN, first_dose_on=rules.first_dose_on, consent_on=rules.consent_on
    )
    return emergence(facts.onset_on, participant)


def _class(began: Emergence, serious: bool, suspected: bool, expected: bool | None) -> EventClass:
    if began is Emergence.MEDICAL_HISTORY:
        return EventClass.MEDICAL_HISTORY
    if began is Emergence.PRE_TREATMENT:
        return EventClass.PRE_TREATMENT_SAE if serious else EventClass.PRE_TREATMENT_EVENT
    if not serious:
        return EventClass.ADVERSE_REACTION if suspected else EventClass.ADVERSE_EVENT
    if not suspected:
        return EventClass.SERIOUS_ADVERSE_EVENT
    return EventClass.SERIOUS_ADVERSE_REACTION if expected else EventClass.SUSAR


_REACTIONS = frozenset({EventClass.SERIOUS_ADVERSE_REACTION, EventClass.SUSAR})
_BEFORE_TREATMENT = frozenset(
    {EventClass.MEDICAL_HISTORY, EventClass.PRE_TREATMENT_EVENT, EventClass.PRE_TREATMENT_SAE}
)


def _missing(
    facts: CaseFacts,
    found: EventClass,
    seriousness: DerivedSeriousness,
    causality: DerivedCausality,
    expectedness: DerivedExpectedness,
) -> tuple[CaseQuery, ...]:
    """Judgements that this class waits for."""
    if found is EventClass.MEDICAL_HISTORY:
        return ()
    missing = [CaseQuery.SERIOUSNESS_MISSING] if seriousness.provisional else []
    if causality.provisional and found not in _BEFORE_TREATMENT:
        missing.append(CaseQuery.CAUSALITY_MISSING)
    if expectedness.expected is None and found in _REACTIONS:
        missing.append(CaseQuery.EXPECTEDNESS_MISSING)
    return tuple(missing)


def _contradicts(found: EventClass, seriousness: DerivedSeriousness, *, serious: bool) -> bool:
    """Whether only a sign of death makes it serious, against what was ticked."""
    return found is not EventClass.MEDICAL_HISTORY and serious and not seriousness.serious


def _queries(
    facts: CaseFacts, found: EventClass, missing: tuple[CaseQuery, ...], expectedness: DerivedExpectedness
) -> Iterator[CaseQuery]:
    for query in missing:
        if query is not CaseQuery.EXPECTEDNESS_MISSING or not expectedness.needs_confirmation:
            yield query
    if facts.grade == GRADE_OF_DEATH:
        if facts.outcome is not Outcome.FATAL:
            yield CaseQuery.GRADE_5_OUTCOME_NOT_FATAL
        if facts.death_on is None:
            yield CaseQuery.GRADE_5_WITHOUT_DEATH_DATE


def _warnings(facts: CaseFacts) -> tuple[CaseWarning, ...]:
    second = facts.grade == GRADE_OF_DEATH and facts.participant_has_grade_5
    return (CaseWarning.SECOND_GRADE_5,) if second else ()


_BEGAN = {
    Emergence.MEDICAL_HISTORY: "It began before consent: medical history.",
    Emergence.PRE_TREATMENT: "It began before the first dose, so it is no reaction to the product.",
    Emergence.TREATMENT_EMERGENT: "It is read as beginning after the first dose.",
}


def _reasons(
    began: Emergence,
    seriousness: DerivedSeriousness,
    causality: DerivedCausality,
    expectedness: DerivedExpectedness,
    *,
    fatal: bool,
    found: EventClass,
) -> Iterator[str]:
    yield _BEGAN[began]
    yield from _seriousness_reasons(seriousness, fatal=fatal)
    if began is Emergence.TREATMENT_EMERGENT:
        yield _causality_reason(causality)
        if found in _REACTIONS:
            yield expectedness.sentence
            if expectedness.expected is None:
                yield "Without a person's judgement it counts as unexpected."
    yield f"Class: {found.value}."


def _seriousness_reasons(seriousness: DerivedSeriousness, *, fatal: bool) -> Iterator[str]:
    named = ", ".join(sorted(criterion.value.replace("_", " ") for criterion in seriousness.criteria))
    for rule in seriousness.rules_applied:
        yield f"Protocol rule {rule}: this admission is no hospitalisation."
    if named:
        yield f"Serious: {named}."
    elif seriousness.provisional:
        yield "The investigator has not assessed the seriousness, so it counts as serious."
    elif seriousness.serious:
        yield "A criterion that nobody recognises counts as serious."
    elif not fatal:
        yield "Not serious."
    if fatal and Criterion.DEATH not in seriousness.criteria:
        yield "Grade 5 or a fatal outcome counts as a death although nobody named that criterion."


def _causality_reason(causality: DerivedCausality) -> str:
    if causality.provisional and causality.value is Causality.NOT_ASSESSED:
        return "The investigator has not assessed the causality, so it counts as suspected."
    counted = "Suspected" if causality.suspected else "Not suspected"
    differ = " The opinions of investigator and sponsor differ; the higher one counts."
    return f"{counted}: {causality.value.value}.{differ if causality.disagreement else ''}"


def exempt_by(facts: CaseFacts, found: Classification, rules: CaseRules) -> ExemptSusar | None:
    """The protocol's rule that takes this SUSAR out of immediate reporting, where the law allows such rules."""
    if found.event_class is not EventClass.SUSAR or facts.term is None:
        return None
    named = (one for one in rules.exempt_susars if _same(one.term, facts.term))
    return min(named, key=lambda one: (one.period_days, one.rule), default=None)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
