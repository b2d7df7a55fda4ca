"""Delegation: who holds which role in a trial, where and when. It is the source of every site grant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from services.sponsor.domain.ids import DelegationId, PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused, require_reason
from services.sponsor.domain.roles import ALWAYS_UNBLINDED, CONSENT_TREAT_OR_ASSESS, Role

EVERY_SITE = SiteId("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """One role of one person in one trial, from `starts_at` inclusive to `ends_at` exclusive.

    Attributes:
        site_id: the site, or EVERY_SITE.
        unblinded: the person sees treatment allocation.
        ends_at: None while no end is set.
        ended_because: empty unless the delegation was ended by a person.
    """

    id: DelegationId
    trial_id: TrialId
    person_id: PersonId
    role: Role
    site_id: SiteId = EVERY_SITE
    unblinded: bool = False
    starts_at: datetime
    ends_at: datetime | None = None
    ended_because: str = ""

    @property
    def sees_allocation(self) -> bool:
        return self.unblinded or self.role in ALWAYS_UNBLINDED

    def in_force(self, at: datetime) -> bool:
        """Whether the role is held at this instant."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


def roles_in_force(
    delegations: Iterable[Delegation], trial_id: TrialId, person_id: PersonId, site_id: SiteId, at: datetime
) -> frozenset[Role]:
    """Roles of a person at a site of a trial at an instant, those held for every site included."""
    return frozenset(
        delegation.role
        for delegation in delegations
        if delegation.trial_id == trial_id
        and delegation.person_id == person_id
        and delegation.site_id in (EVERY_SITE, site_id)
        and delegation.in_force(at)
    )


def trial_roles_in_force(
    delegations: Iterable[Delegation], trial_id: TrialId, person_id: PersonId, at: datetime
) -> frozenset[Role]:
    """Roles that a person holds anywhere in the trial at an instant; what a committee signature asks for."""
    return frozenset(
        role for role, people in holders(delegations, trial_id, at).items() if person_id in people
    )


def holders(
    delegations: Iterable[Delegation], trial_id: TrialId, at: datetime
) -> Mapping[Role, frozenset[PersonId]]:
    """Everyone who holds a role in the trial at an instant, at any site, by role."""
    held: dict[Role, set[PersonId]] = {}
    for delegation in delegations:
        if delegation.trial_id == trial_id and delegation.in_force(at):
            held.setdefault(delegation.role, set()).add(delegation.person_id)
    return MappingProxyType({role: frozenset(people) for role, people in held.items()})


def decide_delegation(proposed: Delegation, existing: Iterable[Delegation]) -> Delegation:
    """The delegation, when it keeps blinded and unblinded people apart.

    What an unblinded person has seen stays known: afterwards this person may not consent, treat or assess in
    the trial, not even after the unblinded role has ended. The other order is allowed once the role that
    consents, treats or assesses has ended.

    Raises:
        Refused: `delegation_period_invalid`; `unblinded_role_conflict` naming the other delegation.
    """
    if proposed.ends_at is not None and proposed.ends_at <= proposed.starts_at:
        raise Refused("delegation_period_invalid", "The end is not after the start.")
    if proposed.sees_allocation and proposed.role in CONSENT_TREAT_OR_ASSESS:
        raise Refused("unblinded_role_conflict", f"{proposed.role} cannot be held unblinded.")
    for other in existing:
        same_person = (other.trial_id, other.person_id) == (proposed.trial_id, proposed.person_id)
        if same_person and (_breaks_blinding(other, proposed) or _breaks_blinding(proposed, other)):
            raise Refused(
                "unblinded_role_conflict",
                f"This person also holds {other.role} in the trial.",
                delegation_id=other.id,
                role=other.role.value,
            )
    return proposed


def _breaks_blinding(seeing: Delegation, acting: Delegation) -> bool:
    """Whether `acting` is still held after `seeing` has begun."""
    if not seeing.sees_allocation or acting.role not in CONSENT_TREAT_OR_ASSESS:
        return False
    never_began = seeing.ends_at is not None and seeing.ends_at <= seeing.starts_at
    return not never_began and (acting.ends_at is None or acting.ends_at > seeing.starts_at)


def decide_end(delegation: Delegation, reason: str, at: datetime) -> Delegation:
    """The delegation ended at this instant; one that had not begun yet never comes into force.

    Raises:
        Refused: `delegation_ended`, `reason_required`.
    """
    if delegation.ends_at is not None and delegation.ends_at <= at:
        raise Refused("delegation_ended", "The delegation ended earlier.", ends_at=delegation.ends_at)
    return replace(delegation, ends_at=max(at, delegation.starts_at), ended_because=require_reason(reason))
