from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.sponsor.domain.delegation import (
    Delegation,
    decide_delegation,
    decide_end,
    holders,
    roles_in_force,
    trial_roles_in_force,
)
from services.sponsor.domain.ids import DelegationId, PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.roles import Role

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 6, 1, tzinfo=UTC)
TRIAL, ANNA, SITE = TrialId("t1"), PersonId("anna"), SiteId("s1")
NURSE = Delegation(
    id=DelegationId("g1"),
    trial_id=TRIAL,
    person_id=ANNA,
    role=Role.SITE_NURSE,
    site_id=SITE,
    starts_at=START,
    ends_at=END,
)
UNBLINDED = replace(
    NURSE, id=DelegationId("g2"), role=Role.PHARMACIST, unblinded=True, starts_at=END, ends_at=None
)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "held"), [(START - INSTANT, False), (START, True), (END - INSTANT, True), (END, False)]
)
def test_a_role_is_held_from_its_start_until_just_before_its_end(at: datetime, held: bool) -> None:
    assert NURSE.in_force(at) is held
    assert (roles_in_force([NURSE], TRIAL, ANNA, SITE, at) == {Role.SITE_NURSE}) is held


def test_a_role_is_held_for_its_person_trial_and_site_only() -> None:
    assert roles_in_force([NURSE], TrialId("t2"), ANNA, SITE, START) == frozenset()
    assert roles_in_force([NURSE], TRIAL, PersonId("ben"), SITE, START) == frozenset()
    assert roles_in_force([NURSE], TRIAL, ANNA, SiteId("s2"), START) == frozenset()


def test_a_role_for_every_site_is_held_at_each() -> None:
    monitor = Delegation(
        id=DelegationId("g3"), trial_id=TRIAL, person_id=ANNA, role=Role.MEDICAL_MONITOR, starts_at=START
    )

    assert roles_in_force([monitor, NURSE], TRIAL, ANNA, SiteId("s9"), START) == {Role.MEDICAL_MONITOR}
    assert trial_roles_in_force([monitor, NURSE], TRIAL, ANNA, START) == {
        Role.MEDICAL_MONITOR,
        Role.SITE_NURSE,
    }
    assert holders([monitor, NURSE], TRIAL, END) == {Role.MEDICAL_MONITOR: frozenset({ANNA})}


def refused_code(proposed: Delegation, *existing: Delegation) -> str:
    with pytest.raises(Refused) as refusal:
        decide_delegation(proposed, existing)
    return refusal.value.code


@pytest.mark.parametrize(
    "role", [Role.SITE_INVESTIGATOR, Role.SITE_NURSE, Role.SAFETY_OFFICER, Role.MEDICAL_MONITOR]
)
def test_an_unblinded_person_does_not_consent_treat_or_assess(role: Role) -> None:
    unblinded = replace(UNBLINDED, starts_at=START)
    acting = replace(NURSE, role=role)

    assert refused_code(acting, unblinded) == "unblinded_role_conflict"
    assert refused_code(unblinded, acting) == "unblinded_role_conflict"
    assert refused_code(replace(acting, unblinded=True)) == "unblinded_role_conflict"


def test_the_unblinded_statistician_is_unblinded_by_role() -> None:
    statistician = replace(UNBLINDED, role=Role.UNBLINDED_STATISTICIAN, unblinded=False, starts_at=START)

    assert refused_code(NURSE, statistician) == "unblinded_role_conflict"


def test_what_was_seen_stays_known_after_the_unblinded_role_has_ended() -> None:
    seen = replace(UNBLINDED, starts_at=START, ends_at=START + timedelta(days=1))
    later = replace(NURSE, starts_at=END, ends_at=None)

    assert refused_code(later, seen) == "unblinded_role_conflict"


def test_someone_whose_treating_role_has_ended_may_become_unblinded() -> None:
    assert decide_delegation(UNBLINDED, [NURSE]) == UNBLINDED
    assert refused_code(replace(UNBLINDED, starts_at=END - INSTANT), NURSE) == "unblinded_role_conflict"


def test_an_unblinded_pharmacist_may_be_unblinded_and_treat_in_another_trial() -> None:
    unblinded = replace(UNBLINDED, starts_at=START)
    elsewhere = replace(NURSE, trial_id=TrialId("t2"))
    someone_else = replace(NURSE, person_id=PersonId("ben"))

    assert decide_delegation(unblinded, [elsewhere, someone_else]) == unblinded


def test_an_unblinded_role_that_never_began_blocks_nothing() -> None:
    never = decide_end(UNBLINDED, "Not needed.", START)

    assert never.ends_at == never.starts_at
    assert decide_delegation(replace(NURSE, ends_at=None), [never])


def test_a_delegation_ends_at_once_with_a_reason_and_only_once() -> None:
    now = START + timedelta(days=3)

    ended = decide_end(NURSE, "Left the hospital.", now)

    assert not ended.in_force(now)
    assert ended.in_force(now - INSTANT)
    with pytest.raises(Refused) as again:
        decide_end(ended, "Again.", now)
    with pytest.raises(Refused) as silent:
        decide_end(NURSE, " ", now)
    assert (again.value.code, silent.value.code) == ("delegation_ended", "reason_required")


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    assert refused_code(replace(NURSE, ends_at=START)) == "delegation_period_invalid"
