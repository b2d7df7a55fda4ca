"""Every guard of a registration, spoiled one at a time and all together."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.enrolment.domain.cohort_counts import CohortCounts
from services.enrolment.domain.consent import Assent, AssentAnswer, SignerCapacity
from services.enrolment.domain.criteria import Answer
from services.enrolment.domain.eligibility import Judgement
from services.enrolment.domain.guards import refusal_from
from services.enrolment.domain.ids import DecisionId, PartLevel, SiteId
from services.enrolment.domain.levels import DecisionStanding, LevelState
from services.enrolment.domain.protocol_terms import PartTerms
from services.enrolment.domain.recruitment import Cap, SiteStatus, TrialStatus
from services.enrolment.domain.registration import evaluate_guards
from services.enrolment.domain.registration_facts import (
    Circulation,
    IdempotencyUse,
    NumberOwner,
    RegistrationFacts,
)
from services.enrolment.domain.slot_states import Open, RevokeCause
from services.enrolment.domain.slots import expire_slot, freeze_slot, revoke_slot
from tests.enrolment.domain.spoiling import (
    DAY,
    NOW,
    Change,
    answers,
    at,
    codes,
    consent,
    decided,
    halted,
    judged,
    level,
    person,
    policy,
    replace_state,
    screening,
    sign_off,
    slot_after,
    terms,
    trial,
    whole,
)


def test_a_registration_with_everything_in_order_passes_every_guard(ready: RegistrationFacts) -> None:
    results = evaluate_guards(ready, NOW)

    assert [result for result in results if not result.passed] == []
    assert refusal_from(results) is None


def test_results_cover_guards_3_to_24_in_order_with_takers_behind_10_and_judgement_behind_12(
    ready: RegistrationFacts,
) -> None:
    results = evaluate_guards(ready, NOW)

    assert [result.number for result in results] == [*range(3, 11), 10, 11, 12, 12, *range(13, 25)]
    assert (results[8].name, results[11].name) == ("consent_taker", "judgement")
    assert len({result.name for result in results}) == len(results)


LEVEL_3 = PartLevel(part="escalation", level=3)
WRONG_PERSON = ["consent_wrong_person"]
UNDELEGATED = ["consent_not_delegated"]
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
        ["consent_missing"],
    ),
    ("consent taken by nobody delegated", person(consents=(consent(delegated=False),)), UNDELEGATED),
    (
        "only an old consent taken by somebody delegated",
        person(consents=(consent(version="2.0"), consent(delegated=False))),
        UNDELEGATED,
    ),
    (
        "assent recorded by nobody delegated",
        person(assent=Assent(answer=AssentAnswer.GIVEN, document="teenagers", version="3.0")),
        UNDELEGATED,
    ),
    ("old consent", person(consents=(consent(version="2.0"),)), ["consent_version_stale"]),
    (
        "old assent form",
        person(assent=Assent(answer=AssentAnswer.GIVEN, document="teenagers", version="2.0", delegated=True)),
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

    assert len(results) == 24
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
