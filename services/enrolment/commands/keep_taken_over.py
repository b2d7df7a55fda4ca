"""Keep a trial that is taken over: people, places, what was signed and given, and the waiting list."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.enrolment.commands.announce import keep
from services.enrolment.commands.end_treatment import treatment_ended
from services.enrolment.commands.keep_registration import registration_events
from services.enrolment.commands.note_death import note_death
from services.enrolment.commands.record_doses import first_dose_recorded
from services.enrolment.commands.take_over_files import VERDICTS, Folder
from services.enrolment.commands.taken_people import Taken, TakenPeople
from services.enrolment.commands.taken_slots import TakenSlots, consume, member_replaced
from services.enrolment.domain.age import local_date
from services.enrolment.domain.board import Board, EntryRecord
from services.enrolment.domain.consent import ConsentPurpose
from services.enrolment.domain.death import CauseCategory
from services.enrolment.domain.dose_recording import DoseFlag
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.ids import (
    ParticipantId,
    WaitingEntryId,
    parse_participant_number,
    parse_screening_number,
)
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.screening import Screening
from services.enrolment.domain.settlement import settle
from services.enrolment.domain.taken_places import openings_of
from services.enrolment.domain.waiting_list import WaitingEntry
from services.enrolment.events.dose_events import AdministrationV1, DoseRecordedV1
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.events.participant_events import RegistrationVoidedV1
from services.enrolment.events.place_events import SlotWaitlistedV1
from services.enrolment.events.screening_events import ConsentRecordedV1, ScreeningStartedV1
from services.enrolment.store.participants import (
    Attempt,
    insert_administrations,
    insert_attempt,
    insert_participant,
)
from services.enrolment.store.people import insert_screening, new_assent, new_consent
from services.enrolment.store.take_overs import continue_above, keep_taken_screenings
from shared.act import Act
from shared.csv_tables import CsvRow
from shared.database import Tx
from shared.outbox import NewEvent, put


async def keep_taken_over(
    tx: Tx, act: Act, board: Board, folder: Folder, people: TakenPeople, take_over_id: str
) -> None:
    """Everything in the folder, told as it would have been told when it happened, under the trial's gate."""
    for screening in people.screenings:
        await insert_screening(tx, screening)
        await put(tx, act, _started(screening))
    rows = [{"screening_id": one.id, "take_over_id": take_over_id} for one in people.screenings]
    await keep_taken_screenings(tx, rows)
    for screening, row in people.consents:
        await _keep_consent(tx, act, screening, row)
    reserved = Draft(board, act.now, act.new_id)
    plan = _plan(reserved, folder)
    slots = plan.reserve(people)
    # Told before the registrations that use them, as it would have been.
    await keep(tx, act, reserved)
    draft = Draft(reserved.as_board(), act.now, act.new_id)
    events: list[NewEvent] = []
    for one in people.registered:
        slot_id = slots.get(one.number)
        participant = replace(one.participant, slot_id=slot_id)
        await _keep_person(tx, act, replace(one, participant=participant))
        draft.members[ParticipantId(participant.id)] = one.member()
        if slot_id is not None:
            consume(draft, one, slot_id)
        events += _told(act, replace(one, participant=participant))
    for participant_id in plan.replacing.values():
        member_replaced(draft, participant_id)
    events += [_wait(draft, screening, notified_at) for screening, notified_at in people.waiting]
    settle(draft)
    await keep(tx, act, draft, also=events)
    for one in people.registered:
        await _keep_death(tx, act, one)
    await _continue_numbers(tx, board.trial_id, people)


def _plan(draft: Draft, folder: Folder) -> TakenSlots:
    replaced = frozenset(row["number"] for row in folder[VERDICTS].rows if row["verdict"] == "not_evaluable")
    return TakenSlots(draft, openings_of(folder.decisions), replaced, draft.board.policy.reserve_window)


# -- people ---------------------------------------------------------------------------------------------


def _started(screening: Screening) -> NewEvent:
    body = ScreeningStartedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        screening_number=screening.number,
        part=screening.part,
        site_number=screening.site_id,
        started_at=screening.started_at,
    )
    return NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)


async def _keep_consent(tx: Tx, act: Act, screening: Screening, row: CsvRow) -> None:
    """As the old system keeps it: who took it was delegated there."""
    values = {
        "id": act.new_id(),
        "screening_id": screening.id,
        "document": row["document"],
        "version": row["version"],
        "language": row["language"],
        "site_number": screening.site_id,
        "taken_by": row["taken_by"],
        "delegated": True,
        "signed_at": row["signed_at"],
        "received_at": act.now,
    }
    if row["purpose"] == ConsentPurpose.ASSENT.value:
        writes = new_assent(tx, {**values, "answer": "given", "reason": ""})
    else:
        stated = {"purpose": row["purpose"], "capacity": row["capacity"], "method": row["method"]}
        writes = new_consent(tx, {**values, **stated, "capacity_note": ""})
    body = ConsentRecordedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        purpose=row["purpose"],
        document=row["document"],
        version=row["version"],
        outcome="given",
        signed_at=row["signed_at"],
        received_at=act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body), *writes)


