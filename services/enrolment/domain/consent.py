"""Consent by the right person on the right document for the age today, and assent.

Which age counts is the country's and arrives as data; that a child's signature alone cannot open a clinical
trial of a medicine is law in the United Kingdom.

Every rule takes all ages that are still possible and holds only when it holds for each of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.enrolment.domain.ids import ConsentId
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.signature import Signature


class ConsentPurpose(StrEnum):
    PARENTAL_CONSENT = "parental_consent"
    OWN_CONSENT = "own_consent"
    ASSENT = "assent"


class SignerCapacity(StrEnum):
    PARTICIPANT = "participant"
    PARENTAL_RESPONSIBILITY = "parental_responsibility"
    PERSONAL_LEGAL_REPRESENTATIVE = "personal_legal_representative"
    PROFESSIONAL_LEGAL_REPRESENTATIVE = "professional_legal_representative"


class Parent(StrEnum):
    """Which parent signs, where a country asks for both; nobody's name is known here."""

    FIRST = "first"
    SECOND = "second"


class RequiredFor(StrEnum):
    """Who must be on a version of a form: those who join, are on treatment, are followed."""

    NEW = "new"
    ON_TREATMENT = "on_treatment"
    FOLLOW_UP = "follow_up"


SOLE_RESPONSIBILITY = "sole_parental_responsibility"
"""The note with which one parent suffices in a country that asks for both."""

