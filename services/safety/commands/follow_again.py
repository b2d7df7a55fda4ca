"""Following a case again for a reason of its own: something was sent, answered or ended."""

from services.safety.commands.follow_case import Followed, follow_case
from services.safety.commands.open_report import place_of
from services.safety.domain.intake import decide_content
from services.safety.domain.report_record import Kept
from services.safety.store.adverse_events import load_report
from services.safety.store.assessments import classified_of_participant
from shared.act import Act
from shared.database import Tx


async def follow_again(tx: Tx, act: Act, report_id: str) -> Followed | None:
    """Derive class and obligations of an event anew; None where there is nothing to follow."""
    record = await load_report(tx, report_id, lock=True)
    if record is None:
        return None
    place = await place_of(tx, record)
    decision = decide_content(
        record.event.content, place.context(), now=act.now, received_at=record.received_at
    )
    return await follow_case(tx, act, Kept(record=record, decision=decision, trial=place.trial), place)


async def follow_participant(tx: Tx, act: Act, participant_id: str) -> None:
    """Derive the events of a participant anew that have a class: a fact about the participant bears on it."""
    for report_id in await classified_of_participant(tx, participant_id):
        await follow_again(tx, act, report_id)
