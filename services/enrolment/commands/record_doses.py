"""Record doses given and missed. There is no guard: what was not in order becomes a flag, never a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.enrolment.commands.announce import keep
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.domain.board import Board
from services.enrolment.domain.claimed_times import entered_late, lies_in_future
from services.enrolment.domain.dose_authorising import OpenAuthorisation, as_recorded, authorisation_for
from services.enrolment.domain.dose_recording import (
    DoseFlag,
    DoseHistory,
    DoseRank,
    GivenDose,
    decide_recording,
)
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.halt import HaltedAct, halts_covering
from services.enrolment.domain.ids import AuthorisationId, ParticipantId, PartLevel, SiteId
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.domain.settlement import settle
from services.enrolment.events.published import AdministrationV1, DoseRecordedV1, FirstDoseRecordedV1
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import (
    Participant,
    authorisations_of,
    given_times,
    insert_administrations,
    save_first_dose,
    use_authorisation,
)
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """One planned dose as the site reports it; `level` None is the level of the allocation."""

    at: datetime
    given: bool
    missed_because: str | None = None
    level: int | None = None
    amount: Decimal | None = None
    planned_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDoses:
    participant_id: str
    administrations: Sequence[Administration]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One administration as kept; `is_first` marks the dose that the windows count from."""

    administration: Administration
    level: int
    flags: frozenset[DoseFlag]
    authorisation_id: str | None
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DosesRecorded:
    record_id: str
    recorded: tuple[Recorded, ...]
    authorised: bool
    late_entry: bool


async def record_doses(tx: Tx, command: RecordDoses, act: Act) -> DosesRecorded:
    """Everything as reported, in the order of time, with what was not in order about it."""
    allowed, participant = await participant_under_gate(tx, act, DOSING_STAFF, command.participant_id)
    board = await load_board(tx, participant.trial_id, act.now)
    open_ones = [
        OpenAuthorisation(
            id=AuthorisationId(one.id),
            authorised_at=one.authorised_at,
            planned_at=one.planned_at,
            left=one.doses - one.used,
            begun=one.used > 0,
        )
        for one in await authorisations_of(tx, participant.id)
    ]
    book = _Book(participant, board, open_ones, await given_times(tx, participant.id), act.now)
    recorded = tuple(book.enter(one) for one in sorted(command.administrations, key=lambda one: one.at))
    result = _result(act, recorded)
    await insert_administrations(tx, [_row(act, participant, result.record_id, one) for one in recorded])
    for authorisation_id, used in book.used.items():
        await use_authorisation(tx, authorisation_id, used)
    await _announce(tx, allowed.act, board, participant, result)
    return result


class _Book:
    """The participant's doses while several administrations are entered one after the other."""

    def __init__(
        self,
        participant: Participant,
        board: Board,
        authorisations: list[OpenAuthorisation],
        known: list[datetime],
        now: datetime,
    ) -> None:
        self._participant = participant
        self._now = now
        self._open = authorisations
        self._known = known
        self.used: dict[str, int] = {}
        place = PartLevel(part=participant.part, level=participant.level)
        self._halts = halts_covering(board.halts, HaltedAct.DOSING, place, SiteId(participant.site_number))

    def enter(self, one: Administration) -> Recorded:
        level = self._participant.level if one.level is None else one.level
        if not one.given:
            flags = {DoseFlag.LATE_ENTRY: entered_late(one.at, self._now)}
            flags[DoseFlag.TIME_IN_FUTURE] = lies_in_future(one.at, self._now)
            raised = frozenset(flag for flag, applies in flags.items() if applies)
            return Recorded(
                administration=one, level=level, flags=raised, authorisation_id=None, is_first=False
            )
        authorisation = authorisation_for(one.at, self._open)
        dose = GivenDose(given_at=one.at, amount=one.amount or Decimal(0), planned=one.planned_amount)
        decided = decide_recording(dose, self._history(authorisation), self._now)
        self._known.append(one.at)
        if authorisation is not None:
            self._use(authorisation)
        return Recorded(
            administration=replace(one, missed_because=None),
            level=level,
            flags=decided.flags,
            authorisation_id=authorisation.id if authorisation else None,
            is_first=decided.rank in (DoseRank.FIRST, DoseRank.NEW_FIRST),
        )

    def _history(self, authorisation: OpenAuthorisation | None) -> DoseHistory:
        return DoseHistory(
            registered_at=self._participant.registered_at,
            voided=self._participant.voided_at is not None,
            earlier_doses=tuple(self._known),
            authorisation=as_recorded(authorisation),
            treatment_stopped_at=self._participant.treatment_ended_at,
            dosing_halts=self._halts,
        )

    def _use(self, authorisation: OpenAuthorisation) -> None:
        self.used[authorisation.id] = self.used.get(authorisation.id, 0) + 1
        place = self._open.index(authorisation)
        self._open[place] = replace(authorisation, left=authorisation.left - 1, begun=True)


def _result(act: Act, recorded: tuple[Recorded, ...]) -> DosesRecorded:
    return DosesRecorded(
        record_id=act.new_id(),
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
    first = next((one for one in result.recorded if one.is_first), None)
    if first is not None:
        given_at = first.administration.at
        await save_first_dose(tx, participant.id, given_at)
        events.append(_event(participant, _first_dose(participant, first)))
        member = draft.members[ParticipantId(participant.id)]
        dosed = replace(member, first_dose_at=given_at, cohort=replace(member.cohort, dosed=True))
        draft.members[ParticipantId(participant.id)] = dosed
        settle(draft)
    events.append(_event(participant, _doses(act, participant, result)))
    await keep(tx, act, draft, also=events)


def _event(participant: Participant, body: FirstDoseRecordedV1 | DoseRecordedV1) -> NewEvent:
    return NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)


def _first_dose(participant: Participant, first: Recorded) -> FirstDoseRecordedV1:
    return FirstDoseRecordedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        part=participant.part,
        level_received=first.level,
        given_at=first.administration.at,
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