async def _keep_person(tx: Tx, act: Act, one: Taken) -> None:
    participant = one.participant
    await insert_participant(tx, participant)
    await insert_attempt(
        tx,
        Attempt(
            id=participant.registration_id,
            trial_id=participant.trial_id,
            site_number=participant.site_number,
            screening_id=participant.screening_id,
            slot_id=participant.slot_id,
            participant_id=participant.id,
            code="",
            results=[],
            at=participant.registered_at,
        ),
    )
    record_id = act.new_id()
    await insert_administrations(tx, [_administration(act, one, record_id, row) for row in one.doses])


def _administration(act: Act, one: Taken, record_id: str, row: CsvRow) -> dict[str, Any]:
    return {
        "id": act.new_id(),
        "participant_id": one.participant.id,
        "record_id": record_id,
        "at": row["at"],
        "given": row["given"],
        "missed_because": row["missed_because"],
        "level": row["level"] or one.participant.level,
        "amount": row["amount"],
        "planned_amount": None,
        "batch": row["batch"],
        "authorisation_id": None,
        "flags": [DoseFlag.LATE_ENTRY.value],
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }


async def _keep_death(tx: Tx, act: Act, one: Taken) -> None:
    if one.end is None or one.end["reason"] != "death":
        return
    died_on = local_date(one.end["ended_at"], ZoneInfo(one.zone))
    await note_death(tx, act, one.participant, died_on, CauseCategory.UNKNOWN, ends_treatment=True)


# -- what is told ---------------------------------------------------------------------------------------


def _told(act: Act, one: Taken) -> list[NewEvent]:
    """The participant's story so far, in its order."""
    participant, bodies = one.participant, list[PublishedEvent]()
    events = registration_events(one.screening, participant, one.zone)
    if one.first_dose is not None:
        bodies.append(first_dose_recorded(participant, one.first_dose))
    if one.doses:
        bodies.append(_doses(act, one))
    if one.voided and participant.voided_at is not None:
        bodies.append(
            RegistrationVoidedV1(
                trial_id=participant.trial_id,
                participant_id=participant.id,
                reason_code=participant.void_reason or "",
                voided_at=participant.voided_at,
            )
        )
    events += [
        NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body) for body in bodies
    ]
    if one.end is not None:
        events.append(treatment_ended(participant, one.end["reason"], one.end["ended_at"]))
    return events


def _doses(act: Act, one: Taken) -> DoseRecordedV1:
    """Given with the authority of the old system, and entered here later."""
    return DoseRecordedV1(
        trial_id=one.participant.trial_id,
        participant_id=one.participant.id,
        administrations=[
            AdministrationV1(at=row["at"], given=row["given"], missed_because=row["missed_because"])
            for row in one.doses
        ],
        authorised=True,
        late_entry=True,
        recorded_at=act.now,
    )


def _wait(draft: Draft, screening: Screening, notified_at: datetime) -> NewEvent:
    entry = WaitingEntry(
        id=WaitingEntryId(draft.new_id()),
        site_id=screening.site_id,
        screening_id=screening.id,
        notified_at=notified_at,
    )
    draft.put_entry(EntryRecord(entry=entry, part=screening.part, screening_number=screening.number))
    body = SlotWaitlistedV1(
        trial_id=screening.trial_id,
        entry_id=entry.id,
        part=screening.part,
        site_number=screening.site_id,
        screening_number=screening.number,
        notified_at=notified_at,
    )
    return NewEvent(aggregate_id=entry.id, scope=screening.trial_id, body=body)


# -- numbers --------------------------------------------------------------------------------------------


async def _continue_numbers(tx: Tx, trial_id: str, people: TakenPeople) -> None:
    """The numbers given out here go on above those given out elsewhere, whatever form those have."""
    last: dict[tuple[str, str], list[int]] = defaultdict(list)
    for screening in people.screenings:
        last[screening.site_id, "screening"].append(_sequence(screening.number))
    for one in people.registered:
        last[one.participant.site_number, "participant"].append(_sequence(one.number))
    for (site, kind), sequences in sorted(last.items()):
        await continue_above(tx, trial_id, site, kind, max(*sequences, len(sequences)))


def _sequence(number: str) -> int:
    """The sequence in a number of our own form, 0 in any other."""
    read = parse_screening_number if number.startswith("S-") else parse_participant_number
    try:
        return read(number).sequence
    except Refused:
        return 0
