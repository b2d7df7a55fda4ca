"""Registrations that the acceptance stories tell: halts, stagger, consent, age, those in screening."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.enrolment.domain.age import AgeStatement, BirthMonth
from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    AssentDecision,
    ConsentDocument,
    ConsentPurpose,
)
from services.enrolment.domain.guards import GuardResult, refusal_from
from services.enrolment.domain.ids import ParticipantId, PersonId, SiteId
from services.enrolment.domain.recruitment import AtTarget, TargetPolicy, TrialStatus
from services.enrolment.domain.registration import evaluate_guards
from services.enrolment.domain.registration_facts import Circulation, RegistrationFacts
from services.enrolment.domain.signature import Signature
from services.enrolment.domain.slots import freeze_slot
from services.enrolment.domain.stagger import AtLevel, EnforceAt, StaggerPolicy
from tests.enrolment.domain.spoiling import (
    DAY,
    NOW,
    OWN,
    at,
    codes,
    consent,
    halted,
    person,
    sign_off,
    sixteen_today,
    slot_after,
    terms,
    trial,
    whole,
)


def test_a4_halt_between_sign_off_and_registration_is_named(ready: RegistrationFacts) -> None:
    frozen = slot_after(freeze_slot, "halt:halt-7", NOW)(halted()(ready))

    results = evaluate_guards(frozen, NOW)
    refusal = refusal_from(results)

    assert refusal is not None
    assert refusal.code == "trial_halted"
    assert "halt-7" in refusal.detail
    assert codes(frozen) == ["trial_halted", "slot_frozen"]


def test_a4_paused_trial_with_its_halt_says_halted(ready: RegistrationFacts) -> None:
    assert codes(trial(status=TrialStatus.PAUSED)(halted()(ready))) == ["trial_halted"]


def test_a5_halt_at_site_b_and_halt_of_dosing_leave_site_a_registering(ready: RegistrationFacts) -> None:
    assert codes(halted(site_id=SiteId("site-b"))(ready)) == []
    assert codes(halted(recruitment=False, dosing=True)(ready)) == []


def test_a8_full_table_says_whether_a_further_child_may_come(ready: RegistrationFacts) -> None:
    assert codes(at(counts=CohortCounts(n=2, dlt=0, pending=1))(ready)) == []
    assert codes(at(counts=CohortCounts(n=2, dlt=0, pending=0))(ready)) == ["cohort_hold"]


@pytest.mark.parametrize(
    ("enforce_at", "expected"),
    [(EnforceAt.REGISTRATION, ["stagger_not_elapsed"]), (EnforceAt.DOSING, [])],
)
def test_a10_second_registration_on_day_3_of_7_follows_the_policy(
    ready: RegistrationFacts, enforce_at: EnforceAt, expected: list[str]
) -> None:
    first = AtLevel(
        participant_id=ParticipantId("p1"), registered_at=NOW - 4 * DAY, first_dose_at=NOW - 3 * DAY
    )
    policy = StaggerPolicy(sentinel_n=1, interval_after_sentinel_hours=7 * 24, enforce_at=enforce_at)
    facts = at(stagger=policy, others_at_level=(first,))(ready)

    stagger = next(result for result in evaluate_guards(facts, NOW) if result.name == "stagger")

    assert codes(facts) == expected
    assert stagger.inputs["earliest_dosing"] == (NOW + 4 * DAY).isoformat()


def test_a10_registration_waits_for_the_sentinel_where_the_policy_says_so(ready: RegistrationFacts) -> None:
    first = AtLevel(participant_id=ParticipantId("p1"), registered_at=NOW - DAY)
    policy = StaggerPolicy(sentinel_n=1, interval_after_sentinel_hours=168, enforce_at=EnforceAt.REGISTRATION)

    assert codes(at(stagger=policy, others_at_level=(first,))(ready)) == ["sentinel_not_dosed"]


def test_a11_consent_on_v3_is_stale_from_the_day_v4_binds_the_site(ready: RegistrationFacts) -> None:
    version_3 = ready.trial.versions[0]
    documents = tuple(replace(document, version="4.0") for document in version_3.consent_documents)
    version_4 = replace(version_3, version="4.0", effective_at=NOW - DAY, consent_documents=documents)
    moved = trial(versions=(version_3, version_4), green_lit=frozenset({"3.0", "4.0"}))(ready)

    assert codes(moved, NOW - 2 * DAY + timedelta(hours=1)) == []
    assert codes(moved) == ["consent_version_stale"]

    renewed = person(
        consents=(*moved.person.consents, consent(version="4.0")),
        assent=replace(moved.person.assent, version="4.0"),
    )(moved)
    assert codes(renewed) == []


def test_a12_sixteen_since_midnight_needs_own_consent(ready: RegistrationFacts) -> None:
    turned = sixteen_today(ready)

    assert codes(turned) == ["consent_wrong_person"]
    assert codes(person(consents=(*turned.person.consents, consent(**OWN)))(turned)) == []


def test_a12_last_day_of_fifteen_still_goes_with_the_parents_consent(ready: RegistrationFacts) -> None:
    yesterday = NOW - DAY
    stated = AgeStatement(
        age_years=15,
        on=date(2026, 6, 14),
        signature=Signature(signed_by=PersonId("nurse"), signed_at=yesterday, delegated=True),
    )
    fifteen = person(born=BirthMonth(year=2010, month=6), age_statements=(stated,))(ready)

    assert codes(fifteen, yesterday) == []
    # The same statement a day later no longer says how old the child is.
    assert codes(fifteen, NOW) == ["consent_wrong_person"]


def test_a12_age_is_that_of_the_sites_own_date(ready: RegistrationFacts) -> None:
    just_after_local_midnight = datetime(2026, 6, 14, 23, 30, tzinfo=UTC)

    assert codes(sixteen_today(ready), just_after_local_midnight) == ["consent_wrong_person"]


def test_a13_child_alone_opens_no_medicines_trial_and_another_trial_only_with_a_note(
    ready: RegistrationFacts,
) -> None:
    form = ConsentDocument(
        document="competent", version="3.0", purpose=ConsentPurpose.OWN_CONSENT, from_years=12, below_years=16
    )
    documents = (*ready.trial.versions[0].consent_documents, form)
    alone = consent(**OWN | {"document": "competent"})
    facts = person(consents=(alone,))(terms(consent_documents=documents)(ready))
    other_trial = whole(
        consent_policy=replace(ready.consent_policy, ctimp=False, competent_minor_may_consent=True)
    )(facts)

    assert codes(facts) == ["consent_wrong_person"]
    assert codes(other_trial) == ["consent_wrong_person"]
    assert codes(person(consents=(replace(alone, capacity_note="competent"),))(other_trial)) == []
    assert codes(person(consents=(replace(alone, capacity_note="competent"),))(facts)) == [
        "consent_wrong_person"
    ]


def test_a14_refused_assent_waits_for_a_reasoned_signed_decision(ready: RegistrationFacts) -> None:
    signed = Signature(signed_by=PersonId("investigator"), signed_at=NOW, delegated=True)
    refused = Assent(answer=AssentAnswer.REFUSED, delegated=True)
    unreasoned = replace(refused, decision=AssentDecision(reason=" ", signature=signed))
    undelegated = replace(
        refused, decision=AssentDecision(reason="understood", signature=replace(signed, delegated=False))
    )
    decided_on = replace(refused, decision=AssentDecision(reason="discussed twice", signature=signed))

    for assent in (refused, unreasoned, undelegated):
        assert codes(person(assent=assent)(ready)) == ["assent_decision_required"]
    assert codes(person(assent=decided_on)(ready)) == []


def assent_result(facts: RegistrationFacts) -> GuardResult:
    return next(result for result in evaluate_guards(facts, NOW) if result.name == "assent")


def test_a14_refusal_and_decision_both_stay_in_the_result(ready: RegistrationFacts) -> None:
    signed = Signature(signed_by=PersonId("investigator"), signed_at=NOW, delegated=True)
    decision = AssentDecision(reason="discussed twice", signature=signed)
    facts = person(assent=Assent(answer=AssentAnswer.REFUSED, decision=decision))(ready)

    assert dict(assent_result(facts).inputs) == {"answer": "refused", "needed": True, "decided": True}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (TargetPolicy(), ["target_reached"]),
        (TargetPolicy(at_target=AtTarget.ALLOW), []),
        (TargetPolicy(at_target=AtTarget.ALLOW_UNTIL, until=date(2026, 6, 15)), []),
        (TargetPolicy(at_target=AtTarget.ALLOW_UNTIL, until=date(2026, 6, 14)), ["target_reached"]),
    ],
)
def test_a19_those_in_screening_at_target_follow_the_declared_policy(
    ready: RegistrationFacts, policy: TargetPolicy, expected: list[str]
) -> None:
    assert codes(at(registered_in_part=20, target_policy=policy)(ready)) == expected


def test_circulation_does_not_matter_where_the_trial_switched_it_off(ready: RegistrationFacts) -> None:
    assert codes(at(circulation=Circulation(required=False, received=False))(ready)) == []


def test_an_unconfirmed_dlt_holds_a_cohort_that_would_go_on(ready: RegistrationFacts) -> None:
    assert codes(at(counts=CohortCounts(n=2, dlt=0, pending=1, provisional=1))(ready)) == ["cohort_hold"]


def test_a_claimed_time_within_five_minutes_is_a_clock_difference(ready: RegistrationFacts) -> None:
    assert codes(whole(claimed_times={"signed_at": NOW + timedelta(minutes=5)})(ready)) == []
    assert codes(whole(claimed_times={"signed_at": NOW + timedelta(minutes=5, seconds=1)})(ready)) == [
        "time_in_future"
    ]


def test_sign_off_is_valid_through_the_last_local_day(ready: RegistrationFacts) -> None:
    assert codes(sign_off(signed_at=NOW - 7 * DAY - timedelta(hours=11))(ready)) == []
    assert codes(sign_off(signed_at=NOW - 7 * DAY - timedelta(hours=14))(ready)) == ["eligibility_expired"]


def test_an_age_that_may_be_over_the_limit_is_out_of_range(ready: RegistrationFacts) -> None:
    unclear = person(born=BirthMonth(year=2008, month=6), age_statements=(), consents=(consent(**OWN),))(
        ready
    )

    assert codes(unclear) == ["age_out_of_range"]


def test_statements_of_age_that_contradict_each_other_let_nobody_in(ready: RegistrationFacts) -> None:
    (thirteen,) = ready.person.age_statements
    contradicting = person(age_statements=(thirteen, replace(thirteen, age_years=12)))(ready)

    assert codes(contradicting) == ["consent_version_stale", "consent_wrong_person", "age_out_of_range"]
