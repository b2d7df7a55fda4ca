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
    SignerCapacity,
    adult_consent_due,
    assent_current,
    assent_needed,
    assent_obstacle,
    consent_by_right_person,
    consent_current,
    right_person,
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
    unexplained = replace(PARENT, capacity=capacity)

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
