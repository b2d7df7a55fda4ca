"""What one protocol version asks about a person beyond its forms: typed criteria, biomarkers, consent rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.enrolment.domain.criteria import Criterion
from services.enrolment.domain.molecular import MolecularCriterion


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultConsentTerms:
    """Reaching the age of consent: when the task appears, and which acts wait until it is settled."""

    task_days_before: int = 30
    blocks: frozenset[str] = frozenset({"optional_procedures"})

    @property
    def blocks_treatment(self) -> bool:
        return "treatment" in self.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTerms:
    """`criteria` by id, `biomarkers` by part, `sample_uses` with their wording; countries by ISO code."""

    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    biomarkers: Mapping[str, tuple[MolecularCriterion, ...]] = field(default_factory=dict)
    competent_minor_may_consent: bool = False
    both_parents_required: frozenset[str] = frozenset()
    adult_consent: AdultConsentTerms = AdultConsentTerms()
    sample_uses: Mapping[str, str] = field(default_factory=dict)


NO_PERSON_TERMS = PersonTerms()
