"""Giving an unmatched report its participant: by a person, or because the registration has arrived."""

from dataclasses import dataclass, replace

from services.safety.commands.amend_adverse_event import Amended
from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.open_report import open_report
from services.safety.commands.report_adverse_event import alerts_and_verdict
from services.safety.domain.adverse_event import AdverseEvent, changed_fields
from services.safety.domain.coding import code_report
from services.safety.domain.corrections import keep_what_stands
from services.safety.domain.ids import PersonId
from services.safety.domain.intake import decide_content
from services.safety.domain.matching import Matched, reported_key, require_matchable
from services.safety.domain.place import Place
from services.safety.domain.refusals import Refused
from services.safety.domain.report_record import Kept, ReportRecord
from services.safety.domain.roles import DESK
from services.safety.store.adverse_events import add_version, load_report, matchable_reports
from services.safety.store.places import locate, place_of_participant
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx

FOUND = "the participant of this number is known now"
BY_HAND = "matched by the safety desk"
MATCHED = "matched"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    report_id: str
    participant_number: str


async def match_report(tx: Tx, command: MatchReport, act: Act) -> Amended:
    """Match by hand.

    Raises:
        Refused: `report_not_unmatched`, `participant_not_found`.
    """
    opened = await open_report(tx, act, command.report_id, DESK)
    require_matchable(opened.record.matched)
    key = reported_key(command.participant_number)
    place = await locate(tx, trial_key="", participant_key=key, report_id=command.report_id)
    principal = act.principal
    assert principal is not None
    if place.participant is None or not principal.allows(DESK, place.trial.code, ANY):
        raise Refused("participant_not_found", "No participant has this number.")
    permit(principal, DESK, scope=place.trial.code, unit=ANY)
    return await _match(tx, opened.act, opened.record, place, reason=BY_HAND)


async def match_known(tx: Tx, act: Act, *, participant_number: str = "", limit: int = 50) -> int:
    """Match unmatched reports whose participants are registered by now; return how many.

    Args:
        tx: the transaction.
        act: circumstances.
        participant_number: reports for this number alone; empty for all.
        limit: at most so many.
    """
    done = 0
    for report_id, participant_id in await matchable_reports(
        tx, participant_number=participant_number, limit=limit
    ):
        record = await load_report(tx, report_id, lock=True)
        place = await place_of_participant(tx, participant_id, report_id=report_id)
        if record is not None and place is not None and record.matched is Matched.UNMATCHED:
            await _match(tx, act, record, place, reason=FOUND)
            done += 1
    return done


async def _match(tx: Tx, act: Act, record: ReportRecord, place: Place, *, reason: str) -> Amended:
    """The next version, coded again by the rules of the participant's trial and site."""
    assert place.participant is not None
    context, before = place.context(), record.event
    report = record.statement.report
    coded = code_report(report, context, now=before.recorded_at)
    content = keep_what_stands(before.content, coded, report, reason=reason, now=act.now)
    event = AdverseEvent(
        id=before.id,
        version=before.version + 1,
        content=content,
        recorded_by=PersonId(act.actor),
        recorded_at=act.now,
        reason=reason,
        changed=(MATCHED, *changed_fields(before.content, content)),
    )
    decision = decide_content(content, context, now=act.now, received_at=record.received_at)
    matched = replace(
        record,
        event=event,
        trial_id=place.trial.id,
        trial_key=place.trial_key,
        participant_id=place.participant.id,
        site_number=place.site_number,
        matched=Matched.MATCHED,
        clearance=None,
    )
    kept = Kept(record=matched, decision=decision, trial=place.trial)
    await add_version(tx, matched, decision, place.dictionary.pinned)
    await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=event.changed)
    return Amended(kept=kept, alerts=await alerts_and_verdict(tx, act, kept, cause="match", place=place))
