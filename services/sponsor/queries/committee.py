"""Charters, meetings and the quality of the data now, as members and readers see them."""

from dataclasses import dataclass

from services.sponsor.domain.committee import Charter, charter_in_force
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.meeting import Meeting, require_declaration
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import QualityStatement, standings_sha256
from services.sponsor.domain.trial import Trial
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.queries.visibility import READERS, READERS_AND_INVESTIGATORS, visible_trial
from services.sponsor.store.charters import charters_of, load_charter
from services.sponsor.store.meetings import load_meeting, meeting_about, meetings_after
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.quality import statement_over
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityState:
    """The data of a part as they stand now, and the statement about exactly them; None while there is none."""

    trial_id: str
    part: str
    participants: int
    standings_sha256: str
    statement: QualityStatement | None


async def list_charters(tx: Tx, act: Act, trial_id: str) -> tuple[list[Charter], Charter | None]:
    """Every version of a trial's charter, oldest first, and the one in force."""
    trial = await visible_trial(tx, act, trial_id, READERS_AND_INVESTIGATORS)
    charters = await charters_of(tx, trial.id)
    return charters, charter_in_force(charters, act.now)


async def show_meeting(tx: Tx, act: Act, meeting_id: str) -> Meeting:
    meeting = await load_meeting(tx, meeting_id)
    await visible_trial(tx, act, meeting.trial_id if meeting else "", READERS_AND_INVESTIGATORS)
    if meeting is None:
        raise Problem("not_found")
    return meeting


async def list_meetings(tx: Tx, act: Act, trial_id: str, cursor: str, limit: int) -> Page[Meeting]:
    """A trial's meetings in the order in which they were called."""
    trial = await visible_trial(tx, act, trial_id, READERS_AND_INVESTIGATORS)

    async def load(after: str, most: int) -> list[Meeting]:
        return await meetings_after(tx, trial.id, after, most)

    return await page_of(load, cursor, limit)


async def show_quality(tx: Tx, act: Act, trial_id: str, part: str) -> QualityState:
    """What somebody who verifies the data signs over.

    Raises:
        Refused: `protocol_version_not_in_force`, `part_unknown`, `part_without_levels`.
    """
    trial = await visible_trial(tx, act, trial_id, READERS)
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "Approve a protocol version first.")
    _ = picture.part(part).level_rule
    standings = picture.standings(part)
    present = standings_sha256(standings)
    return QualityState(
        trial_id=trial.id,
        part=part,
        participants=len(standings),
        standings_sha256=present,
        statement=await statement_over(tx, trial.id, part, present),
    )


async def visible_to_committee(tx: Tx, act: Act, trial_id: str) -> Trial:
    """The trial, for whoever reads it by role, and for investigators who sit on its committee now.

    Raises:
        Problem: 403 `forbidden`, 404 `not_found`.
    """
    trial = await visible_trial(tx, act, trial_id, READERS_AND_INVESTIGATORS)
    grants = act.principal.granted(*READERS) if act.principal is not None else frozenset()
    if any(grant.scope in (ANY, trial.code) for grant in grants):
        return trial
    charter = charter_in_force(await charters_of(tx, trial.id), act.now)
    if charter is None or charter.member(PersonId(act.actor), act.now) is None:
        raise Problem("forbidden")
    return trial


async def require_declared(tx: Tx, act: Act, trial_id: str, part: str, snapshot_id: str) -> None:
    """Refuse to show data to a member who has not declared for the meeting about them.

    Raises:
        Refused: `declaration_required`.
    """
    meeting = await meeting_about(tx, trial_id, part, snapshot_id)
    charter = None if meeting is None else await load_charter(tx, meeting.charter_id)
    if meeting is not None and charter is not None:
        require_declaration(meeting, charter, PersonId(act.actor), act.now)
