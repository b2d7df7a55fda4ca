"""An unanswered question on seriousness that is overdue: the event is treated as serious from its day 0."""

from services.safety.commands.follow_case import follow_case
from services.safety.commands.open_report import place_of
from services.safety.commands.raise_for_report import raise_for_report
from services.safety.domain.intake import decide_content
from services.safety.domain.matching import Matched
from services.safety.domain.report_record import Kept
from services.safety.store.adverse_events import forget_seriousness_question, load_report, overdue_seriousness
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


async def treat_overdue_as_serious(tx: Tx, act: Act, *, limit: int = 50) -> int:
    """Raise the alerts that an answer would have raised; return how many reports were looked at."""
    overdue = await overdue_seriousness(tx, act.now, limit)
    for report_id in overdue:
        record = await load_report(tx, report_id, lock=True)
        if record is None:
            continue
        await forget_seriousness_question(tx, report_id)
        await audit(tx, act, report_id, "adverse-event.seriousness-overdue", {})
        if record.matched is Matched.CLEARED:
            continue
        place = await place_of(tx, record)
        decision = decide_content(
            record.event.content, place.context(), now=act.now, received_at=record.received_at
        )
        await raise_for_report(tx, act, report_id, decision.alerts, place.trial)
        await follow_case(tx, act, Kept(record=record, decision=decision, trial=place.trial), place)
    return len(overdue)
