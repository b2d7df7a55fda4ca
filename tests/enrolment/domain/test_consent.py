from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    Consent,
    ConsentDocument,
    ConsentPolicy,
    ConsentPurpose,
    Parent,
    RequiredFor,
    SignerCapacity,
    adult_consent_due,
    assent_current,
    assent_needed,
    assent_obstacle,
    consent_by_right_person,
    consent_current,
    consents_suffice,
    right_person,
    signed_of_age,
)
from services.enrolment.domain.ids import ConsentId

UK_CTIMP = ConsentPolicy(ctimp=True, country="GB", age_of_consent={"GB": 16, "DE": 18}, assent_from_years=6)
PARENT = Consent(
    id=ConsentId("c1"),
    document="parents",
    version="1.0",
    purpose=ConsentPurpose.PARENTAL_CONSENT,
    capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
    signed_at=datetime(2026, 6, 1, tzinfo=UTC),
    delegated=True,
)
OWN = replace(PARENT, document="own", purpose=ConsentPurpose.OWN_CONSENT, capacity=SignerCapacity.PARTICIPANT)


def form(document: str, purpose: ConsentPurpose, years: range, version: str = "1.0") -> ConsentDocument:
    return ConsentDocument(
        document=document, version=version, purpose=purpose, from_years=years.start, below_years=years.stop
    )


FORMS = (
    form("parents", ConsentPurpose.PARENTAL_CONSENT, range(0, 16)),
    form("own", ConsentPurpose.OWN_CONSENT, range(16, 121)),
    form("assent-young", ConsentPurpose.ASSENT, range(6, 11)),
    form("assent-teen", ConsentPurpose.ASSENT, range(11, 16)),
)


def only(age: int) -> frozenset[int]:
    return frozenset({age})


@pytest.mark.parametrize(
    ("age", "country", "parent", "own"),
    [(15, "GB", True, False), (16, "GB", False, True), (17, "DE", True, False), (18, "DE", False, True)],
)
def test_the_age_of_consent_is_the_countrys(age: int, country: str, parent: bool, own: bool) -> None:
    policy = replace(UK_CTIMP, country=country)

    assert right_person(PARENT, age, policy) is parent
    assert right_person(OWN, age, policy) is own


@pytest.mark.parametrize(
    "capacity",
    [SignerCapacity.PERSONAL_LEGAL_REPRESENTATIVE, SignerCapacity.PROFESSIONAL_LEGAL_REPRESENTATIVE],
)
def test_a_legal_representative_signs_for_a_minor_with_a_stated_reason(capacity: SignerCapacity) -> None:
    unexplained = replace(PARENT, capacity=capacity, no_personal_note="none could be found")

    assert not right_person(unexplained, 9, UK_CTIMP)
    assert right_person(replace(unexplained, capacity_note="parents in theatre"), 9, UK_CTIMP)
    assert not right_person(replace(unexplained, capacity_note="parents in theatre"), 16, UK_CTIMP)


@pytest.mark.parametrize(
    "changed",
    [
        {"capacity": SignerCapacity.PARTICIPANT},
        {"purpose": ConsentPurpose.OWN_CONSENT},
        {"purpose": ConsentPurpose.ASSENT},
    ],
)
def test_form_and_signer_have_to_fit_each_other(changed: dict[str, Any]) -> None:
    assert not right_person(replace(PARENT, **changed, capacity_note="note"), 9, UK_CTIMP)


@pytest.mark.parametrize(
    ("ctimp", "configured", "note", "accepted"),
    [
        (True, True, "competent", False),
        (False, True, "competent", True),
        (False, True, " ", False),
        (False, False, "competent", False),
    ],
)
def test_a13_child_signing_alone(ctimp: bool, configured: bool, note: str, accepted: bool) -> None:
    policy = replace(UK_CTIMP, ctimp=ctimp, competent_minor_may_consent=configured)

    assert right_person(replace(OWN, capacity_note=note), 14, policy) is accepted


