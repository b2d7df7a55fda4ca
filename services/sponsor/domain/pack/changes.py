"""What is different between two contents of a pack, and which differences make the older one out of date."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from services.sponsor.domain.pack.content import PackContent, SeenEvent, SeenParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference; `what` names a participant, an adverse event or a file, `field` what of it changed."""

    kind: str
    number: str
    what: str
    field: str
    before: str
    after: str


LATE = frozenset(
    {
        "adverse_event_added",
        "adverse_event_changed",
        "adverse_event_removed",
        "unmatched_added",
        "unmatched_changed",
        "first_dose_changed",
        "level_changed",
        "participant_removed",
    }
)
"""Kinds that put a pack out of date. People and doses that are new since are no news about what it shows; an
answer of safety that changes is late data of the decision itself."""

_WATCHED = {
    "part": "level_changed",
    "level": "level_changed",
    "verdict": "verdict_changed",
    "provisional_dlt": "verdict_changed",
    "first_dose_at": "first_dose_changed",
    "treatment_ended_at": "treatment_end_changed",
    "planned": "doses_changed",
    "received": "doses_changed",
    "missed": "doses_changed",
}
_NOT_NEWS = frozenset({"version", "number", "level", "day", "after_dose", "days_since_dose"})
"""Derived from the person's own lines, which are compared themselves."""


def changes(before: PackContent, after: PackContent) -> tuple[Change, ...]:
    """Every difference, in the order of people, adverse events, reports of nobody, files."""
    return (
        *_people(before.participants, after.participants),
        *_events("adverse_event", before.adverse_events, after.adverse_events),
        *_events("unmatched", before.unmatched, after.unmatched),
        *(
            _change("file_added", what=file.name, after=file.sha256)
            for file in after.files
            if file not in before.files
        ),
    )


def late_changes(pack: PackContent, now: PackContent) -> tuple[Change, ...]:
    """What has become known about those whom the pack shows since it was frozen."""
    shown = {one.number for one in pack.participants} | {""}
    return tuple(one for one in changes(pack, now) if one.kind in LATE and one.number in shown)


def _people(before: Sequence[SeenParticipant], after: Sequence[SeenParticipant]) -> Iterator[Change]:
    old = {one.participant_id: one for one in before}
    new = {one.participant_id: one for one in after}
    for one in after:
        if one.participant_id not in old:
            yield _change("participant_added", one.number, one.number, after=f"level {one.level}")
            continue
        for field, kind in _WATCHED.items():
            was, now = getattr(old[one.participant_id], field), getattr(one, field)
            if was != now:
                first = kind == "first_dose_changed" and was is None
                told = "first_dose_recorded" if first else kind
                yield _change(told, one.number, one.number, field, was, now)
    for one in before:
        if one.participant_id not in new:
            yield _change("participant_removed", one.number, one.number, before=f"level {one.level}")


def _events(kind: str, before: Sequence[SeenEvent], after: Sequence[SeenEvent]) -> Iterator[Change]:
    old: Mapping[str, SeenEvent] = {one.report_id: one for one in before}
    new = {one.report_id for one in after}
    for one in after:
        if one.report_id not in old:
            yield _change(f"{kind}_added", one.number, one.report_id, after=_called(one))
            continue
        for field in (it.name for it in fields(SeenEvent)):
            was, now = getattr(old[one.report_id], field), getattr(one, field)
            if was != now and field not in _NOT_NEWS:
                yield _change(f"{kind}_changed", one.number, one.report_id, field, was, now)
    for one in before:
        if one.report_id not in new:
            yield _change(f"{kind}_removed", one.number, one.report_id, before=_called(one))


def _called(event: SeenEvent) -> str:
    return f"{event.term or 'not coded'}, grade {event.grade if event.grade else 'not coded'}"


def _change(
    kind: str, number: str = "", what: str = "", field: str = "", before: Any = "", after: Any = ""
) -> Change:
    return Change(
        kind=kind, number=number, what=what, field=field, before=as_text(before), after=as_text(after)
    )


def as_text(value: Any) -> str:
    """A value as a cell of a table shows it: nothing, yes or no, parts with semicolons between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(value)
    return str(value)
