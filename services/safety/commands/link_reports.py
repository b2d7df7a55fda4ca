"""Saying that two reports belong together."""

from dataclasses import dataclass

from services.safety.commands.open_report import open_report
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import AMENDING
from services.safety.store.report_links import ReportLink, add_link
from services.safety.store.special_reports import load_special
from shared.act import Act
from shared.audit import record as audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReports:
    """From an adverse event to another report, of either sort."""

    report_id: str
    to_id: str
    relation: str
    reason: str = ""


async def link_reports(tx: Tx, command: LinkReports, act: Act) -> ReportLink:
    """Keep the link.

    Raises:
        Refused: `link_not_possible` for a report with itself, one of another trial, or a link that exists.
    """
    opened = await open_report(tx, act, command.report_id, AMENDING)
    special = await load_special(tx, command.to_id)
    if special is None:
        trial_key = (await open_report(tx, act, command.to_id, AMENDING)).record.trial_key
    else:
        trial_key = special.trial_key
    link = ReportLink(
        id=act.new_id(),
        from_id=command.report_id,
        to_id=command.to_id,
        relation=command.relation,
        reason=command.reason.strip(),
        linked_by=act.actor,
        linked_at=act.now,
    )
    other = command.report_id != command.to_id and trial_key == opened.record.trial_key
    if not other or not await add_link(tx, link):
        raise Refused("link_not_possible", "Two reports of one trial are linked once in each way.")
    details = {"to": command.to_id, "relation": command.relation}
    await audit(tx, opened.act, command.report_id, "adverse-event.linked", details)
    return link
