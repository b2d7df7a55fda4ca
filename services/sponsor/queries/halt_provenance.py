"""Why was this trial halted, by whom, for how long, and who was told? All of the answer is from the event log."""

from services.sponsor.domain.halt_story import (
    AROUND,
    BEFORE,
    IMPOSED,
    LIFTED,
    HaltStory,
    Nearby,
    Written,
    tell,
)
from services.sponsor.domain.trial import Trial
from services.sponsor.queries.visibility import READERS_AND_INVESTIGATORS, visible_trial
from services.sponsor.store.event_log import LogLine, Said, log_of, said_between
from services.sponsor.store.halts import load_halt
from shared.act import Act
from shared.database import Tx
from shared.problems import Problem


async def show_halt_story(tx: Tx, act: Act, halt_id: str) -> tuple[Trial, HaltStory]:
    """The whole story, for whoever may read the halt."""
    halt = await load_halt(tx, halt_id)
    trial = await visible_trial(tx, act, halt.trial_id if halt else "", READERS_AND_INVESTIGATORS)
    lines = await log_of(tx, halt_id)
    said = await _said(tx, trial, lines, act)
    own = {event.event_id: event for event in said if event.aggregate_id == halt_id}
    nearby = [Nearby(type=one.type, at=one.at, body=one.body) for one in said if one.type in AROUND]
    story = tell(halt_id, [_written(line, own) for line in lines], nearby)
    if story is None:
        raise Problem("not_found")
    return trial, story


async def _said(tx: Tx, trial: Trial, lines: list[LogLine], act: Act) -> list[Said]:
    if not lines:
        return []
    until = next((line.at for line in lines if line.action == LIFTED), act.now)
    return await said_between(tx, trial.id, (IMPOSED, LIFTED, *AROUND), lines[0].at - BEFORE, until)


def _written(line: LogLine, own: dict[str, Said]) -> Written:
    event = own.get(line.event_id or "")
    return Written(
        action=line.action,
        actor=line.actor,
        role=line.actor_role,
        at=line.at,
        content=line.details if event is None else event.body,
    )