def test_consent_has_to_be_right_for_every_possible_age() -> None:
    either = frozenset({15, 16})

    assert not consent_by_right_person([PARENT], either, UK_CTIMP)
    assert not consent_by_right_person([OWN], either, UK_CTIMP)
    assert consent_by_right_person([PARENT, OWN], either, UK_CTIMP)
    assert not consent_by_right_person([PARENT, OWN], frozenset(), UK_CTIMP)


def test_no_age_of_consent_for_the_country_means_nobody_is_the_right_person() -> None:
    policy = replace(UK_CTIMP, country="XX")

    assert not right_person(PARENT, 9, policy)
    assert not right_person(OWN, 30, policy)


def test_a_current_form_by_the_wrong_person_does_not_cover_a_stale_one_by_the_right_person() -> None:
    stale = replace(PARENT, version="0.9")
    by_child = replace(PARENT, capacity=SignerCapacity.PARTICIPANT)

    assert not consent_current([stale, by_child], only(9), UK_CTIMP, FORMS)
    assert consent_current([stale, PARENT], only(9), UK_CTIMP, FORMS)


def test_the_form_has_to_be_the_one_for_the_age() -> None:
    banded = (
        form("parents", ConsentPurpose.PARENTAL_CONSENT, range(0, 10)),
        form("parents-of-teenagers", ConsentPurpose.PARENTAL_CONSENT, range(10, 16)),
    )

    assert consent_current([PARENT], only(9), UK_CTIMP, banded)
    assert not consent_current([PARENT], only(10), UK_CTIMP, banded)


def test_where_only_the_wrong_person_signed_the_version_alone_is_judged() -> None:
    assert consent_current([PARENT], only(16), UK_CTIMP, FORMS)
    assert not consent_current([replace(PARENT, version="0.9")], only(16), UK_CTIMP, FORMS)


def test_a_protocol_without_a_form_for_the_age_makes_no_consent_current() -> None:
    assert not consent_current([PARENT], only(9), UK_CTIMP, ())


@pytest.mark.parametrize(("age", "needed"), [(5, False), (6, True), (15, True), (16, False)])
def test_assent_is_asked_from_its_age_until_own_consent(age: int, needed: bool) -> None:
    assert assent_needed(only(age), UK_CTIMP) is needed


@pytest.mark.parametrize(
    ("answer", "reason", "stands_in_the_way"),
    [
        (AssentAnswer.GIVEN, "", False),
        (AssentAnswer.NOT_RECORDED, "", True),
        (AssentAnswer.NOT_SOUGHT, "", True),
        (AssentAnswer.NOT_SOUGHT, "sedated", False),
        (AssentAnswer.NOT_CAPABLE, " ", True),
        (AssentAnswer.NOT_CAPABLE, "developmental delay", False),
        (AssentAnswer.REFUSED, "does not want to", True),
    ],
)
def test_each_answer_of_a_child(answer: AssentAnswer, reason: str, stands_in_the_way: bool) -> None:
    assert bool(assent_obstacle(Assent(answer=answer, reason=reason), only(9), UK_CTIMP)) is stands_in_the_way


def test_a_small_child_is_not_asked() -> None:
    assert assent_obstacle(Assent(answer=AssentAnswer.NOT_RECORDED), only(3), UK_CTIMP) == ""


def test_assent_is_on_the_form_for_the_age() -> None:
    young = Assent(answer=AssentAnswer.GIVEN, document="assent-young", version="1.0")

    assert assent_current(young, only(9), UK_CTIMP, FORMS)
    assert not assent_current(young, only(12), UK_CTIMP, FORMS)
    assert not assent_current(replace(young, version="0.9"), only(9), UK_CTIMP, FORMS)
    assert assent_current(young, only(16), UK_CTIMP, FORMS)
    assert assent_current(young, only(9), UK_CTIMP, FORMS[:2])
    assert assent_current(replace(young, answer=AssentAnswer.REFUSED), only(12), UK_CTIMP, FORMS)


