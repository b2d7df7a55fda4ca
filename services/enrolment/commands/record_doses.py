"""Record doses given and missed. There is no guard: what was not in order becomes a flag, never a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.enrolment.commands.announce import keep
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.confirm_dose import open_query
from services.enrolment.commands.dose_book import (
    Administration,
    DoseBook,
    Recorded,
    recorded_before,
)
from services.enrolment.domain.board import Board
from services.enrolment.domain.dose_authorising import OpenAuthorisation
from services.enrolment.domain.dose_recording import DoseFlag
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.first_dose import FirstDose
from services.enrolment.domain.ids import AuthorisationId, ParticipantId
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.domain.settlement import settle
from services.enrolment.events.dose_events import (
    AdministrationV1,
    DoseRecordedV1,
    FirstDoseRecordedV1,
    FirstDoseRecordedV2,
)
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import (
    Participant,
    authorisations_of,
    insert_administrations,
    save_first_dose,
    standing_administrations,
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
    return await record_given(tx, allowed.act, participant, command.administrations)


async def record_given(
    tx: Tx, act: Act, participant: Participant, administrations: Sequence[Administration]
) -> DosesRecorded:
    """As `record_doses`, for a participant who is locked, by somebody who may."""
    board = await load_board(tx, participant.trial_id, act.now)
    known = [recorded_before(row) for row in await standing_administrations(tx, participant.id)]
    record_id = act.new_id()
    book = DoseBook(participant, board, await open_authorisations(tx, participant), known, record_id, act.now)
    recorded = tuple(book.enter(one) for one in sorted(administrations, key=lambda one: one.at))
    new = tuple(one for one in recorded if one.kept_in is None)
    if not new:
        return _result(recorded[0].kept_in or record_id, recorded, None)
    await keep_administrations(tx, act, participant, record_id, new)
    for authorisation_id, doses in book.used.items():
        await use_authorisation(tx, authorisation_id, doses)
    await _announce(tx, act, board, participant, _result(record_id, new, book.moved_to))
    return _result(record_id, recorded, book.moved_to)


async def open_authorisations(tx: Tx, participant: Participant) -> list[OpenAuthorisation]:
    """What the participant's authorisations still cover."""
    return [
        OpenAuthorisation(
            id=AuthorisationId(one.id),
            level=participant.level,
            authorised_at=one.authorised_at,
            planned_at=one.planned_at,
            left=one.doses - one.used,
            begun=one.used > 0,
            planned=one.planned,
            exceptional=one.exceptional,
        )
        for one in await authorisations_of(tx, participant.id)
    ]


async def keep_administrations(
    tx: Tx, act: Act, participant: Participant, record_id: str, recorded: Sequence[Recorded]
) -> list[str]:
    """Keep administrations as their own rows, with a query for each that differs from the plan; their ids."""
    rows = [_row(act, participant, record_id, one) for one in recorded]
    await insert_administrations(tx, rows)
    for row, one in zip(rows, recorded, strict=True):
        if DoseFlag.DIFFERS_FROM_PLANNED in one.flags:
            await open_query(tx, act, participant, row["id"], given=one.amount_given, planned=one.planned)
    return [row["id"] for row in rows]


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
        "batch": given.batch,
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
        events.append(_event(participant, first_dose_recorded(participant, result.first_dose)))
        count_from(draft, participant, result.first_dose.at)
    events.append(_event(participant, _doses(act, participant, result)))
    await keep(tx, act, draft, also=events)


def count_from(draft: Draft, participant: Participant, first_dose_at: datetime | None) -> None:
    """Count the participant as dosed since then, or as not dosed, and draw what follows for the trial."""
    member = draft.members[ParticipantId(participant.id)]
    draft.members[ParticipantId(participant.id)] = replace(
        member, first_dose_at=first_dose_at, cohort=replace(member.cohort, dosed=first_dose_at is not None)
    )
    settle(draft)


def _event(
    participant: Participant, body: FirstDoseRecordedV1 | FirstDoseRecordedV2 | DoseRecordedV1
) -> NewEvent:
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)


def first_dose_recorded(
    participant: Participant, first: FirstDose
) -> FirstDoseRecordedV1 | FirstDoseRecordedV2:
    if participant.level == 0:
        return FirstDoseRecordedV2(
            trial_id=participant.trial_id,
            participant_id=participant.id,
            part=participant.part,
            given_at=first.at,
        )
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
