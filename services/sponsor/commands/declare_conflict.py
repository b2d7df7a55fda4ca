"""Declaring, before the data are seen, whether one has a conflict of interest."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.permission import SIGNERS, permitted
from services.sponsor.domain.committee import Charter
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.meeting import Declaration, Meeting, declare
from services.sponsor.store.charters import load_charter
from services.sponsor.store.meetings import add_declaration, load_meeting
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareConflict:
    """`words` say what the conflict is; they may be empty where there is none."""

    meeting_id: str
    conflict: bool
    words: str


async def declare_conflict(tx: Tx, command: DeclareConflict, act: Act) -> Meeting:
    """Keep what the caller declares; nobody declares for somebody else.

    Raises:
        Refused: what `declare` refuses.
    """
    load = partial(load_meeting, tx, command.meeting_id)
    meeting, _, act = await permitted(tx, act, load, SIGNERS, anywhere=True)
    said = Declaration(
        person_id=PersonId(act.actor),
        conflict=command.conflict,
        words=command.words,
        declared_at=act.now,
    )
    declared = declare(meeting, await charter_of(tx, meeting), said)
    await add_declaration(tx, declared)
    details = {"person": said.person_id, "conflict": said.conflict}
    await record(tx, act, meeting.id, "committee-meeting.declared", details)
    return declared


async def charter_of(tx: Tx, meeting: Meeting) -> Charter:
    """The charter version under which a meeting was called."""
    charter = await load_charter(tx, meeting.charter_id)
    if charter is None:
        raise LookupError("a meeting was called under a charter that is gone")
    return charter
