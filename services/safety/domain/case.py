"""A case: what is reported to regulators about one participant, under one number for life.

Source: ICH E2B(R3) C.1.1, C.1.4, C.1.5, C.1.8.1, C.1.11; FDA rule R0101.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.safety.domain.ids import CaseId
from services.safety.domain.refusals import Refused


class CaseState(StrEnum):
    """`OPEN` was never sent, or nothing of it stands; `NULLIFIED` takes no further information."""

    OPEN = "open"
    SUBMITTED = "submitted"
    NULLIFIED = "nullified"


class ChangeKind(StrEnum):
    """`FOLLOW_UP` brings information, `AMENDMENT` corrects without any, `NULLIFICATION` takes the case back."""

    FIRST = "first"
    FOLLOW_UP = "follow_up"
    AMENDMENT = "amendment"
    NULLIFICATION = "nullification"


class SendingState(StrEnum):
    """Of one case in one batch."""

    DRAFT = "draft"
    VALIDATED = "validated"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"

    @property
    def stands(self) -> bool:
        """Whether the regulator has it, as far as is known: a rejected one it has not."""
        return self in (SendingState.SENT, SendingState.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseVersion:
    """One version, never changed; `latest_information_on` is its C.1.5."""

    number: int
    kind: ChangeKind
    latest_information_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """That a version of a case went, or is about to go, to a regulator."""

    case_version: int
    state: SendingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its versions, oldest first, and what was made of them.

    Attributes:
        number: C.1.1; never given twice, never changed.
        worldwide_number: C.1.8.1, likewise.
        first_received_on: C.1.4, never changed.
    """

    id: CaseId
    number: str
    worldwide_number: str
    first_received_on: date
    versions: tuple[CaseVersion, ...]
    sendings: tuple[Sending, ...] = ()

    @property
    def newest(self) -> CaseVersion:
        return self.versions[-1]

    @property
    def was_sent(self) -> bool:
        """Whether anything stands at a regulator."""
        return any(sending.state.stands for sending in self.sendings)

    @property
    def state(self) -> CaseState:
        if self.newest.kind is ChangeKind.NULLIFICATION:
            return CaseState.NULLIFIED
        return CaseState.SUBMITTED if self.was_sent else CaseState.OPEN

    @property
    def waits(self) -> bool:
        """Whether its newest version is yet to be sent, or was rejected: it is in the queue."""
        return not any(
            sending.case_version == self.newest.number and sending.state.stands for sending in self.sendings
        )


def decide_change(case: Case, kind: ChangeKind, *, received_on: date, reason: str) -> CaseVersion:
    """The next version.

    Args:
        case: as it stands; one that is nullified takes nothing (its further information opens a linked case).
        kind: never `FIRST`.
        received_on: when the information came; counts only for a follow-up.
        reason: needed for an amendment and a nullification.

    Raises:
        Refused: `case_nullified`, `case_not_submitted`, `reason_required`, `impossible_date`.
    """
    if case.state is CaseState.NULLIFIED:
        raise Refused("case_nullified", "The number was nullified and takes no further information.")
    if kind is ChangeKind.NULLIFICATION and not case.was_sent:
        raise Refused("case_not_submitted", "Only what was sent can be taken back.")
    if kind is not ChangeKind.FOLLOW_UP and not reason.strip():
        raise Refused("reason_required", "Say why.")
    latest = case.newest.latest_information_on
    if kind is ChangeKind.FOLLOW_UP:
        if received_on < case.first_received_on:
            raise Refused("impossible_date", "Information cannot be older than the first report.")
        latest = max(latest, received_on)
    return CaseVersion(
        number=case.newest.number + 1, kind=kind, latest_information_on=latest, reason=reason.strip()
    )


def changed(case: Case, version: CaseVersion) -> Case:
    return replace(case, versions=(*case.versions, version))


def kind_of_sending(case: Case) -> ChangeKind:
    """What the next file of the case is, by everything that changed since what stands at the regulator.

    While nothing stands it is a first report, whatever was corrected meanwhile (an initial report is neither an
    amendment nor a nullification); among later changes one with information makes it a follow-up.
    """
    if not case.was_sent:
        return ChangeKind.FIRST
    if case.newest.kind is ChangeKind.NULLIFICATION:
        return ChangeKind.NULLIFICATION
    standing = max(sending.case_version for sending in case.sendings if sending.state.stands)
    later = [version.kind for version in case.versions if version.number > standing]
    only_corrected = bool(later) and set(later) == {ChangeKind.AMENDMENT}
    return ChangeKind.AMENDMENT if only_corrected else ChangeKind.FOLLOW_UP


def reason_of_correction(case: Case) -> str:
    """C.1.11.2: the newest reason."""
    return case.newest.reason


def decide_sending(case: Case) -> None:
    """Refuse to send what was sent, or is about to be.

    Raises:
        Refused: `nothing_to_send`.
    """
    under_way = {SendingState.DRAFT, SendingState.VALIDATED}
    pending = any(one.case_version == case.newest.number and one.state in under_way for one in case.sendings)
    if pending or not case.waits:
        raise Refused("nothing_to_send", "The newest version was sent, or is about to be.")


def one_participant(participants: Iterable[str | None]) -> str:
    """The participant of a case's reports.

    Raises:
        Refused: `case_of_several_participants`; also while a report is not matched.
    """
    found = set(participants)
    if len(found) != 1 or None in found:
        raise Refused("case_of_several_participants", "A case is about one known participant.")
    return str(found.pop())
