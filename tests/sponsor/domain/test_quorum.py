import pytest

from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.quorum import SigningRules, missing_roles, quorum_possible
from services.sponsor.domain.roles import Role

CHAIR, MONITOR, MEMBER = Role.SRC_CHAIR, Role.MEDICAL_MONITOR, Role.SRC_MEMBER


def held(**people: str) -> dict[Role, frozenset[PersonId]]:
    return {Role(role): frozenset(PersonId(p) for p in names.split()) for role, names in people.items()}


def rules(*roles: Role, minimum: int = 2) -> SigningRules:
    return SigningRules(required_roles=roles, minimum_signers=minimum)


def test_a_role_required_twice_needs_two_signatures() -> None:
    assert missing_roles(rules(MEMBER, MEMBER, CHAIR), [MEMBER]) == (CHAIR, MEMBER)
    assert missing_roles(rules(MEMBER, MEMBER), [MEMBER, MEMBER, CHAIR]) == ()


def test_chair_and_monitor_make_a_quorum() -> None:
    assert quorum_possible(rules(CHAIR, MONITOR), held(src_chair="a", medical_monitor="b"))


def test_one_person_with_both_roles_is_no_quorum() -> None:
    assert not quorum_possible(rules(CHAIR, MONITOR), held(src_chair="a", medical_monitor="a"))


@pytest.mark.parametrize("roles", [(CHAIR, MONITOR), (MONITOR, CHAIR)])
def test_someone_with_two_roles_leaves_one_to_the_person_who_has_only_that(roles: tuple[Role, ...]) -> None:
    assert quorum_possible(rules(*roles), held(src_chair="a b", medical_monitor="a"))


def test_a_role_without_anybody_is_no_quorum() -> None:
    assert not quorum_possible(rules(CHAIR, MONITOR), held(src_chair="a b c"))


def test_required_roles_are_not_enough_when_too_few_people_can_sign() -> None:
    people = held(src_chair="a", medical_monitor="b", site_nurse="c")

    assert not quorum_possible(rules(CHAIR, MONITOR, minimum=3), people)
    assert quorum_possible(rules(CHAIR, MONITOR, minimum=3), {**people, **held(src_member="d")})
