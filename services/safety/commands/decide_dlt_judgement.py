"""The committee confirms or refuses a DLT that an investigator has judged; both reasons are kept."""

from dataclasses import dataclass, replace

from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.domain.dlt_judgement import CommitteeView
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import DECIDING_JUDGEMENTS
from services.safety.store.dlt_judgements import StoredJudgement, load_judgement, save_judgement
from services.safety.store.places import place_of_participant
from shared.act import Act
from shared.audit import record
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideDltJudgement:
    """`reason` never leaves this service."""

    judgement_id: str
    confirmed: bool
    reason: str


async def decide_dlt_judgement(tx: Tx, command: DecideDltJudgement, act: Act) -> StoredJudgement:
    """Keep the committee's answer and judge the window on it.

    Raises:
        Refused: `judgement_already_decided`, `second_person_required` for the person who signed it,
            `reason_required`.
        Problem: 403 without the role, 404 for a judgement of another trial.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*DECIDING_JUDGEMENTS):
        permit(principal, DECIDING_JUDGEMENTS, scope=ANY, unit=ANY)
    judgement = await load_judgement(tx, command.judgement_id, lock=True)
    place = None if judgement is None else await place_of_participant(tx, judgement.participant_id)
    if judgement is None or place is None:
        raise Problem("not_found")
    act = act.as_role(permit(principal, DECIDING_JUDGEMENTS, scope=place.trial.code, unit=ANY).role)
    if judgement.committee is not CommitteeView.AWAITED:
        raise Refused("judgement_already_decided", f"The judgement is {judgement.committee.value}.")
    if judgement.signed_by == act.actor:
        raise Refused("second_person_required", "Who signed a judgement does not decide on it.")
    if not command.reason.strip():
        raise Refused("reason_required", "The committee gives its reason.")
    decided = replace(
        judgement,
        committee=CommitteeView.CONFIRMED if command.confirmed else CommitteeView.REFUSED,
        decided_by=act.actor,
        decided_at=act.now,
        decision_reason=command.reason.strip(),
    )
    await save_judgement(tx, decided)
    await record(tx, act, decided.id, "dlt-judgement.decided", {"committee": decided.committee.value})
    await judge_participant(tx, JudgeWindow(participant_id=decided.participant_id, cause="judgement"), act)
    return decided
