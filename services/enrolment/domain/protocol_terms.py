"""What one protocol version asks of a registration, and which version a site works on today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.enrolment.domain.consent import ConsentDocument, ConsentPolicy
from services.enrolment.domain.kinds import KindRules
from services.enrolment.domain.person_terms import NO_PERSON_TERMS, PersonTerms
from services.enrolment.domain.planned_dose import DoseBasis
from services.enrolment.domain.recruitment import TargetPolicy
from services.enrolment.domain.stagger import StaggerPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTerms:
    """One dose level as the protocol prints it; `dose` stays text, nothing is computed with it here."""

    label: str
    dose: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTerms:
    """A part as one version has it; ages in completed years, `age_from` included, `age_below` not.

    `target` is the number of registered participants the part needs (None: no target of its own),
    `target_policy` what becomes of people already consented when it is met; `levels` are numbered from 1.
    """

    age_from: int
    age_below: int
    target: int | None = None
    target_policy: TargetPolicy = field(default_factory=TargetPolicy)
    stratum: str = ""
    levels: Mapping[int, LevelTerms] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTerms:
    """One approved version; `sunset_at` is when it ends for sites that have not moved on (None: not set)."""

    version: str
    effective_at: datetime
    parts: Mapping[str, PartTerms]
    consent_documents: tuple[ConsentDocument, ...]
    eligibility_version: str
    criteria: frozenset[str]
    eligibility_valid_days: int
    sunset_at: datetime | None = None
    person: PersonTerms = NO_PERSON_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRules:
    """One approved version with everything this service takes from it.

    `age_of_consent` in completed years by ISO country code; `window_days` is the length of the DLT window, None
    where the trial has none. `kind` says which guards apply; `dose_basis` is `none` where nothing is given.
    """

    kind: KindRules
    terms: ProtocolTerms
    ctimp: bool
    age_of_consent: Mapping[str, int]
    assent_from_years: int
    stagger: StaggerPolicy
    circulation_receipts: bool
    window_days: int | None
    dose_basis: DoseBasis

    def consent_policy(self, country: str) -> ConsentPolicy:
        return ConsentPolicy(
            ctimp=self.ctimp,
            country=country,
            age_of_consent=self.age_of_consent,
            assent_from_years=self.assent_from_years,
            competent_minor_may_consent=self.terms.person.competent_minor_may_consent,
            both_parents_required=self.terms.person.both_parents_required,
        )


class NoTerms(StrEnum):
    SITE_NOT_ACTIVATED = "site_not_activated"


def terms_in_use(
    versions: Sequence[ProtocolTerms], green_lit: frozenset[str], now: datetime
) -> ProtocolTerms | NoTerms:
    """The version that binds the site today: the newest in effect that the site has a green light for.

    Args:
        versions: the approved versions, oldest first.
        green_lit: the versions for which the site's green light is in force.
        now: a version not yet in effect binds nobody.
    """
    usable = [terms for terms in versions if terms.version in green_lit and terms.effective_at <= now]
    return usable[-1] if usable else NoTerms.SITE_NOT_ACTIVATED


def terms_ended(terms: ProtocolTerms, now: datetime) -> bool:
    return terms.sunset_at is not None and now >= terms.sunset_at


def rules_in_use(
    versions: Sequence[VersionRules], green_lit: frozenset[str], now: datetime
) -> VersionRules | NoTerms:
    """As `terms_in_use`, with everything else of that version."""
    terms = terms_in_use([rules.terms for rules in versions], green_lit, now)
    if isinstance(terms, NoTerms):
        return terms
    return next(rules for rules in versions if rules.terms is terms)


def binding_rules(versions: Sequence[VersionRules], green_lit: frozenset[str], now: datetime) -> VersionRules:
    """The version that binds somebody who takes part: the site's, or the newest in effect without a green light.

    Raises:
        LookupError: no version is known.
    """
    rules = rules_in_use(versions, green_lit, now)
    if not isinstance(rules, NoTerms):
        return rules
    if not versions:
        raise LookupError("nobody takes part in a trial without a protocol version")
    begun = [one for one in versions if one.terms.effective_at <= now]
    return begun[-1] if begun else versions[0]
