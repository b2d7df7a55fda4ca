"""Why was this participant given this level? Everything the answer rests on, from events and kept results alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.enrolment.queries.records import show_flagged_guards
from services.enrolment.queries.visibility import unseen, view_site
from services.enrolment.store.grounds import DecisionGround, decision_ground
from services.enrolment.store.participants import Attempt, Participant, find_participant
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A registration with the decision it rests on; no decision for a part without dose levels.

    `flags` are marks set on the registration since, each as (flag, why, when).
    """

    participant: Participant
    attempt: Attempt
    decision: DecisionGround | None
    flags: Sequence[tuple[str, str, datetime]]

    @property
    def ground(self) -> Mapping[str, Any]:
        return self.decision.ground if self.decision else {}


async def show_provenance(tx: Tx, act: Act, participant_id: str) -> Provenance:
    """The whole answer; another site's participant is as if absent."""
    participant = await find_participant(tx, participant_id)
    await view_site(
        tx, act, participant.trial_id if participant else None, participant.site_number if participant else ""
    )
    if participant is None:
        raise unseen(act)
    attempt, flags = await show_flagged_guards(tx, act, participant.registration_id)
    decision = await decision_ground(tx, participant.decision_id) if participant.decision_id else None
    return Provenance(participant=participant, attempt=attempt, decision=decision, flags=flags)
