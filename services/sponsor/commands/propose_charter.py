"""Proposing a version of a committee's charter; it is in force once its chair and medical monitor have signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.sponsor.commands.permission import CHARTER_WRITERS, permitted_trial
from services.sponsor.domain.committee import Charter, Member, QuorumRule, charter_hash, decide_charter
from services.sponsor.domain.ids import PersonId
from services.sponsor.store.charters import add_charter, charters_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeCharter:
    trial_id: str
    members: Sequence[Member]
    quorum: QuorumRule
    words: str


async def propose_charter(tx: Tx, command: ProposeCharter, act: Act) -> Charter:
    """Keep the next version of the trial's charter.

    Raises:
        Refused: what `decide_charter` refuses.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, CHARTER_WRITERS)
    earlier = await charters_of(tx, trial.id)
    charter = decide_charter(
        Charter(
            id=act.new_id(),
            trial_id=trial.id,
            n=1 + max((one.n for one in earlier), default=0),
            members=tuple(command.members),
            quorum=command.quorum,
            words=command.words,
            proposed_by=PersonId(act.actor),
            proposed_at=act.now,
        )
    )
    await add_charter(tx, charter)
    details = {"trial_id": trial.id, "n": charter.n, "sign_over": charter_hash(charter)}
    await record(tx, act, charter.id, "committee-charter.proposed", details)
    return charter
