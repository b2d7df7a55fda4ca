"""Answer a query about an amount given more than 10 % from planned."""

from dataclasses import dataclass, replace

from services.enrolment.commands.permission import allow, unknown
from services.enrolment.domain.dose_acts import check_unanswered
from services.enrolment.domain.dose_confirmation import DoseQuery
from services.enrolment.domain.roles import DOSING_STAFF
from services.enrolment.store.dose_confirmations import answer_query, load_query
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDoseQuery:
    query_id: str
    answer: str


async def answer_dose_query(tx: Tx, command: AnswerDoseQuery, act: Act) -> DoseQuery:
    """The query with its answer; a wrong amount is put right by a correction, which answers it as well.

    Raises:
        Refused: `dose_query_answered`.
        Problem: `not_found`, also for another site's.
    """
    found = await load_query(tx, command.query_id)
    if found is None:
        raise unknown(act, DOSING_STAFF)
    allowed = await allow(tx, act, DOSING_STAFF, found.trial_id, found.site_number)
    check_unanswered(answered=found.state != "open")
    await answer_query(tx, found.id, command.answer, act.actor, act.now)
    details = {"query_id": found.id, "administration_id": found.administration_id}
    await record_audit(tx, allowed.act, found.participant_id, "dose-query.answered", details)
    return replace(found, state="answered", answer=command.answer, answered_by=act.actor, answered_at=act.now)
