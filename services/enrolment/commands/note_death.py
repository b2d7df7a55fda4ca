"""Keeping a death that is recorded, by itself or as the reason of a treatment's end."""

from datetime import date
from typing import Any

from services.enrolment.domain.death import CauseCategory
from services.enrolment.events.afterwards_events import ParticipantDiedV1
from services.enrolment.store.afterwards import add_death
from services.enrolment.store.participants import Participant
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


async def note_death(
    tx: Tx, act: Act, participant: Participant, died_on: date, cause: CauseCategory, *, ends_treatment: bool
) -> str:
    """Keep a death and announce it; the id of the record."""
    row = death_row(act, participant.id, died_on, cause, ended_treatment=ends_treatment)
    body = ParticipantDiedV1(
        trial_id=participant.trial_id,
        participant_id=participant.id,
        died_on=died_on,
        cause=cause.value,
        ended_treatment=ends_treatment,
        recorded_at=act.now,
    )
    event = NewEvent(aggregate_id=participant.id, scope=participant.trial_id, body=body)
    await put(tx, act, event, add_death.write(tx, row))
    return str(row["id"])


def death_row(
    act: Act, participant_id: str, died_on: date, cause: CauseCategory, *, ended_treatment: bool
) -> dict[str, Any]:
    return {
        "id": act.new_id(),
        "participant_id": participant_id,
        "died_on": died_on,
        "cause": cause.value,
        "ended_treatment": ended_treatment,
        "recorded_by": act.actor,
        "recorded_at": act.now,
        "withdrawn_at": None,
    }
