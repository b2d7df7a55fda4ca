"""An investigator signs that a participant had a DLT in his or her judgement, by a criterion of the protocol."""

from dataclasses import dataclass
from datetime import date

from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.domain.delegation import ReportFlag, delegation_flag
from services.safety.domain.place import Place
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import CONFIRMING
from services.safety.store.dlt_judgements import StoredJudgement, add_judgement
from services.safety.store.places import delegations_of, place_of_participant
from shared.act import Act
from shared.audit import record
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SignDltJudgement:
    """`occurred_on` is the local date of the toxicity; `reason` never leaves this service."""

    participant_id: str
    criterion: str
    occurred_on: date
    reason: str


async def sign_dlt_judgement(tx: Tx, command: SignDltJudgement, act: Act) -> StoredJudgement:
    """Keep the judgement and judge the window on it: provisionally a DLT until the committee has said.

    Raises:
        Refused: `criterion_not_by_judgement`, `reason_required`, `time_in_future`, `forbidden` when the
            investigator's delegation is known to have ended.
        Problem: 403 without the role, 404 for a participant of another site.
    """
    principal = act.principal
    assert principal is not None
    if not principal.has_role(*CONFIRMING):
        permit(principal, CONFIRMING, scope=ANY, unit=ANY)
    place = await place_of_participant(tx, command.participant_id)
    if place is None:
        raise Problem("not_found")
    act = act.as_role(permit(principal, CONFIRMING, scope=place.trial.code, unit=place.site_number).role)
    delegations = await delegations_of(tx, place.trial.id, act.actor)
    if delegation_flag(delegations, place.site_number, now=act.now) is ReportFlag.DELEGATION_ENDED:
        raise Refused("forbidden", "The delegation for this site has ended.")
    _check(command, place, act)
    judgement = StoredJudgement(
        id=act.new_id(),
        participant_id=command.participant_id,
        criterion=command.criterion,
        occurred_on=command.occurred_on,
        signed_by=act.actor,
        signed_at=act.now,
        reason=command.reason.strip(),
    )
    await add_judgement(tx, judgement)
    await record(tx, act, judgement.id, "dlt-judgement.signed", {"criterion": judgement.criterion})
    await judge_participant(tx, JudgeWindow(participant_id=command.participant_id, cause="judgement"), act)
    return judgement


def _check(command: SignDltJudgement, place: Place, act: Act) -> None:
    criteria = place.definition.judgement_ids() if place.definition is not None else frozenset()
    if command.criterion not in criteria:
        raise Refused("criterion_not_by_judgement", "The DLT definition has no such criterion by judgement.")
    if not command.reason.strip():
        raise Refused("reason_required", "A judgement has its reason.")
    if command.occurred_on > act.now.astimezone(place.zone).date():
        raise Refused("time_in_future", "The toxicity lies in the future.")
