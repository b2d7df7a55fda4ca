from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.enrolment.domain.age import AgeStatement, BirthMonth
from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.consent import (
    Assent,
    AssentAnswer,
    AssentDecision,
    Consent,
    ConsentDocument,
    ConsentPurpose,
    SignerCapacity,
)
from services.enrolment.domain.eligibility import Answer, Judgement
from services.enrolment.domain.guards import GuardResult, refusal_from
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import (
    ConsentId,
    DecisionId,
    HaltId,
    ParticipantId,
    PartLevel,
    PersonId,
    ScreeningId,
    SiteId,
)
from services.enrolment.domain.levels import DecisionStanding, LevelState
from services.enrolment.domain.protocol_terms import PartTerms
from services.enrolment.domain.recruitment import AtTarget, Cap, SiteStatus, TargetPolicy, TrialStatus
from services.enrolment.domain.registration import evaluate_guards
from services.enrolment.domain.registration_facts import (
    Circulation,
    IdempotencyUse,
    NumberOwner,
    RegistrationFacts,
)
from services.enrolment.domain.signature import Signature
from services.enrolment.domain.slot_states import Open, Reserved, RevokeCause, Slot
from services.enrolment.domain.slots import expire_slot, freeze_slot, revoke_slot
from services.enrolment.domain.stagger import AtLevel, EnforceAt, StaggerPolicy

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Change = Callable[[RegistrationFacts], RegistrationFacts]


def trial(**fields: Any) -> Change:
    return lambda facts: replace(facts, trial=replace(facts.trial, **fields))


def person(**fields: Any) -> Change:
    return lambda facts: replace(facts, person=replace(facts.person, **fields))


def at(**fields: Any) -> Change:
    return lambda facts: replace(facts, at=replace(facts.at, **fields))


def whole(**fields: Any) -> Change:
    return lambda facts: replace(facts, **fields)


def terms(**fields: Any) -> Change:
    return lambda facts: trial(versions=(replace(facts.trial.versions[0], **fields),))(facts)


def halted(**scope: Any) -> Change:
    stops = {"recruitment": True, "dosing": False} | scope
    return trial(halts=(Halt(id=HaltId("halt-7"), scope=HaltScope(**stops), effective_at=NOW - DAY),))


def codes(facts: RegistrationFacts, now: datetime = NOW) -> list[str]:
    return [result.code for result in evaluate_guards(facts, now) if not result.passed]


def consent(**fields: Any) -> Consent:
    plain = Consent(
        id=ConsentId("c2"),
        document="parents",
        version="3.0",
        purpose=ConsentPurpose.PARENTAL_CONSENT,
        capacity=SignerCapacity.PARENTAL_RESPONSIBILITY,
        signed_at=NOW - DAY,
    )
    return replace(plain, **fields)


OWN = {
    "document": "young-adults",
    "purpose": ConsentPurpose.OWN_CONSENT,
    "capacity": SignerCapacity.PARTICIPANT,
}


def sixteen_today(facts: RegistrationFacts) -> RegistrationFacts:
    stated = AgeStatement(
        age_years=16,
        on=date(2026, 6, 15),
        signature=Signature(signed_by=PersonId("nurse"), signed_at=NOW, delegated=True),
    )
    return person(born=BirthMonth(year=2010, month=6), age_statements=(stated,))(facts)


def test_a_registration_with_everything_in_order_passes_every_guard(ready: RegistrationFacts) -> None:
    results = evaluate_guards(ready, NOW)

    assert [result for result in results if not result.passed] == []
    assert refusal_from(results) is None


def test_results_cover_guards_3_to_24_in_order_with_the_judgement_behind_12(ready: RegistrationFacts) -> None:
    results = evaluate_guards(ready, NOW)

    assert [result.number for result in results] == [*range(3, 13), 12, *range(13, 25)]
    assert results[10].name == "judgement"
    assert len({result.name for result in results}) == len(results)


def answers(**changed: Answer) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        if facts.person.eligibility is None:
            return facts
        met = {"inc-1": Answer.MET, "exc-1": Answer.MET}
        given = met | {name.replace("_", "-"): answer for name, answer in changed.items()}
        return person(eligibility=replace(facts.person.eligibility, answers=given))(facts)

    return change