REPRESENTATIVES = frozenset(
    {SignerCapacity.PERSONAL_LEGAL_REPRESENTATIVE, SignerCapacity.PROFESSIONAL_LEGAL_REPRESENTATIVE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDocument:
    """A form for an age range in completed years, `from_years` included, `below_years` not.

    `must_reconsent_by` is the local date by which those on treatment or followed sign it (None: none is set);
    `languages` are those of its translations (empty: any).
    """

    document: str
    version: str
    purpose: ConsentPurpose
    from_years: int
    below_years: int
    required_for: frozenset[RequiredFor] = frozenset({RequiredFor.NEW})
    must_reconsent_by: date | None = None
    languages: frozenset[str] = frozenset()

    def fits(self, purpose: ConsentPurpose, age: int) -> bool:
        return self.purpose is purpose and self.from_years <= age < self.below_years


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent given at a site, for the participation episode in which it was signed.

    `delegated` says that whoever took and recorded it held the investigator's duty at the site then.
    `capacity_note` is the reason why a legal representative signs, or the note on the competence of a child
    who signs alone, or that one parent answers alone; empty otherwise. `no_personal_note` is the reason why no
    personal representative signs where a professional one does. `superseded_by` is the consent that corrects
    this record; empty while it stands.
    """

    id: ConsentId
    document: str
    version: str
    purpose: ConsentPurpose
    capacity: SignerCapacity
    signed_at: datetime
    delegated: bool
    capacity_note: str = ""
    no_personal_note: str = ""
    parent: Parent = Parent.FIRST
    site_number: str = ""
    superseded_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPolicy:
    """Country and kind of trial; `age_of_consent` in completed years by ISO country code.

    `competent_minor_may_consent` has an effect only outside clinical trials of medicines;
    `both_parents_required` names the countries where one parent does not suffice.
    """

    ctimp: bool
    country: str
    age_of_consent: Mapping[str, int]
    assent_from_years: int
    competent_minor_may_consent: bool = False
    both_parents_required: frozenset[str] = frozenset()

    def adult(self, age: int) -> bool:
        """Whether the age is one of own consent; in a country without an age of consent nobody's is.

        Callers that find no age of consent must not take that for "under age": see `country_known`.
        """
        return self.country_known and age >= self.age_of_consent[self.country]

    @property
    def country_known(self) -> bool:
        return self.country in self.age_of_consent


class AssentAnswer(StrEnum):
    NOT_RECORDED = "not_recorded"
    GIVEN = "given"
    REFUSED = "refused"
    NOT_SOUGHT = "not_sought"
    NOT_CAPABLE = "not_capable"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssentDecision:
    """The investigator's reasoned decision to go on although the child refused."""

    reason: str
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Assent:
    """What the child answered; `reason` belongs to `not_sought` and `not_capable`.

    `delegated` says that whoever recorded it held the investigator's duty at the site then.
    """

    answer: AssentAnswer
    document: str = ""
    version: str = ""
    reason: str = ""
    delegated: bool = False
    decision: AssentDecision | None = None
    site_number: str = ""
    signed_at: datetime | None = None


def right_person(consent: Consent, age: int, policy: ConsentPolicy) -> bool:
    """Whether this signature can stand for a participant of this age.

    Under the age of consent a person with parental responsibility can; a legal representative needs a stated
    reason, and a professional one besides it why no personal one signs. A child's signature alone never
    suffices in a clinical trial of a medicine.

    Source: SI 2004/1031, Schedule 1 Part 4 paragraphs 1 to 6; HRA, Research involving children.
    """
    if not policy.country_known:
        return False
    by_participant = (
        consent.purpose is ConsentPurpose.OWN_CONSENT and consent.capacity is SignerCapacity.PARTICIPANT
    )
    if policy.adult(age):
        return by_participant
    noted = bool(consent.capacity_note.strip())
    if by_participant:
        return not policy.ctimp and policy.competent_minor_may_consent and noted
    if consent.purpose is not ConsentPurpose.PARENTAL_CONSENT:
        return False
    return consent.capacity is SignerCapacity.PARENTAL_RESPONSIBILITY or represented(consent)


def signed_of_age(consent: Consent, ages: frozenset[int], policy: ConsentPolicy) -> bool:
    """Whether the participant, if it was they who signed, may have been old enough then.

    Args:
        consent: by anybody; of others' signatures the age of the child says nothing here.
        ages: still possible on the site's local date of the signature.
        policy: outside clinical trials of medicines a competent child may sign where it is configured.
    """
    if consent.capacity is not SignerCapacity.PARTICIPANT:
        return True
    return any(right_person(consent, age, policy) for age in ages)


def represented(consent: Consent) -> bool:
    """Whether a legal representative signs with every reason that the law asks for: personal before professional.

    Source: SI 2004/1031, Schedule 1 Part 4 paragraph 1.
    """
    professional = consent.capacity is SignerCapacity.PROFESSIONAL_LEGAL_REPRESENTATIVE
    return (
        consent.capacity in REPRESENTATIVES
        and bool(consent.capacity_note.strip())
        and (not professional or bool(consent.no_personal_note.strip()))
    )


def check_representative(capacity: SignerCapacity, note: str, no_personal_note: str) -> None:
    """Accepts a representative's signature that says why a parent does not sign, and so on in order.

    Raises:
        Refused: `reason_required`.
    """
    if capacity in REPRESENTATIVES and not note.strip():
        raise Refused("reason_required", "Say why nobody with parental responsibility can be contacted.")
    if capacity is SignerCapacity.PROFESSIONAL_LEGAL_REPRESENTATIVE and not no_personal_note.strip():
        raise Refused("reason_required", "Say why no personal legal representative signs.")


def check_stands(*, superseded: bool) -> None:
    """Accepts the correction of a record that nothing has taken the place of.

    Raises:
        Refused: `consent_superseded`.
    """
    if superseded:
        raise Refused("consent_superseded", "Correct the record that took its place.")


def consents_suffice(consents: Iterable[Consent], age: int, policy: ConsentPolicy) -> bool:
    """Whether these signatures together can stand for a participant of this age.

    Where a country asks for both parents, one suffices only with sole responsibility; a representative signs
    in the place of both, and a child who may consent needs neither.
    """
    fitting = [consent for consent in consents if right_person(consent, age, policy)]
    if policy.adult(age) or policy.country not in policy.both_parents_required:
        return bool(fitting)
    alone = any(
        consent.capacity is not SignerCapacity.PARENTAL_RESPONSIBILITY
        or consent.capacity_note == SOLE_RESPONSIBILITY
        for consent in fitting
    )
    return alone or {consent.parent for consent in fitting} == set(Parent)


def consent_by_right_person(consents: Iterable[Consent], ages: frozenset[int], policy: ConsentPolicy) -> bool:
    given = tuple(consents)
    return bool(ages) and all(consents_suffice(given, age, policy) for age in ages)


def consent_current(
    consents: Iterable[Consent],
    ages: frozenset[int],
    policy: ConsentPolicy,
    documents: Iterable[ConsentDocument],
) -> bool:
    """Whether consent is on the document that the version in use asks for.

    A consent by the right person must be on the form for the age. Where the right person has not signed at
    all, only the version is judged here: the person is another guard's finding, and naming the version would
    send the site to the wrong remedy.
    """
    given = tuple(consents)
    forms = tuple(documents)
    return bool(ages) and all(_current_at(given, age, policy, forms) for age in ages)


def _current_at(
    consents: tuple[Consent, ...], age: int, policy: ConsentPolicy, forms: tuple[ConsentDocument, ...]
) -> bool:
    fitting = [consent for consent in consents if right_person(consent, age, policy)]
    for_age = [form for form in forms if form.fits(form.purpose, age)] if fitting else list(forms)
    current = [
        consent
        for consent in fitting or consents
        if on_required_form(consent.purpose, consent.document, consent.version, for_age)
    ]
    return consents_suffice(current, age, policy) if consents_suffice(fitting, age, policy) else bool(current)


def on_required_form(
    purpose: ConsentPurpose, document: str, version: str, forms: Iterable[ConsentDocument]
) -> bool:
    """Whether somebody who joins may do so on this form.

    Of the forms of the purpose those count that are required of people who join. Where none is, an earlier
    version of the same document is as good: the newer one was made for those who take part already.
    """
    asked = [form for form in forms if form.purpose is purpose]
    required = [form for form in asked if RequiredFor.NEW in form.required_for]
    if required:
        return (document, version) in {(form.document, form.version) for form in required}
    return document in {form.document for form in asked}


def assent_needed(ages: frozenset[int], policy: ConsentPolicy, consents: Iterable[Consent] = ()) -> bool:
    """Whether any possible age is one at which a child is asked but does not consent alone."""
    given = tuple(consents)
    return any(
        age >= policy.assent_from_years and not policy.adult(age) and not consents_alone(given, age, policy)
        for age in ages
    )


def consents_alone(consents: Iterable[Consent], age: int, policy: ConsentPolicy) -> bool:
    """Whether the participant's own signature stands at this age: of age, or competent outside such trials."""
    return any(
        consent.capacity is SignerCapacity.PARTICIPANT and right_person(consent, age, policy)
        for consent in consents
    )


def assent_current(
    assent: Assent, ages: frozenset[int], policy: ConsentPolicy, documents: Iterable[ConsentDocument]
) -> bool:
    """Whether an assent given is on the form for the age; a trial without such a form asks for none."""
    forms = tuple(documents)
    for age in ages:
        asked = [form for form in forms if form.fits(ConsentPurpose.ASSENT, age)]
        if (
            assent.answer is AssentAnswer.GIVEN
            and assent_needed(frozenset({age}), policy)
            and asked
            and not on_required_form(ConsentPurpose.ASSENT, assent.document, assent.version, asked)
        ):
            return False
    return True


def assent_obstacle(
    assent: Assent, ages: frozenset[int], policy: ConsentPolicy, consents: Iterable[Consent] = ()
) -> str:
    """Why assent stands in the way, as a sentence; empty when it does not.

    A refusal neither blocks by itself nor passes silently: the investigator signs a reasoned decision.
    """
    if not assent_needed(ages, policy, consents):
        return ""
    match assent.answer:
        case AssentAnswer.GIVEN:
            return ""
        case AssentAnswer.NOT_RECORDED:
            return "The child's answer is not recorded."
        case AssentAnswer.NOT_SOUGHT | AssentAnswer.NOT_CAPABLE:
            return "" if assent.reason.strip() else "Assent was not sought or not possible, without a reason."
        case AssentAnswer.REFUSED:
            decision = assent.decision
            if decision is None:
                return "The child refused and the investigator has not decided."
            if not decision.reason.strip():
                return "The child refused and the investigator's decision gives no reason."
            if not decision.signature.delegated:
                return "The child refused and the decision is not signed by a delegated person."
            return ""


def check_refusal_undecided(assent: Assent) -> None:
    """Accepts the investigator's decision where the child refused and nobody has decided yet.

    Raises:
        Refused: `assent_not_refused`.
    """
    if assent.answer is not AssentAnswer.REFUSED or assent.decision is not None:
        raise Refused("assent_not_refused", "There is no refusal without a decision.")


def adult_consent_due(consents: Iterable[Consent], ages: frozenset[int], policy: ConsentPolicy) -> bool:
    """Whether the participant has certainly or possibly reached the age of consent without consenting."""
    given = tuple(consents)
    return any(
        policy.adult(age) and not any(right_person(consent, age, policy) for consent in given) for age in ages
    )
