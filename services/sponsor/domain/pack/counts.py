"""Counts of a pack, per level and together: what the page prints, and what its tables must add up to."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.sponsor.domain.pack.content import PackContent, SeenEvent, SeenParticipant

ALL = "all"
GRADES = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counts of one level, or of `all` participants of the pack.

    Attributes:
        level: `part/level`, or `all`.
        grades: adverse events of grade 1, 2, 3, 4, 5.
        not_graded: adverse events without a coded grade.
    """

    level: str
    label: str
    participants: int
    dosed: int
    dlt: int
    provisional_dlt: int
    no_dlt: int
    pending: int
    not_evaluable: int
    missing: int
    doses_received: int
    doses_missed: int
    adverse_events: int
    grades: tuple[int, ...]
    not_graded: int
    serious: int
    related: int
    open_queries: int


def count_pack(content: PackContent) -> tuple[Counts, ...]:
    """Counts per level in the order of part and level, then of everybody."""
    places = sorted({(one.part, one.level) for one in content.participants})
    lines = []
    for part, level in places:
        people = [one for one in content.participants if (one.part, one.level) == (part, level)]
        numbers = {one.number for one in people}
        own = part == content.part and level <= len(content.labels)
        label = content.labels[level - 1] if own else ""
        events = [one for one in content.adverse_events if one.number in numbers]
        lines.append(_counts(f"{part}/{level}", label, people, events))
    return (*lines, _counts(ALL, "", content.participants, content.adverse_events))


def _counts(level: str, label: str, people: Iterable[SeenParticipant], events: Iterable[SeenEvent]) -> Counts:
    people, events = tuple(people), tuple(events)
    verdicts = [one.verdict for one in people]
    return Counts(
        level=level,
        label=label,
        participants=len(people),
        dosed=sum(one.first_dose_at is not None for one in people),
        dlt=verdicts.count("dlt"),
        provisional_dlt=sum(one.provisional_dlt for one in people),
        no_dlt=verdicts.count("no_dlt"),
        pending=verdicts.count("pending"),
        not_evaluable=verdicts.count("not_evaluable"),
        missing=verdicts.count("missing"),
        doses_received=sum(one.received for one in people),
        doses_missed=sum(one.missed for one in people),
        adverse_events=len(events),
        grades=tuple(sum(one.grade == grade for one in events) for grade in GRADES),
        not_graded=sum(one.grade is None for one in events),
        serious=sum(one.serious for one in events),
        related=sum(one.related for one in events),
        open_queries=sum(len(one.queries) for one in events),
    )
