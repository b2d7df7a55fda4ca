"""Who of those taking part must sign what, and by when: derived from the forms in use and what was signed.

A task is never stored. It is there while its reason is, and gone as soon as the form is signed, the participant
stops being contacted, or dies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.enrolment.domain.adult_consent import (
    AdultConsent,
    AdultConsentAnswer,
    AdultConsentState,
    adult_consent_of,
    coming_of_age,
)
from services.enrolment.domain.age import local_date, possible_ages
from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    Consent,
    ConsentDocument,
    ConsentPolicy,
    ConsentPurpose,
    RequiredFor,
    assent_needed,
    consents_alone,
    consents_suffice,
)
from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.person_terms import AdultConsentTerms
from services.enrolment.domain.registration_facts import PersonFacts


class TaskKind(StrEnum):
    RE_CONSENT = "re_consent"
    ADULT_CONSENT = "adult_consent"
    PARTICIPATION_DIALOGUE = "participation_dialogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTask:
    """Something to be signed or talked about; `due_on` is None where the protocol sets no date.

    `document`, `version` and `purpose` are empty in a task about reaching the age of consent.
    """

    kind: TaskKind
    state: str
    due_on: date | None
    overdue: bool
    document: str = ""
    version: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStanding:
    """What a participant's tasks depend on.

    `site_number` and `since` say where they take part, and since when if they take part again (None: since the
    registration); `forms` are those of the version in use there; `answer` is what was recorded last instead of
    an own consent.
    """

    person: PersonFacts
    site_number: str
    since: datetime | None
    policy: ConsentPolicy
    terms: AdultConsentTerms
    forms: tuple[ConsentDocument, ...]
    zone: ZoneInfo
    participation: Participation
    died: bool
    voided: bool
    answer: AdultConsentAnswer | None = None

    @property
    def consents(self) -> tuple[Consent, ...]:
        return self.person.consents

    @property
    def assent(self) -> Assent:
        return self.person.assent

    @property
    def here(self) -> tuple[Consent, ...]:
        """Consents of this episode at this site: one given elsewhere stays there."""
        return tuple(one for one in self.consents if self.belongs(one.site_number, one.signed_at))

    def belongs(self, site_number: str, signed_at: datetime) -> bool:
        """Whether something signed there and then is of this episode at this site."""
        return site_number == self.site_number and (self.since is None or signed_at >= self.since)

    @property
    def phase(self) -> RequiredFor | None:
        """On treatment or followed; None for whoever died, was voided or is no longer contacted."""
        stopped = self.participation.stopped
        if self.died or self.voided or Element.CONTACT in stopped:
            return None
        return RequiredFor.FOLLOW_UP if Element.TREATMENT in stopped else RequiredFor.ON_TREATMENT

    def adult_consent(self, now: datetime) -> AdultConsent:
        person = self.person
        dates = coming_of_age(person.born, person.age_statements, person.leap_day, self.policy, self.terms)
        return adult_consent_of(dates, self.consents, self.answer, self.terms, now, self.zone)


def consent_tasks(standing: ConsentStanding, now: datetime) -> tuple[ConsentTask, ...]:
    """Everything this participant is asked for now, the age of consent first."""
    phase = standing.phase
    if phase is None:
        return ()
    today = local_date(now, standing.zone)
    adult = standing.adult_consent(now)
    return (*_of_age(adult, today), *_again(standing, phase, adult, today))


def _of_age(adult: AdultConsent, today: date) -> Iterable[ConsentTask]:
    if not adult.task or adult.dates is None:
        return
    declined = adult.state is AdultConsentState.DECLINED
    yield ConsentTask(
        kind=TaskKind.PARTICIPATION_DIALOGUE if declined else TaskKind.ADULT_CONSENT,
        state=adult.state.value,
        due_on=adult.dates.certain_on,
        overdue=today > adult.dates.certain_on,
        purpose="" if declined else ConsentPurpose.OWN_CONSENT.value,
    )


def _again(
    standing: ConsentStanding, phase: RequiredFor, adult: AdultConsent, today: date
) -> Iterable[ConsentTask]:
    person = standing.person
    ages = possible_ages(person.born, today, person.leap_day, person.age_statements)
    if not ages:
        return
    # Until the birthday has passed for certain the forms of the younger age are asked for again.
    age = min(ages)
    asked = {phase} if standing.here else {phase, RequiredFor.NEW}
    for form in standing.forms:
        if not asked & form.required_for or not form.fits(form.purpose, age):
            continue
        if not _asked_for(standing, form.purpose, age, adult) or _signed(standing, form, age):
            continue
        due_on = form.must_reconsent_by
        yield ConsentTask(
            kind=TaskKind.RE_CONSENT,
            state="re_consent_due",
            due_on=due_on,
            overdue=due_on is not None and today > due_on,
            document=form.document,
            version=form.version,
            purpose=form.purpose.value,
        )


def _asked_for(standing: ConsentStanding, purpose: ConsentPurpose, age: int, adult: AdultConsent) -> bool:
    policy = standing.policy
    alone = consents_alone(standing.consents, age, policy)
    match purpose:
        case ConsentPurpose.OWN_CONSENT:
            # Whoever has not consented since coming of age has that task, and not the same one twice.
            return (policy.adult(age) or alone) and not adult.task
        case ConsentPurpose.PARENTAL_CONSENT:
            return policy.country_known and not policy.adult(age) and not alone
        case ConsentPurpose.ASSENT:
            return assent_needed(frozenset({age}), policy, standing.consents)


def _signed(standing: ConsentStanding, form: ConsentDocument, age: int) -> bool:
    if form.purpose is ConsentPurpose.ASSENT:
        assent = standing.assent
        if assent.signed_at is None or not standing.belongs(assent.site_number, assent.signed_at):
            return False
        answered = assent.answer in (AssentAnswer.NOT_SOUGHT, AssentAnswer.NOT_CAPABLE)
        return answered or (assent.document, assent.version) == (form.document, form.version)
    on_it = [
        consent
        for consent in standing.here
        if consent.delegated
        and (consent.document, consent.version, consent.purpose)
        == (form.document, form.version, form.purpose)
    ]
    return consents_suffice(on_it, age, standing.policy)
