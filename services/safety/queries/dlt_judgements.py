"""Signed judgements as people read them."""

from services.safety.domain.roles import READING_VERDICTS
from services.safety.store.dlt_judgements import StoredJudgement, judgements_of, unit_of
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


async def list_dlt_judgements(tx: Tx, principal: Principal, participant_id: str) -> list[StoredJudgement]:
    """Every judgement about a participant; 404 when there is no such participant to be seen."""
    if not principal.has_role(*READING_VERDICTS):
        permit(principal, READING_VERDICTS, scope=ANY, unit=ANY)
    unit = await unit_of(tx, participant_id)
    if unit is None:
        raise Problem("not_found")
    trial_key, site_number = unit
    permit(principal, READING_VERDICTS, scope=trial_key, unit=site_number)
    return await judgements_of(tx, participant_id)
