"""A meeting on a frozen snapshot: who declared what, who was there, who votes, and whether that is a quorum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.sponsor.domain.committee import ROLE_OF_SEAT, Charter, Seat
from services.sponsor.domain.ids import PersonId, SnapshotId, TrialId
from services.sponsor.domain.refusals import Refused, require_reason
from services.sponsor.domain.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a member declared before the meeting: a conflict of interest, or none."""

    person_id: PersonId
    conflict: bool
    words: str
    declared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting under one charter version; `snapshot_id` and `held_at` are None until it is held."""

    id: str
    trial_id: TrialId
    part: str
    charter_id: str
    called_by: PersonId
    called_at: datetime
    planned_for: datetime
    snapshot_id: SnapshotId | None = None
    held_at: datetime | None = None
    opened_by: PersonId | None = None
    declarations: tuple[Declaration, ...] = ()
    present: tuple[PersonId, ...] = ()

    def declaration_of(self, person: PersonId) -> Declaration | None:
        return next((one for one in self.declarations if one.person_id == person), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissent:
    """A voter who decided otherwise, and why; kept beside the decision and never averaged away."""

    person_id: PersonId
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What must be done before the committee can decide."""

    words: str
    owner: PersonId
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """A meeting as it stood when a decision was proposed at it; the decision keeps it for good.

    Attributes:
        voters: present, delegated and without a conflict, each with the seat.
        conflicted: present, with a declared conflict; they neither vote nor count.
        undeclared: present and silent about conflicts; they neither vote nor count either.
        missing: what the quorum lacks; nothing when it is reached.
    """

    meeting_id: str
    charter_n: int
    held_at: datetime
    voters: tuple[tuple[PersonId, Seat], ...]
    conflicted: tuple[PersonId, ...]
    undeclared: tuple[PersonId, ...]
    missing: tuple[str, ...]
    dissents: tuple[Dissent, ...] = ()
    tasks: tuple[Task, ...] = ()

    @property
    def voting(self) -> frozenset[PersonId]:
        return frozenset(person for person, _ in self.voters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Who holds which role, and who investigates at a site that recruits."""

    holders: Mapping[Role, frozenset[PersonId]]
    recruiting_investigators: frozenset[PersonId]


def declare(meeting: Meeting, charter: Charter, declaration: Declaration) -> Meeting:
    """The meeting with a member's declaration; the first word stays.

    Raises:
        Refused: `member_not_delegated` for whoever has no seat, `declaration_made`, `declaration_too_late` once
            the member sat in the meeting; `reason_required` for a conflict without words.
    """
    person = declaration.person_id
    if charter.member(person, declaration.declared_at) is None:
        raise Refused("member_not_delegated", "Only members of the committee declare.")
    if meeting.declaration_of(person) is not None:
        raise Refused("declaration_made", "This member has declared already.")
    if person in meeting.present:
        raise Refused("declaration_too_late", "A declaration comes before the data are seen.")
    if declaration.conflict:
        declaration = replace(declaration, words=require_reason(declaration.words))
    return replace(meeting, declarations=(*meeting.declarations, declaration))


def require_declaration(meeting: Meeting, charter: Charter, person: PersonId, at: datetime) -> None:
    """Refuse to show data to a member who has not declared for the meeting about them.

    Raises:
        Refused: `declaration_required`.
    """
    if charter.member(person, at) is not None and meeting.declaration_of(person) is None:
        raise Refused("declaration_required", "Declare first.", meeting_id=meeting.id)


def hold(
    meeting: Meeting,
    charter: Charter,
    snapshot_id: SnapshotId,
    present: Sequence[PersonId],
    *,
    around: Around,
    by: PersonId,
    at: datetime,
) -> Meeting:
    """The meeting held on a snapshot, or joined by further members.

    Raises:
        Refused: `meeting_on_other_snapshot`; `member_not_delegated` naming who has no seat or no role now.
    """
    if meeting.snapshot_id not in (None, snapshot_id):
        raise Refused("meeting_on_other_snapshot", "The meeting was held on another snapshot.")
    strangers = sorted(person for person in present if not _entitled(charter, person, around, at))
    if strangers:
        raise Refused("member_not_delegated", "Not members with their role now.", people=strangers)
    joined = tuple(dict.fromkeys((*meeting.present, *present)))
    return replace(
        meeting,
        snapshot_id=snapshot_id,
        held_at=meeting.held_at or at,
        opened_by=meeting.opened_by or by,
        present=joined,
    )


def _entitled(charter: Charter, person: PersonId, around: Around, at: datetime) -> bool:
    member = charter.member(person, at)
    return member is not None and person in around.holders.get(ROLE_OF_SEAT[member.seat], frozenset())


def sitting_of(meeting: Meeting, charter: Charter, around: Around) -> Sitting:
    """Who of those present votes, and what the quorum lacks.

    An investigator of a site that does not recruit votes and fills no seat that the quorum asks for.

    Raises:
        Refused: `meeting_not_held`.
    """
    if meeting.held_at is None:
        raise Refused("meeting_not_held", "Record who was present, and on which snapshot.")
    silent = [person for person in meeting.present if meeting.declaration_of(person) is None]
    conflicted = [
        person for person in meeting.present if (said := meeting.declaration_of(person)) and said.conflict
    ]
    voters = [
        (person, member.seat)
        for person in meeting.present
        if person not in {*silent, *conflicted}
        and (member := charter.member(person, meeting.held_at)) is not None
    ]
    counted = [
        seat
        for person, seat in voters
        if seat is not Seat.INVESTIGATOR or person in around.recruiting_investigators
    ]
    return Sitting(
        meeting_id=meeting.id,
        charter_n=charter.n,
        held_at=meeting.held_at,
        voters=tuple(sorted(voters)),
        conflicted=tuple(sorted(conflicted)),
        undeclared=tuple(sorted(silent)),
        missing=charter.quorum.missing(counted, len(voters)),
    )


def with_minutes(sitting: Sitting, dissents: Sequence[Dissent], tasks: Sequence[Task]) -> Sitting:
    """The sitting with what was said against the decision, and what is to be done.

    Raises:
        Refused: `dissent_not_of_a_voter`, `reason_required`.
    """
    strangers = sorted({one.person_id for one in dissents} - sitting.voting)
    if strangers:
        raise Refused("dissent_not_of_a_voter", "Only voters dissent.", people=strangers)
    return replace(
        sitting,
        dissents=tuple(replace(one, words=require_reason(one.words)) for one in dissents),
        tasks=tuple(replace(one, words=require_reason(one.words)) for one in tasks),
    )


def require_voter(sitting: Sitting, person: PersonId) -> None:
    """Refuse the signature of somebody who did not vote at the meeting.

    Raises:
        Refused: `conflict_declared`, `conflict_undeclared`, `not_at_meeting`.
    """
    if person in sitting.conflicted:
        raise Refused("conflict_declared", "A member with a conflict does not sign.")
    if person in sitting.undeclared:
        raise Refused("conflict_undeclared", "A member who declared nothing does not sign.")
    if person not in sitting.voting:
        raise Refused("not_at_meeting", "The decision was taken at a meeting without this person.")


def sitting_text(sitting: Sitting) -> str:
    """The lines about the meeting that are signed together with the decision."""
    lines = [
        f"Meeting {sitting.meeting_id} under charter {sitting.charter_n}",
        f"Voters: {', '.join(f'{person} ({seat})' for person, seat in sitting.voters) or 'none'}",
        f"Conflict declared: {', '.join(sitting.conflicted) or 'none'}",
        f"Nothing declared: {', '.join(sitting.undeclared) or 'none'}",
        f"Quorum: {'reached' if not sitting.missing else 'missing ' + ', '.join(sitting.missing)}",
        *(f"Dissent of {one.person_id}: {one.words}" for one in sitting.dissents),
        *(f"Task of {one.owner} until {one.due_on.isoformat()}: {one.words}" for one in sitting.tasks),
    ]
    return "\n".join(lines)
