"""A report as a case tells of it."""

from collections.abc import Mapping, Sequence

from services.safety.domain.assessment import ALL_PRODUCTS, Assessment, AssessmentKind
from services.safety.domain.case_content import Source
from services.safety.domain.case_export import ReportedEvent
from services.safety.domain.causality import SUSPECTED_ALWAYS, Causality, Party, Standing
from services.safety.store.adverse_events import load_report
from services.safety.store.assessments import assessments_of
from shared.database import Tx

_SOURCES = {Party.INVESTIGATOR: Source.INVESTIGATOR, Party.SPONSOR: Source.SPONSOR}


async def reported_event(tx: Tx, report_id: str) -> ReportedEvent:
    """The newest version, the criteria that either party names, and opinions by product; reports are never deleted."""
    record = await load_report(tx, report_id)
    assert record is not None, "a case's report is never deleted"
    said = record.event.content
    criteria = said.seriousness.criteria | said.sponsor_seriousness.criteria
    return ReportedEvent(
        id=report_id,
        version=record.event.version,
        content=said,
        criteria=frozenset(criterion.value for criterion in criteria),
        by_product=_by_product(await assessments_of(tx, report_id)),
    )


def _by_product(held: Sequence[Assessment]) -> Mapping[tuple[str, Source], Causality]:
    """The newest opinion of each party on each product; one merely noted by telephone lowers nothing."""
    found = {}
    for one in sorted(held, key=lambda each: each.version):
        if one.kind is AssessmentKind.CAUSALITY and one.product != ALL_PRODUCTS:
            value = Causality(one.value[0])
            counts = one.standing is not Standing.STATED or value in SUSPECTED_ALWAYS
            found[one.product.casefold(), _SOURCES[one.party]] = value if counts else Causality.NOT_ASSESSED
    return found
