"""An amendment made on a version that is no longer the newest: refused, unless the event may be serious."""

from dataclasses import replace

from services.safety.domain.adverse_event import AdverseEvent
from services.safety.domain.intake import ReportDecision
from services.safety.domain.queries import Query, QueryCode
from services.safety.domain.refusals import Refused


def decide_on_seen_version(
    current: AdverseEvent, seen_version: int | None, decision: ReportDecision
) -> ReportDecision:
    """The decision, with a query when its author had not seen the newest version.

    Args:
        current: the newest version before the amendment.
        seen_version: the version that the author had before him or her; None if it was not said.
        decision: on the amendment.

    Raises:
        Refused: `version_conflict` for an event that is not serious; a serious one is kept with a query.
    """
    if seen_version is None or seen_version == current.version:
        return decision
    if not decision.seriousness.serious:
        raise Refused("version_conflict", "There is a newer version.", {"version": current.version})
    superseded = Query(code=QueryCode.VERSION_SUPERSEDED, field="version")
    return replace(decision, queries=(*decision.queries, superseded))
