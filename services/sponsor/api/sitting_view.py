"""A sitting in the words of the API."""

from collections.abc import Sequence

from services.sponsor.domain.meeting import Sitting
from shared.json_body import Day, Instant, StrictModel


class VoterOut(StrictModel):
    person: str
    seat: str


class DissentOut(StrictModel):
    person: str
    text: str


class TaskOut(StrictModel):
    text: str
    owner: str
    due_on: Day


class QuorumOut(StrictModel):
    """Whether the quorum is reached; else the seats without a voter, and how many voters are short."""

    reached: bool
    missing: Sequence[str]


class SittingOut(StrictModel):
    """Who voted, and who was present without a vote: in conflict, or silent about conflicts."""

    meeting_id: str
    charter_version: int
    held_at: Instant
    voters: Sequence[VoterOut]
    in_conflict: Sequence[str]
    undeclared: Sequence[str]
    quorum: QuorumOut
    dissents: Sequence[DissentOut]
    tasks: Sequence[TaskOut]


def sitting_out(sitting: Sitting) -> SittingOut:
    """The sitting as it is kept."""
    return SittingOut(
        meeting_id=sitting.meeting_id,
        charter_version=sitting.charter_n,
        held_at=sitting.held_at,
        voters=[VoterOut(person=person, seat=seat.value) for person, seat in sitting.voters],
        in_conflict=sitting.conflicted,
        undeclared=sitting.undeclared,
        quorum=QuorumOut(reached=not sitting.missing, missing=sitting.missing),
        dissents=[DissentOut(person=one.person_id, text=one.words) for one in sitting.dissents],
        tasks=[TaskOut(text=one.words, owner=one.owner, due_on=one.due_on) for one in sitting.tasks],
    )
