"""Record doses given and missed. There is no guard: what was not in order becomes a flag, never a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.enrolment.commands.announce import keep
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.dose_book import (
    Administration,
    DoseBook,
    FirstDose,
    Recorded,
    recorded_before,
)
from services.enrolment.domain.board import Board
from services.enrolment.domain.dose_authorising import OpenAuthorisation
from services.enrolment.domain.dose_recording import DoseFlag
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.ids import AuthorisationId, ParticipantId
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.domain.settlement import settle
from services.enrolment.events.dose_events import AdministrationV1, DoseRecordedV1, FirstDoseRecordedV1
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import (
    Participant,
    administrations_of,
    authorisations_of,
    insert_administrations,
    save_first_dose,
    use_authorisation,
)
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDoses:
    participant_id: str
    administrations: Sequence[Administration]


@dataclass(frozen=True, slots=True, kw_only=True)
class DosesRecorded:
    """`first_dose` is set when the windows count from a dose of this record, for the first time or from now on."""

    record_id: str
    first_dose: FirstDose | None
    recorded: tuple[Recorded, ...]
    authorised: bool
    late_entry: bool


async def record_doses(tx: Tx, command: RecordDoses, act: Act) -> DosesRecorded:
    """Everything as reported, in the order of time, with what was not in order about it.

    What was recorded in exactly these words before is answered as it stands and makes no second row.
    """
    allowed, participant = await participant_under_gate(tx, act, DOSING_STAFF, command.participant_id)
    board = await load_board(tx, participant.trial_id, act.now)
    open_ones = [
        OpenAuthorisation(
            id=AuthorisationId(one.id),
            level=participant.level,
            authorised_at=one.authorised_at,
            planned_at=one.planned_at,
            left=one.doses - one.used,
            begun=one.used > 0,
        )
        for one in await authorisations_of(tx, participant.id)
    ]
    known = [recorded_before(row) for row in await administrations_of(tx, participant.id)]
    record_id = act.new_id()
    book = DoseBook(participant, board, open_ones, known, record_id, act.now)
    recorded = tuple(book.enter(one) for one in sorted(command.administrations, key=lambda one: one.at))
    new = tuple(one for one in recorded if one.kept_in is None)
    if not new:
        return _result(recorded[0].kept_in or record_id, recorded, None)
    await insert_administrations(tx, [_row(act, participant, record_id, one) for one in new])
    for authorisation_id, used in book.used.items():
        await use_authorisation(tx, authorisation_id, used)
    await _announce(tx, allowed.act, board, participant, _result(record_id, new, book.moved_to))
    return _result(record_id, recorded, book.moved_to)


def _result(record_id: str, recorded: tuple[Recorded, ...], first_dose: FirstDose | None) -> DosesRecorded:
    return DosesRecorded(
        record_id=record_id,
        first_dose=first_dose,
        recorded=recorded,
        authorised=not any(DoseFlag.UNAUTHORISED in one.flags for one in recorded),
        late_entry=any(DoseFlag.LATE_ENTRY in one.flags for one in recorded),
    )


def _row(act: Act, participant: Participant, record_id: str, one: Recorded) -> dict[str, Any]:
    given = one.administration
    return {
        "id": act.new_id(),
        "participant_id": participant.id,
        "record_id": record_id,
        "at": given.at,
        "given": given.given,
        "missed_because": given.missed_because,
        "level": one.level,
        "amount": None if given.amount is None else str(given.amount),
        "planned_amount": None if given.planned_amount is None else str(given.planned_amount),
        "authorisation_id": one.authorisation_id,
        "flags": sorted(flag.value for flag in one.flags),
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }


async def _announce(tx: Tx, act: Act, board: Board, participant: Participant, result: DosesRecorded) -> None:
    draft = Draft(board, act.now, act.new_id)
    events: list[NewEvent] = []
    if result.first_dose is not None:
        await save_first_dose(tx, participant.id, result.first_dose.at)
        events.append(_event(participant, _first_dose(participant, result.first_dose)))
        _count_from(draft, participant, result.first_dose.at)
    events.append(_event(participant, _doses(act, participant, result)))
    await keep(tx, act, draft, also=events)


def _count_from(draft: Draft, participant: Participant, first_dose_at: datetime) -> None:
    """Count the participant as dosed since then, and draw what follows for the trial."""
    member = draft.members[ParticipantId(participant.id)]
    draft.members[ParticipantId(participant.id)] = replace(
        member, first_dose_at=first_dose_at, cohort=replace(member.cohort, dosed=True)
    )
    settle(draft)


def _event(participant: Participant, body: FirstDoseRecordedV1 | DoseRecordedV1) -> NewEvent:
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)


def _first_dose(participant: Participant, first: FirstDose) -> FirstDoseRecordedV1:
    return FirstDoseRecordedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        part=participant.part,
        level_received=first.level,
        given_at=first.at,
    )


def _doses(act: Act, participant: Participant, result: DosesRecorded) -> DoseRecordedV1:
    return DoseRecordedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        administrations=[
            AdministrationV1(
                at=one.administration.at,
                given=one.administration.given,
                missed_because=one.administration.missed_because,
            )
            for one in result.recorded
        ],
        authorised=result.authorised,
        late_entry=result.late_entry,
        recorded_at=act.now,
    )