def sign_off(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        eligibility = facts.person.eligibility
        if eligibility is None or eligibility.signature is None:
            return facts
        return person(eligibility=replace(eligibility, signature=replace(eligibility.signature, **fields)))(
            facts
        )

    return change


def judged(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        judgement = facts.person.judgement
        return facts if judgement is None else person(judgement=replace(judgement, **fields))(facts)

    return change


def decided(**fields: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        decision = facts.at.decision
        return facts if decision is None else at(decision=replace(decision, **fields))(facts)

    return change


def level(**fields: Any) -> Change:
    return lambda facts: at(level=replace(facts.at.level, **fields))(facts)


def policy(**fields: Any) -> Change:
    return lambda facts: whole(consent_policy=replace(facts.consent_policy, **fields))(facts)


def screening(name: str) -> Change:
    return lambda facts: whole(holder=replace(facts.holder, screening_id=ScreeningId(name)))(facts)


def replace_state(slot: Slot, state: Open) -> Slot:
    return replace(slot, state=state)


def slot_after(act: Callable[..., Slot], *args: Any) -> Change:
    def change(facts: RegistrationFacts) -> RegistrationFacts:
        slot = facts.at.slot
        still_reserved = slot is not None and isinstance(slot.state, Reserved)
        return at(slot=act(slot, *args))(facts) if still_reserved else facts

    return change


LEVEL_3 = PartLevel(part="escalation", level=3)
WRONG_PERSON = ["consent_wrong_person"]
INCOMPLETE = ["eligibility_incomplete"]
NO_DECISION = ["no_signed_decision"]
BY_CHILD = consent(capacity=SignerCapacity.PARTICIPANT)
UNASKED = Assent(answer=AssentAnswer.NOT_RECORDED)
NOT_RECEIVED = Circulation(required=True, received=False)

SPOILED: list[tuple[str, Change, list[str]]] = [
    ("closed trial", trial(status=TrialStatus.CLOSED_TO_RECRUITMENT), ["trial_not_open"]),
    ("trial in setup", trial(status=TrialStatus.SETUP), ["trial_not_open"]),
    ("pause without a halt", trial(status=TrialStatus.PAUSED), ["trial_not_open"]),
    ("halt of everything", halted(), ["trial_halted"]),
    ("halt of the level", halted(part="escalation", level=2), ["trial_halted"]),
    ("halt here", halted(site_id=SiteId("site-a")), ["site_halted"]),
    ("suspended site", trial(site_status=SiteStatus.SUSPENDED), ["site_suspended"]),
    ("closed site", trial(site_status=SiteStatus.CLOSED), ["site_not_activated"]),
    ("site in setup", trial(site_status=SiteStatus.SETUP), ["site_not_activated"]),
    (
        "no green light for any version",
        trial(green_lit=frozenset()),
        ["site_not_activated", "consent_version_stale", "eligibility_incomplete", "age_out_of_range"],
    ),
    (
        "the version lacks the part",
        terms(parts={"expansion": PartTerms(age_from=1, age_below=18)}),
        ["site_not_activated", "age_out_of_range"],
    ),
    ("version ended", terms(sunset_at=NOW), ["version_sunset"]),
    (
        "no consent",
        person(consents=()),
        ["consent_missing", "consent_version_stale", "consent_wrong_person"],
    ),
    ("old consent", person(consents=(consent(version="2.0"),)), ["consent_version_stale"]),
    (
        "old assent form",
        person(assent=Assent(answer=AssentAnswer.GIVEN, document="teenagers", version="2.0")),
        ["consent_version_stale"],
    ),
    ("child signs the parents' form", person(consents=(BY_CHILD,)), WRONG_PERSON),
    ("country without an age of consent", policy(country="XX"), WRONG_PERSON),
    ("assent not recorded", person(assent=UNASKED), ["assent_decision_required"]),
    ("eligibility missing", person(eligibility=None), ["eligibility_incomplete"]),
    ("criterion not met", answers(exc_1=Answer.NOT_MET), ["eligibility_incomplete"]),
    ("criterion unknown", answers(exc_1=Answer.UNKNOWN), ["eligibility_incomplete"]),
    ("criteria of another version", terms(eligibility_version="3.1"), ["eligibility_incomplete"]),
    ("a further criterion", terms(criteria=frozenset({"inc-1", "exc-1", "exc-2"})), INCOMPLETE),
    ("signed by nobody delegated", sign_off(delegated=False), ["eligibility_unsigned"]),
    ("signed eight days ago", sign_off(signed_at=NOW - 8 * DAY), ["eligibility_expired"]),
    ("judgement missing", person(judgement=None), ["judgement_missing"]),
    ("judged against it", judged(judgement=Judgement.NOT_IN_INTERESTS), ["judgement_missing"]),
    ("judged by a nurse", judged(by_investigator=False), ["judgement_missing"]),
    ("too young", terms(parts={"escalation": PartTerms(age_from=14, age_below=18)}), ["age_out_of_range"]),
    ("too old", terms(parts={"escalation": PartTerms(age_from=1, age_below=13)}), ["age_out_of_range"]),
    ("possible duplicate", person(unresolved_duplicates=1), ["possible_duplicate"]),
    ("target met", at(registered_in_part=20), ["target_reached"]),
    ("cap met", at(caps=(Cap(name="site", limit=3, registered=3),)), ["cap_reached"]),
    ("level locked", level(state=LevelState.LOCKED), ["dose_level_closed"]),
    ("level closed", level(state=LevelState.CLOSED), ["dose_level_closed"]),
    ("another level", whole(place=LEVEL_3), ["dose_level_closed", *NO_DECISION, "slot_required"]),
    ("no decision", at(decision=None), ["no_signed_decision", "cohort_hold"]),
    ("level lost its decision", level(opened_by=None), NO_DECISION),
    ("another decision", decided(id=DecisionId("decision-0")), ["no_signed_decision"]),
    ("one signature only", decided(standing=DecisionStanding.FIRST_SIGNATURE), ["no_signed_decision"]),
    ("not quorate", decided(quorate=False), ["no_signed_decision"]),
    ("signed later than now", decided(signed_at=NOW), ["no_signed_decision"]),
    ("superseded", decided(standing=DecisionStanding.SUPERSEDED), ["decision_superseded"]),
    ("withdrawn", decided(standing=DecisionStanding.WITHDRAWN), ["decision_superseded"]),
    ("followed", decided(standing=DecisionStanding.FOLLOWED), ["decision_superseded"]),
    ("not acknowledged", at(circulation=NOT_RECEIVED), ["decision_not_received_at_site"]),
    ("outside the table", at(counts=CohortCounts(n=3, dlt=0, pending=2)), ["cohort_hold"]),
    ("held by the sponsor", level(held_by=frozenset({"hold-1"})), ["cohort_hold"]),
    ("no slot", at(slot=None), ["slot_required"]),
    ("slot of nobody", slot_after(replace_state, Open()), ["slot_required"]),
    ("slot of another screening", screening("s9"), ["slot_required"]),
    ("slot lapsed", slot_after(expire_slot, NOW + 5 * DAY), ["slot_expired"]),
    ("slot revoked", slot_after(revoke_slot, RevokeCause.LEVEL_CLOSED, "second DLT", NOW), ["slot_revoked"]),
    ("slot frozen", slot_after(freeze_slot, "decision:d1", NOW), ["slot_frozen"]),
    ("wrong check digit", whole(screening_number="S-012-0079"), ["pseudonym_invalid"]),
    ("typed pseudonym", whole(screening_number="KIM-7"), ["pseudonym_invalid"]),
    ("another site's number", whole(number_owner=NumberOwner.NOT_THIS_SITE), ["not_found"]),
    ("consent signed tomorrow", whole(claimed_times={"consent_signed_at": NOW + DAY}), ["time_in_future"]),
    ("changed meanwhile", whole(version_now=5), ["version_conflict"]),
    ("key used before", whole(idempotency=IdempotencyUse.OTHER_BODY), ["idempotency_mismatch"]),
]


@pytest.mark.parametrize(("spoil", "expected"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_one_spoiled_fact_gives_its_refusal(
    ready: RegistrationFacts, spoil: Change, expected: list[str]
) -> None:
    assert codes(spoil(ready)) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(picked=st.lists(st.sampled_from(SPOILED), min_size=2, max_size=4))
def test_every_failing_guard_is_listed_and_the_first_gives_the_code(
    ready: RegistrationFacts, picked: list[tuple[str, Change, list[str]]]
) -> None:
    facts = ready
    for _, spoil, _ in picked:
        facts = spoil(facts)

    results = evaluate_guards(facts, NOW)
    failing = [result for result in results if not result.passed]
    refusal = refusal_from(results)

    assert len(results) == 23
    if failing:
        assert refusal is not None
        assert refusal.code == failing[0].code
        assert [row["code"] for row in refusal.facts["guards"]] == [it.code for it in failing]  # type: ignore[attr-defined]
        assert [it.number for it in failing] == sorted(it.number for it in failing)


def test_inputs_of_results_are_plain_values_without_personal_data(ready: RegistrationFacts) -> None:
    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        return isinstance(value, str | int | bool | None) or (
            isinstance(value, list) and all(plain(item) for item in value)
        )

    results = evaluate_guards(ready, NOW)
    everything = repr([dict(result.inputs) for result in results])

    assert all(plain(value) for result in results for value in result.inputs.values())
    assert not [word for word in ("2013", "investigator", "birth", "age_years") if word in everything]


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
    refused = Assent(answer=AssentAnswer.REFUSED)
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
