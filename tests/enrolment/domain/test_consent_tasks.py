from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrolment.domain.age import BirthMonth, LeapDayBirthday
from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    Consent,
    ConsentDocument,
    ConsentPolicy,
    ConsentPurpose,
    RequiredFor,
    SignerCapacity,
)
from services.enrolment.domain.consent_tasks import ConsentStanding, TaskKind, consent_tasks
from services.enrolment.domain.ids import ConsentId
from services.enrolment.domain.participation import Element, Participation
from services.enrolment.domain.person_terms import AdultConsentTerms
from services.enrolment.domain.registration_facts import PersonFacts

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
UK = ConsentPolicy(ctimp=True, country="GB", age_of_consent={"GB": 16}, assent_from_years=6)
PARENT = Consent(
    id=ConsentId("c1"),
    document="parents",
    version="3.0",
    purpose=ConsentPurpose.PARENTAL_CONSENT,
    capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
    signed_at=NOW - timedelta(days=30),
    delegated=True,
    site_number="012",
)
GIVEN = Assent(
    answer=AssentAnswer.GIVEN,
    document="teenagers",
    version="3.0",
    delegated=True,
    site_number="012",
    signed_at=NOW - timedelta(days=30),
)
BOTH = frozenset({RequiredFor.NEW, RequiredFor.ON_TREATMENT})


def form(document: str, purpose: ConsentPurpose, years: range, **fields: Any) -> ConsentDocument:
    return ConsentDocument(
        document=document,
        purpose=purpose,
        from_years=years.start,
        below_years=years.stop,
        **({"version": "4.0", "required_for": BOTH} | fields),
    )


PARENTS = form("parents", ConsentPurpose.PARENTAL_CONSENT, range(0, 16))
ADULTS = form("adults", ConsentPurpose.OWN_CONSENT, range(16, 121))
TEENAGERS = form("teenagers", ConsentPurpose.ASSENT, range(11, 16))


def standing(
    *consents: Consent, forms: tuple[ConsentDocument, ...] = (PARENTS,), born: int = 2013, **fields: Any
) -> ConsentStanding:
    """A child of thirteen on treatment, unless told otherwise."""
    person = PersonFacts(
        born=BirthMonth(year=born, month=1),
        age_statements=(),
        leap_day=LeapDayBirthday.ON_1_MARCH,
        consents=consents or (PARENT,),
        assent=GIVEN,
        eligibility=None,
        judgement=None,
    )
    usual: dict[str, Any] = {
        "person": person,
        "site_number": "012",
        "since": None,
        "policy": UK,
        "terms": AdultConsentTerms(),
        "forms": forms,
        "zone": ZoneInfo("Europe/London"),
        "participation": Participation(),
        "died": False,
        "voided": False,
    }
    return ConsentStanding(**(usual | fields))


def asked(of: ConsentStanding) -> list[str]:
    return [task.document or task.kind.value for task in consent_tasks(of, NOW)]


STOPPED_TREATMENT = Participation(stopped=frozenset({Element.TREATMENT}))
NO_CONTACT = Participation(stopped=frozenset({Element.CONTACT}))


@pytest.mark.parametrize("required", [{one} for one in RequiredFor] + [set(RequiredFor)])
@pytest.mark.parametrize("participation", [Participation(), STOPPED_TREATMENT, NO_CONTACT])
def test_only_those_for_whom_a_form_is_required_are_asked(
    required: set[RequiredFor], participation: Participation
) -> None:
    forms = (replace(PARENTS, required_for=frozenset(required)),)
    phase = {
        Participation(): RequiredFor.ON_TREATMENT,
        STOPPED_TREATMENT: RequiredFor.FOLLOW_UP,
        NO_CONTACT: None,
    }[participation]

    found = asked(standing(forms=forms, participation=participation))

    assert found == (["parents"] if phase in required else [])


@pytest.mark.parametrize("fields", [{"died": True}, {"voided": True}])
def test_nobody_asks_after_the_dead_or_the_voided(fields: dict[str, Any]) -> None:
    assert asked(standing(**fields)) == []


@pytest.mark.parametrize(
    ("consent", "settled"),
    [
        (replace(PARENT, version="4.0"), True),
        (replace(PARENT, version="4.0", delegated=False), False),
        (replace(PARENT, version="4.0", site_number="034"), False),
        (replace(PARENT, version="4.0", capacity=SignerCapacity.PARTICIPANT), False),
        (replace(PARENT, version="4.1"), False),
    ],
)
def test_a_task_is_settled_by_the_right_persons_signature_here(consent: Consent, settled: bool) -> None:
    assert (asked(standing(PARENT, consent)) == []) is settled


def test_where_both_parents_are_asked_both_sign_again() -> None:
    policy = replace(UK, both_parents_required=frozenset({"GB"}))
    first = replace(PARENT, version="4.0")
    second = replace(first, parent=type(first.parent).SECOND)

    assert asked(standing(PARENT, first, policy=policy)) == ["parents"]
    assert asked(standing(PARENT, first, second, policy=policy)) == []


def test_a_new_episode_or_another_site_asks_for_consent_as_of_somebody_new() -> None:
    forms = (replace(PARENTS, version="3.0", required_for=frozenset({RequiredFor.NEW})),)

    assert asked(standing(forms=forms)) == []
    assert asked(standing(forms=forms, since=NOW - timedelta(days=1))) == ["parents"]
    assert asked(standing(forms=forms, site_number="034")) == ["parents"]


def test_a_childs_answer_is_asked_for_again_on_the_new_form_unless_it_was_not_possible() -> None:
    asking = standing(forms=(TEENAGERS,))
    not_possible = replace(GIVEN, answer=AssentAnswer.NOT_CAPABLE, document="", version="")

    assert asked(asking) == ["teenagers"]
    assert asked(replace(asking, person=replace(asking.person, assent=not_possible))) == []
    on_it = replace(GIVEN, version="4.0")
    assert asked(replace(asking, person=replace(asking.person, assent=on_it))) == []


def test_whoever_came_of_age_has_that_task_and_not_the_same_form_twice() -> None:
    grown = standing(forms=(PARENTS, ADULTS, TEENAGERS), born=2010)

    (task,) = consent_tasks(grown, NOW)

    assert (task.kind, task.state, task.due_on) == (
        TaskKind.ADULT_CONSENT,
        "adult_consent_due",
        date(2026, 1, 31),
    )
    own = replace(
        PARENT,
        document="adults",
        purpose=ConsentPurpose.OWN_CONSENT,
        capacity=SignerCapacity.PARTICIPANT,
    )
    assert asked(standing(PARENT, own, forms=(PARENTS, ADULTS), born=2010)) == ["adults"]
    assert asked(standing(PARENT, replace(own, version="4.0"), forms=(PARENTS, ADULTS), born=2010)) == []


@given(st.integers(-40, 40))
def test_the_last_day_still_counts(days: int) -> None:
    due_on = date(2026, 6, 15) + timedelta(days=days)

    (task,) = consent_tasks(standing(forms=(replace(PARENTS, must_reconsent_by=due_on),)), NOW)

    assert (task.due_on, task.overdue) == (due_on, days < 0)
