"""Who must sign a dose decision, as the protocol's own data, and whether that is reached or reachable."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.roles import VOTING_ROLES, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRules:
    """Roles that must be among the signatures, and the smallest number of different people.

    `signing_roles` are the roles whose signature counts at all, besides the required ones.
    """

    required_roles: tuple[Role, ...]
    minimum_signers: int
    signing_roles: frozenset[Role] = VOTING_ROLES

    def may_sign(self, role: Role) -> bool:
        return role in self.signing_roles or role in self.required_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a decision still waits for; nothing missing means that it is complete.

    Attributes:
        roles: required roles without a signature.
        signers: further people needed to reach the minimum, whatever their role.
        reason_authors: people whose written reasons the decision rests on and who have not signed.
        quorum: what the meeting lacked; the decision waits for good, another meeting decides anew.
    """

    roles: tuple[Role, ...]
    signers: int
    reason_authors: tuple[PersonId, ...]
    quorum: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        return not self.roles and self.signers <= 0 and not self.reason_authors and not self.quorum


def missing_roles(rules: SigningRules, signed: Collection[Role]) -> tuple[Role, ...]:
    """Required roles that no signature covers; one signature covers one role once."""
    return tuple(sorted((Counter(rules.required_roles) - Counter(signed)).elements()))


def quorum_possible(rules: SigningRules, holders: Mapping[Role, frozenset[PersonId]]) -> bool:
    """Whether the people who hold roles now could complete a decision, each signing once.

    A person with two required roles can fill only one of them.
    """
    filled: dict[PersonId, int] = {}
    for place in range(len(rules.required_roles)):
        if not _seat(rules.required_roles, holders, filled, place, set()):
            return False
    people = {person for role, held in holders.items() if rules.may_sign(role) for person in held}
    return len(people) >= rules.minimum_signers


def _seat(
    roles: tuple[Role, ...],
    holders: Mapping[Role, frozenset[PersonId]],
    filled: dict[PersonId, int],
    place: int,
    tried: set[PersonId],
) -> bool:
    """Find a person for one required role, moving others to their other roles where that helps."""
    for person in sorted(holders.get(roles[place], frozenset()) - tried):
        tried.add(person)
        if person not in filled or _seat(roles, holders, filled, filled[person], tried):
            filled[person] = place
            return True
    return False
