"""Charters in the words of the API."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from services.sponsor.api.decision_view import SignatureOut
from services.sponsor.api.fields import PersonName, Words
from services.sponsor.commands.sign_charter import PURPOSE
from services.sponsor.domain.committee import Charter, Member, QuorumRule, Seat, charter_hash, charter_text
from services.sponsor.domain.ids import PersonId
from shared.json_body import Instant, StrictModel


class MemberIn(StrictModel):
    """One seat of one person; the role that goes with it must be delegated when it counts."""

    person: PersonName
    seat: Seat
    from_at: Instant
    until_at: Instant | None = None


class QuorumIn(StrictModel):
    """Fewest voters, and groups of seats: of each group at least one member must vote."""

    minimum_voters: Annotated[int, Field(ge=2, le=30)]
    required: Annotated[
        Sequence[Annotated[Sequence[Seat], Field(min_length=1, max_length=6)]], Field(max_length=10)
    ]


class CharterIn(StrictModel):
    """The next version of the trial's charter; it replaces the one before once its signatures are there."""

    members: Annotated[Sequence[MemberIn], Field(min_length=2, max_length=60)]
    quorum: QuorumIn
    text: Words


class MemberOut(StrictModel):
    person: str
    seat: str
    from_at: Instant
    until_at: Instant | None


class CharterOut(StrictModel):
    """One version, with what has to be signed over; `in_force_at` is null until all who must have signed."""

    charter_id: str
    trial_id: str
    version: int
    members: Sequence[MemberOut]
    quorum: QuorumIn
    text: str
    sign_over: str
    purpose: str
    signatures: Sequence[SignatureOut]
    proposed_by: str
    proposed_at: Instant
    in_force_at: Instant | None


class CharterListOut(StrictModel):
    """Every version, oldest first; `in_force` is the number of the one that holds, null without one."""

    items: Sequence[CharterOut]
    in_force: int | None


def members_of(body: CharterIn) -> list[Member]:
    """Members as stated."""
    return [
        Member(person_id=PersonId(one.person), seat=one.seat, from_at=one.from_at, until_at=one.until_at)
        for one in body.members
    ]


def quorum_of(body: CharterIn) -> QuorumRule:
    """The quorum as stated."""
    required = tuple(tuple(group) for group in body.quorum.required)
    return QuorumRule(minimum_voters=body.quorum.minimum_voters, required=required)


def charter_out(charter: Charter) -> CharterOut:
    """The version with its signatures."""
    return CharterOut(
        charter_id=charter.id,
        trial_id=charter.trial_id,
        version=charter.n,
        members=[
            MemberOut(person=one.person_id, seat=one.seat.value, from_at=one.from_at, until_at=one.until_at)
            for one in charter.members
        ],
        quorum=QuorumIn(minimum_voters=charter.quorum.minimum_voters, required=charter.quorum.required),
        text=charter_text(charter),
        sign_over=charter_hash(charter),
        purpose=PURPOSE,
        signatures=[
            SignatureOut(
                person=one.person_id,
                printed_name=one.printed_name,
                role=one.role.value,
                meaning=one.meaning,
                signed_at=one.signed_at,
                signed_hash=one.signed_hash,
            )
            for one in charter.signatures
        ],
        proposed_by=charter.proposed_by,
        proposed_at=charter.proposed_at,
        in_force_at=charter.in_force_at,
    )
