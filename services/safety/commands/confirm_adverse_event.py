"""The participant's investigator confirms grades, DLT exclusions, or an opinion noted by telephone."""

from dataclasses import dataclass, replace

from services.safety.commands.amend_adverse_event import Amended
from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.open_report import open_report
from services.safety.commands.report_adverse_event import alerts_and_verdict
from services.safety.domain.confirmation import Confirmation, decide_confirmation
from services.safety.domain.delegation import ReportFlag, delegation_flag
from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused
from services.safety.domain.report_record import Kept
from services.safety.domain.roles import CONFIRMING
from services.safety.store.adverse_events import add_version
from services.safety.store.places import delegations_of
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAdverseEvent:
    report_id: str
    grades: bool
    causality: bool
    exclusions: tuple[str, ...]
    seen_version: int | None


async def confirm_adverse_event(tx: Tx, command: ConfirmAdverseEvent, act: Act) -> Amended:
    """Keep what was confirmed as the next version and judge the participant's window on it.

    Raises:
        Refused: `version_conflict`, `nothing_to_confirm`, `exclusion_not_in_definition`, `forbidden` when the
            investigator's delegation is known to have ended.
    """
    opened = await open_report(tx, act, command.report_id, CONFIRMING)
    record, place, act = opened.record, opened.place, opened.act
    if command.seen_version not in (None, record.event.version):
        raise Refused("version_conflict", "There is a newer version.", {"version": record.event.version})
    delegations = await delegations_of(tx, place.trial.id, act.actor)
    flag = delegation_flag(delegations, record.site_number, now=act.now)
    if flag is ReportFlag.DELEGATION_ENDED:
        raise Refused("forbidden", "The delegation for this site has ended.")
    event, decision = decide_confirmation(
        record.event,
        Confirmation(
            by=PersonId(act.actor),
            grades=command.grades,
            causality=command.causality,
            exclusions=command.exclusions,
        ),
        place.context(),
        received_at=record.received_at,
        now=act.now,
    )
    flags = tuple(dict.fromkeys([*record.flags, *([flag] if flag else [])]))
    kept = Kept(record=replace(record, event=event, flags=flags), decision=decision, trial=place.trial)
    await add_version(tx, kept.record, decision, place.dictionary.pinned)
    await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=event.changed)
    return Amended(kept=kept, alerts=await alerts_and_verdict(tx, act, kept, cause="report", place=place))
