"""A participant was transferred: the reports about them are the receiving site's to follow up."""

from services.safety.store.adverse_events import move_report, reports_of_participant
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


async def move_reports(tx: Tx, act: Act, *, participant_id: str, to_site_number: str) -> int:
    """How many matched reports moved; what they say stays untouched."""
    moved = await reports_of_participant(tx, participant_id, but_of=to_site_number)
    for report_id, from_site_number in moved:
        await move_report(tx, report_id, to_site_number)
        details = {"from": from_site_number, "to": to_site_number}
        await record_audit(tx, act, report_id, "report.moved", details)
    return len(moved)
