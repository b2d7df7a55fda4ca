"""A committee's charter: who sits on it in which seat and for how long, and what makes a quorum, as data."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from services.sponsor.domain.canonical import Json, sha256_of, utc_text
from services.sponsor.domain.electronic_signature import Signature
from services.sponsor.domain.ids import PersonId, TrialId
from services.sponsor.domain.refusals import Refused, require_reason
from services.sponsor.domain.roles import Role


class Seat(StrEnum):
    CHAIR = "chair"
    DEPUTY_CHAIR = "deputy_chair"
    MEDICAL_MONITOR = "medical_monitor"
    STATISTICIAN = "statistician"
    INVESTIGATOR = "investigator"
    MEMBER = "member"


ROLE_OF_SEAT: Mapping[Seat, Role] = MappingProxyType(
    {
        Seat.CHAIR: Role.SRC_CHAIR,
        Seat.DEPUTY_CHAIR: Role.SRC_CHAIR,
        Seat.MEDICAL_MONITOR: Role.MEDICAL_MONITOR,
        Seat.STATISTICIAN: Role.TRIAL_STATISTICIAN,
        Seat.INVESTIGATOR: Role.SITE_INVESTIGATOR,
        Seat.MEMBER: Role.SRC_MEMBER,
    }
)
"""The role of the delegation log that goes with each seat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One seat of one person, from `from_at` inclusive to `until_at` exclusive; None: no end is set."""

    person_id: PersonId
    seat: Seat
    from_at: datetime
    until_at: datetime | None = None

    def in_term(self, at: datetime) -> bool:
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumRule:
    """Fewest voters, and groups of seats of each of which at least one must vote."""

    minimum_voters: int
    required: tuple[tuple[Seat, ...], ...]

    def missing(self, seats: Sequence[Seat], voters: int) -> tuple[str, ...]:
        """What so many voters lack who fill these seats: `statistician`, `chair or deputy_chair`, `1 voter` ..."""
        lacking = [
            " or ".join(seat.value for seat in group)
            for group in self.required
            if not set(group) & set(seats)
        ]
        few = self.minimum_voters - voters
        if few > 0:
            lacking.append(f"{few} voter{'' if few == 1 else 's'}")
        return tuple(lacking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """One version of a committee's charter; `n` counts the versions of a trial from 1 without gaps.

    Attributes:
        words: what the charter says besides members and quorum, such as how often the committee meets.
        in_force_at: when its last signature was given; None before.
    """

    id: str
    trial_id: TrialId
    n: int
    members: tuple[Member, ...]
    quorum: QuorumRule
    words: str
    proposed_by: PersonId
    proposed_at: datetime
    signatures: tuple[Signature, ...] = ()
    in_force_at: datetime | None = None

    def member(self, person: PersonId, at: datetime) -> Member | None:
        """The seat that a person holds then; None for whoever holds none."""
        return next((one for one in self.members if one.person_id == person and one.in_term(at)), None)


def charter_text(charter: Charter) -> str:
    """The words that are signed: everything the charter decides."""
    lines = [
        f"Charter {charter.n} of the committee of trial {charter.trial_id}",
        f"Quorum: at least {charter.quorum.minimum_voters} voters, among them "
        + "; ".join(" or ".join(seat.value for seat in group) for group in charter.quorum.required),
        *(_member_line(one) for one in charter.members),
        f"Charter says: {charter.words}",
    ]
    return "\n".join(lines)


def _member_line(member: Member) -> str:
    until = "without end" if member.until_at is None else f"until {utc_text(member.until_at)}"
    return f"Member: {member.person_id}, {member.seat}, from {utc_text(member.from_at)} {until}"


def charter_hash(charter: Charter) -> str:
    """What a proof of identity for a signature of the charter is bound to."""
    content: Json = {"charter": charter.id, "text": charter_text(charter)}
    return sha256_of(content)


def decide_charter(charter: Charter) -> Charter:
    """The charter, when its own members could ever be a quorum.

    Raises:
        Refused: `charter_invalid` naming what is wrong; `reason_required` for a charter without words.
    """
    people = Counter(one.person_id for one in charter.members)
    seats = [one.seat for one in charter.members]
    wrong = [f"{person} sits twice" for person, times in sorted(people.items()) if times > 1]
    wrong += [
        f"the term of {one.person_id} ends before it begins"
        for one in charter.members
        if one.until_at is not None and one.until_at <= one.from_at
    ]
    wrong += [f"no quorum is possible: {lacking}" for lacking in charter.quorum.missing(seats, len(seats))]
    if wrong:
        raise Refused("charter_invalid", f"The charter cannot be used: {'; '.join(wrong)}.", wrong=wrong)
    return replace(charter, words=require_reason(charter.words))


def signing_member(charter: Charter, person: PersonId, seats: Collection[Seat], at: datetime) -> Member:
    """The member as whom a person signs the charter.

    Raises:
        Refused: `charter_in_force`, `second_person_required`, `role_cannot_sign`.
    """
    if charter.in_force_at is not None:
        raise Refused("charter_in_force", "The charter is in force already.")
    if person in {signature.person_id for signature in charter.signatures}:
        raise Refused("second_person_required", "This person has signed already.")
    member = charter.member(person, at)
    if member is None or member.seat not in seats:
        wanted = sorted(seat.value for seat in seats)
        raise Refused("role_cannot_sign", "The charter is signed by others.", seats=wanted)
    return member


def sign_charter(charter: Charter, signature: Signature, seats: Collection[Seat], at: datetime) -> Charter:
    """The charter signed once more; in force when every seat that signs has signed."""
    signed = replace(charter, signatures=(*charter.signatures, signature))
    by = {member.seat for one in signed.signatures if (member := charter.member(one.person_id, at))}
    return replace(signed, in_force_at=at) if set(seats) <= by else signed


def charter_in_force(charters: Iterable[Charter], at: datetime) -> Charter | None:
    """The newest version that was in force then; None where there was none."""
    signed = [one for one in charters if one.in_force_at is not None and one.in_force_at <= at]
    return max(signed, key=lambda one: one.n, default=None)


def quorum_attainable(charter: Charter, holders: Mapping[Role, frozenset[PersonId]], at: datetime) -> bool:
    """Whether the members in term who hold their roles now could be a quorum, nobody being in conflict."""
    seats = [
        one.seat
        for one in charter.members
        if one.in_term(at) and one.person_id in holders.get(ROLE_OF_SEAT[one.seat], frozenset())
    ]
    return not charter.quorum.missing(seats, len(seats))
