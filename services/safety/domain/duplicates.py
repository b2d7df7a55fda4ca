"""Two reports of one event: candidates are found, people merge them, and day 0 never moves later by it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.safety.domain.adverse_event import EventContent, GradeEntry
from services.safety.domain.causality import derive_causality, effective
from services.safety.domain.matching import Matched
from services.safety.domain.refusals import Refused
from services.safety.domain.report_record import ReportRecord
from services.safety.domain.seriousness import NO_VIEW, Answer, View

NEIGHBOURS = timedelta(days=7)
DUPLICATE_OF = "duplicate_of"
RELATIONS = ("led_to", "same_episode", "late_effect_of", "child_of", "reported_with")
"""How two reports may belong together without being the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Another report that may be the same event, and what makes it likely."""

    report_id: str
    because: tuple[str, ...]


def duplicate_candidates(
    report: ReportRecord, others: Iterable[ReportRecord], *, within: timedelta = NEIGHBOURS
) -> tuple[Candidate, ...]:
    """Reports of the same participant whose times overlap and whose term, or whose outcome, is the same.

    Args:
        report: the one asked about.
        others: reports of its participant; itself and cleared ones are passed over.
        within: how far apart two events may begin, or one end and the other begin.
    """
    found = []
    for other in others:
        if other.event.id == report.event.id or other.matched is Matched.CLEARED:
            continue
        because = _because(report.event.content, other.event.content, within)
        if because:
            found.append(Candidate(report_id=other.event.id, because=because))
    return tuple(found)


def _because(one: EventContent, other: EventContent, within: timedelta) -> tuple[str, ...]:
    if not _overlap(_span(one), _span(other), within):
        return ()
    same_term = bool(_words(one)) and _words(one) == _words(other)
    same_soc = one.term is not None and other.term is not None and one.term.soc == other.term.soc
    same_outcome = one.outcome is other.outcome and bool(one.reported_outcome.strip())
    reasons = [("same_term", same_term), ("same_organ_class", same_soc), ("same_outcome", same_outcome)]
    return tuple(name for name, holds in reasons if holds)


def _words(content: EventContent) -> str:
    return content.term.name if content.term else content.reported_term.strip().casefold()


def _span(content: EventContent) -> tuple[date, date]:
    """From onset to end; what is not dated is taken at the awareness of it, and what goes on has no end."""
    begins = content.onset.coded or content.aware.at.date()
    return begins, content.end.coded or begins


def _overlap(one: tuple[date, date], other: tuple[date, date], within: timedelta) -> bool:
    return one[0] - within <= other[1] and other[0] - within <= one[1]


def require_mergeable(master: ReportRecord, duplicate: ReportRecord) -> None:
    """Refuse what would lose a fact or a date.

    Raises:
        Refused: `merge_not_possible` for a report with itself, of another participant, or one that is closed;
            `merge_into_the_earlier` where the duplicate was received before the master.
    """
    same = master.event.id == duplicate.event.id
    closed = Matched.CLEARED in (master.matched, duplicate.matched)
    if same or closed or master.participant_id is None or master.participant_id != duplicate.participant_id:
        raise Refused("merge_not_possible", "Two open reports of one known participant can be merged.")
    if duplicate.received_at < master.received_at:
        raise Refused("merge_into_the_earlier", "The report that was received first is kept.")


def merged_content(master: EventContent, duplicate: EventContent) -> EventContent:
    """The master with everything graver that the duplicate says: earliest awareness, every criterion, every grade.

    Of two opinions on causality the one stands that suspects the product.
    """
    suspects = master if _suspected(master) or not _suspected(duplicate) else duplicate
    return replace(
        master,
        causality=suspects.causality,
        reported_causality=suspects.reported_causality,
        sponsor_causality=suspects.sponsor_causality or master.sponsor_causality,
        aware=min(master.aware, duplicate.aware, key=lambda aware: aware.at),
        seriousness=_union(master.seriousness, duplicate.seriousness),
        sponsor_seriousness=_union(master.sponsor_seriousness, duplicate.sponsor_seriousness),
        grades=(*master.grades, *_missing(master.grades, duplicate.grades)),
        term=master.term or duplicate.term,
        death_on=master.death_on if master.death_on.text else duplicate.death_on,
    )


def _suspected(content: EventContent) -> bool:
    """Whether the opinions on it, or their absence, make the product suspected."""
    found = derive_causality(effective(content.causality), effective(content.sponsor_causality))
    return found.suspected


def _missing(held: tuple[GradeEntry, ...], added: tuple[GradeEntry, ...]) -> tuple[GradeEntry, ...]:
    known = {(entry.reported, entry.on.text) for entry in held}
    return tuple(entry for entry in added if (entry.reported, entry.on.text) not in known)


def _union(one: View, other: View) -> View:
    """Both views together; a question that either leaves open stays open only if nothing is ticked."""
    if one == NO_VIEW and other == NO_VIEW:
        return NO_VIEW
    criteria = one.criteria | other.criteria
    unrecognised = tuple(dict.fromkeys((*one.unrecognised, *other.unrecognised)))
    answered = criteria or Answer.ASSESSED in (one.answer, other.answer)
    return View(
        answer=Answer.ASSESSED if answered else Answer.NOT_ASSESSED,
        criteria=criteria,
        unrecognised=unrecognised,
    )
