"""Correct a recorded dose: another time, level or amount, or given where missed was said."""

from dataclasses import dataclass, replace

from services.enrolment.commands.dose_book import Administration, DoseBook, Recorded, recorded_before
from services.enrolment.commands.record_doses import keep_administrations, open_authorisations
from services.enrolment.commands.take_back_dose import (
    Correction,
    TakenBack,
    Why,
    announce,
    first_dose_now,
    keep_why,
    said_of,
    take_back,
)
from services.enrolment.domain.claimed_times import entered_late
from services.enrolment.domain.dose_acts import check_changes
from services.enrolment.domain.dose_recording import DoseFlag
from services.enrolment.domain.first_dose import FirstDoseChange, first_dose_change
from services.enrolment.events.dose_correction_events import DoseCorrectedV1
from services.enrolment.store.boards import load_board
from services.enrolment.store.participants import standing_administrations, use_authorisation
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectDose:
    """`truth` is the whole administration as it was; what it leaves out was not stated."""

    participant_id: str
    administration_id: str
    truth: Administration
    why: Why


async def correct_dose(tx: Tx, command: CorrectDose, act: Act) -> Correction:
    """The dose as it was, in a record of its own; the first one stays as it was reported.

    The first dose, the windows and every count are computed anew, and may move to a later time as well.

    Raises:
        Refused: `dose_corrected_already`, `correction_without_change`.
    """
    taken = await take_back(tx, act, command.participant_id, command.administration_id)
    record_id = act.new_id()
    entered = await _entered(tx, taken, command.truth, record_id)
    (new_id,) = await keep_administrations(tx, taken.act, taken.participant, record_id, [entered])
    await keep_why(tx, taken, command.why, replaced_by=new_id)
    after = await first_dose_now(tx, taken.participant)
    times = {taken.row["at"], command.truth.at}
    body = DoseCorrectedV1(
        trial_id=taken.participant.trial_id,
        participant_id=taken.participant.id,
        administration_id=command.administration_id,
        withdrawn_at=taken.row["at"],
        administrations=said_of(await standing_administrations(tx, taken.participant.id), times),
        newly_unauthorised=_newly_unauthorised(taken, entered),
        first_dose_follows=first_dose_change(taken.before, after) is not FirstDoseChange.UNCHANGED,
        reason_code=command.why.code.value,
        corrected_at=taken.act.now,
    )
    await announce(tx, taken, command.why, body, after)
    return Correction(
        administration_id=command.administration_id,
        replaced_by=new_id,
        moved_to=None,
        first_dose_at=None if after is None else after.at,
        flags=tuple(sorted(flag.value for flag in entered.flags)),
    )


async def _entered(tx: Tx, taken: TakenBack, truth: Administration, record_id: str) -> Recorded:
    """The dose as it would have been recorded in the first place; late only if its first report was."""
    check_changes(on_record=recorded_before(taken.row).administration == _spoken_out(taken, truth))
    board = await load_board(tx, taken.participant.trial_id, taken.act.now)
    authorisations = await open_authorisations(tx, taken.participant)
    known = [recorded_before(row) for row in taken.others]
    book = DoseBook(taken.without_it, board, authorisations, known, record_id, taken.act.now)
    entered = book.enter(truth)
    beside = "Exactly this is on record beside it; void the wrong record."
    check_changes(on_record=entered.kept_in is not None, where=beside)
    for authorisation_id, doses in book.used.items():
        await use_authorisation(tx, authorisation_id, doses)
    flags = entered.flags - {DoseFlag.LATE_ENTRY}
    if entered_late(truth.at, taken.row["recorded_at"]):
        flags |= {DoseFlag.LATE_ENTRY}
    return replace(entered, flags=flags)


def _spoken_out(taken: TakenBack, truth: Administration) -> Administration:
    level = taken.participant.level if truth.level is None else truth.level
    return replace(truth, level=level, missed_because=None if truth.given else truth.missed_because)


def _newly_unauthorised(taken: TakenBack, entered: Recorded) -> bool:
    unauthorised = DoseFlag.UNAUTHORISED
    return unauthorised in entered.flags and unauthorised.value not in taken.row["flags"]