@pytest.mark.parametrize(
    ("ages", "consents", "due"),
    [
        ({15}, [PARENT], False),
        ({16}, [PARENT], True),
        ({15, 16}, [PARENT], True),
        ({16}, [PARENT, OWN], False),
    ],
)
def test_adult_consent_is_due_from_the_age_of_consent(
    ages: set[int], consents: list[Consent], due: bool
) -> None:
    assert adult_consent_due(consents, frozenset(ages), UK_CTIMP) is due


def test_a_professional_representative_says_why_no_personal_one_signs() -> None:
    capacity = SignerCapacity.PROFESSIONAL_LEGAL_REPRESENTATIVE
    professional = replace(PARENT, capacity=capacity, capacity_note="parents in theatre")

    assert not right_person(professional, 9, UK_CTIMP)
    assert not right_person(replace(professional, no_personal_note=" "), 9, UK_CTIMP)
    assert right_person(replace(professional, no_personal_note="no relative found"), 9, UK_CTIMP)


BOTH = replace(UK_CTIMP, both_parents_required=frozenset({"GB"}))
SECOND = replace(PARENT, id=ConsentId("c2"), parent=Parent.SECOND)


@pytest.mark.parametrize(
    ("consents", "suffice"),
    [
        ([PARENT], False),
        ([PARENT, PARENT], False),
        ([PARENT, SECOND], True),
        ([SECOND, OWN], False),
        ([replace(PARENT, capacity_note="sole_parental_responsibility")], True),
        ([replace(PARENT, capacity_note="busy")], False),
        (
            [
                replace(
                    PARENT,
                    capacity=SignerCapacity.PERSONAL_LEGAL_REPRESENTATIVE,
                    capacity_note="parents in theatre",
                )
            ],
            True,
        ),
    ],
)
def test_where_both_parents_are_asked_one_suffices_only_alone(consents: list[Consent], suffice: bool) -> None:
    assert consents_suffice(consents, 9, BOTH) is suffice
    assert consents_suffice(consents, 9, UK_CTIMP)
    assert not consents_suffice([PARENT, SECOND], 16, BOTH)


def test_both_parents_sign_the_current_form() -> None:
    stale = replace(SECOND, version="0.9")

    assert not consent_current([PARENT, stale], only(9), BOTH, FORMS)
    assert consent_current([PARENT, stale, SECOND], only(9), BOTH, FORMS)


@pytest.mark.parametrize(
    ("required_for", "version", "current"),
    [
        ({RequiredFor.NEW}, "0.9", False),
        ({RequiredFor.NEW, RequiredFor.FOLLOW_UP}, "0.9", False),
        ({RequiredFor.ON_TREATMENT}, "0.9", True),
        ({RequiredFor.FOLLOW_UP, RequiredFor.ON_TREATMENT}, "1.0", True),
    ],
)
def test_only_forms_required_of_new_participants_are_asked_of_them(
    required_for: set[RequiredFor], version: str, current: bool
) -> None:
    forms = [replace(one, required_for=frozenset(required_for)) for one in FORMS]

    assert consent_current([replace(PARENT, version=version)], only(9), UK_CTIMP, forms) is current
    assert not consent_current([replace(PARENT, document="another")], only(9), UK_CTIMP, forms)
    young = Assent(answer=AssentAnswer.GIVEN, document="assent-young", version=version)
    assert assent_current(young, only(9), UK_CTIMP, forms) is current


def test_a_competent_child_who_consents_alone_is_not_asked_to_assent_besides() -> None:
    policy = replace(UK_CTIMP, ctimp=False, competent_minor_may_consent=True)
    alone = replace(OWN, capacity_note="gillick_competent")

    assert not assent_needed(only(13), policy, [alone])
    assert assent_needed(only(13), policy, [PARENT])
    assert assent_needed(only(13), UK_CTIMP, [alone])


@pytest.mark.parametrize(("ages", "counts"), [({15}, False), ({15, 16}, True), ({16}, True), (set(), False)])
def test_an_own_consent_counts_when_it_may_have_been_one_on_the_day(ages: set[int], counts: bool) -> None:
    assert signed_of_age(OWN, frozenset(ages), UK_CTIMP) is counts
    assert signed_of_age(PARENT, frozenset(ages), UK_CTIMP)
