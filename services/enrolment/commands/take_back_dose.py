"""What every correction of a recorded dose has in common: the record taken back, and what follows from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.enrolment.commands.announce import keep
from services.enrolment.commands.at_participant import participant_under_gate
from services.enrolment.commands.permission import unknown
from services.enrolment.commands.record_doses import count_from, first_dose_recorded
from services.enrolment.domain.dose_acts import check_correctable
from services.enrolment.domain.draft import Draft
from services.enrolment.domain.first_dose import (
    CorrectionReason,
    FirstDose,
    FirstDoseChange,
    first_dose_change,
    first_dose_of,
)
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.events.dose_correction_events import FirstDoseCorrectedV1, FirstDoseVoidedV1
from services.enrolment.events.dose_events import AdministrationV1
from services.enrolment.events.event_model import PublishedEvent
from services.enrolment.store.boards import load_board
from services.enrolment.store.dose_confirmations import answer_query, open_query_about
from services.enrolment.store.dose_corrections import (
    DoseCorrection,
    keep_correction,
    on_record,
    save_no_first_dose,
)
from services.enrolment.store.participants import (
    Participant,
    administrations_of,
    save_first_dose,
    standing_administrations,
    use_authorisation,
)
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a record is taken back; `reason` are somebody's words, which no event carries."""

    code: CorrectionReason
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """A record that is being taken back, with the others that stand and the first dose as it was."""

    act: Act
    participant: Participant
    row: Row
    others: Sequence[Row]
    before: FirstDose | None

    @property
    def without_it(self) -> Participant:
        """The participant as if this had never been recorded."""
        first = first_dose_of(map(on_record, self.others), self.participant.registered_at)
        return replace(self.participant, first_dose_at=None if first is None else first.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What came of it: the record that says it right, and the first dose as it is now."""

    administration_id: str
    replaced_by: str | None
    moved_to: str | None
    first_dose_at: datetime | None
    flags: tuple[str, ...] = ()


async def take_back(tx: Tx, act: Act, participant_id: str, administration_id: str) -> TakenBack:
    """Find a record that stands, under the trial's gate, and free what it used of its authorisation.

    Raises:
        Refused: `dose_corrected_already`, which names the record that stands in its place.
        Problem: `not_found`, also for another participant's record.
    """
    allowed, participant = await participant_under_gate(tx, act, DOSING_STAFF, participant_id)
    rows = await administrations_of(tx, participant.id)
    row = next((row for row in rows if row["id"] == administration_id), None)
    if row is None:
        raise unknown(act, DOSING_STAFF)
    check_correctable(stands=row["corrected_at"] is None, replaced_by=row["replaced_by"])
    standing = [one for one in rows if one["corrected_at"] is None]
    others = [one for one in standing if one is not row]
    if row["authorisation_id"] is not None and not any(_one_dose(row, one) for one in others):
        await use_authorisation(tx, row["authorisation_id"], -1)
    before = first_dose_of(map(on_record, standing), participant.registered_at)
    return TakenBack(act=allowed.act, participant=participant, row=row, others=others, before=before)


def _one_dose(row: Row, other: Row) -> bool:
    """Whether both say something of one dose, which used its authorisation once."""
    return bool(row["at"] == other["at"] and row["authorisation_id"] == other["authorisation_id"])


async def keep_why(
    tx: Tx, taken: TakenBack, why: Why, *, replaced_by: str | None, moved_to: str | None = None
) -> None:
    """Keep the correction; an open query about the amount is answered by it."""
    act, administration_id = taken.act, taken.row["id"]
    correction = DoseCorrection(
        administration_id=administration_id,
        trial_id=taken.participant.trial_id,
        participant_id=taken.participant.id,
        replaced_by=replaced_by,
        moved_to=moved_to,
        reason_code=why.code.value,
        reason=why.reason,
        corrected_by=act.actor,
        corrected_at=act.now,
    )
    if not await keep_correction(tx, correction):
        raise LookupError("the gate lets nobody correct a record twice")
    query_id = await open_query_about(tx, administration_id)
    if query_id is not None:
        await answer_query(tx, query_id, why.reason, act.actor, act.now)


async def first_dose_now(tx: Tx, participant: Participant) -> FirstDose | None:
    """The first dose by the records that stand now."""
    rows = await standing_administrations(tx, participant.id)
    return first_dose_of(map(on_record, rows), participant.registered_at)


def said_of(rows: Iterable[Row], times: set[datetime]) -> list[AdministrationV1]:
    """The last word that stands on record about each of these times."""
    last = {row["at"]: row for row in rows if row["at"] in times}
    return [
        AdministrationV1(at=at, given=bool(row["given"]), missed_because=row["missed_because"])
        for at, row in sorted(last.items())
    ]


async def announce(tx: Tx, taken: TakenBack, why: Why, body: PublishedEvent, after: FirstDose | None) -> None:
    """Say what was corrected and then what became of the first dose, and let everything follow."""
    act, participant = taken.act, taken.participant
    draft = Draft(await load_board(tx, participant.trial_id, act.now), act.now, act.new_id)
    bodies = [body]
    if first_dose_change(taken.before, after) is not FirstDoseChange.UNCHANGED:
        bodies.append(_first_dose_event(taken, why, after))
        if after is None:
            await save_no_first_dose(tx, participant.id)
        else:
            await save_first_dose(tx, participant.id, after.at)
        count_from(draft, participant, None if after is None else after.at)
    events = [
        NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=one, reason=why.reason)
        for one in bodies
    ]
    await keep(tx, act, draft, also=events)


def _first_dose_event(taken: TakenBack, why: Why, after: FirstDose | None) -> PublishedEvent:
    participant, before = taken.participant, taken.before
    if before is None:
        assert after is not None
        return first_dose_recorded(participant, after)
    where: dict[str, Any] = {
        "trial_id": participant.trial_id,
        "participant_id": participant.id,
        "part": participant.part,
        "given_at_before": before.at,
        "level_received_before": before.level,
        "reason_code": why.code.value,
    }
    if after is None:
        return FirstDoseVoidedV1(**where, voided_at=taken.act.now)
    return FirstDoseCorrectedV1(
        **where, given_at=after.at, level_received=after.level, corrected_at=taken.act.now
    )
