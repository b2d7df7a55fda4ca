"""The page of a pack: one HTML file to read or print, with nothing loaded from elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from services.sponsor.domain.canonical import instant
from services.sponsor.domain.pack.changes import Change, as_text
from services.sponsor.domain.pack.content import PackContent, SeenEvent, SeenParticipant
from services.sponsor.domain.pack.counts import Counts
from services.sponsor.domain.pack.laboratory import Trend
from services.sponsor.domain.pack.sparkline import sparkline
from services.sponsor.domain.snapshot import Snapshot

_STYLE = """
body { font: 0.95rem/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; border-top: 2px solid #1f4e5f; padding-top: .5rem; margin-top: 2rem }
h3 { font-size: 1rem; margin-bottom: .25rem } dt { font-weight: 600 } dd { margin: 0 0 .4rem; overflow-wrap: anywhere }
dl { columns: 2 } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; vertical-align: top } td { border-top: 1px solid #ddd }
th { border-bottom: 1px solid #888 } .scroll { overflow-x: auto } code { overflow-wrap: anywhere }
.grave { font-weight: 600; color: #8a1c1c } .note { color: #444 } svg { vertical-align: middle }
@media print { body { margin: 0; max-width: none; font-size: 9pt } tr, svg { break-inside: avoid } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that the page shows."""

    content: PackContent
    snapshot: Snapshot
    snapshot_sha256: str
    data_sha256: str
    counts: Sequence[Counts]
    changes: Sequence[Change]
    laboratory: Sequence[Trend]


def as_page(page: Page) -> str:
    """A complete HTML document."""
    content = page.content
    title = f"Committee pack {content.n}: {content.trial_code}, {content.part}"
    sections = (
        ("Data and recommendation", _facts(_about(page))),
        ("Counts", _counts(page.counts)),
        ("What changed since the last pack", _changed(page)),
        ("Participants", _people(content)),
        ("Adverse events by participant", _events(content)),
        ("Reports that match nobody", _unmatched(content)),
        ("Laboratory trends", _laboratory(page.laboratory)),
        ("Attached files", _files(content)),
    )
    body = "\n".join(f"<section><h2>{escape(name)}</h2>{text}</section>" for name, text in sections)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head>
<body><h1>{escape(title)}</h1>
<p>{escape(content.title)}. Confidential: for the committee. No names and no arms.</p>
{body}
</body></html>
"""


def _about(page: Page) -> Iterator[tuple[str, str]]:
    content, found = page.content, page.snapshot.recommendation
    source, counts = found.cell.source, found.cell.counts
    yield "Protocol version", content.protocol_version
    yield "Stage of the data", _shown(content.cut_at, content.zone)
    if content.previous_cut_at:
        yield "Stage of the last pack", _shown(content.previous_cut_at, content.zone)
    yield "Treatment", content.product
    yield "Dose levels", "; ".join(f"{n}: {label}" for n, label in enumerate(content.labels, start=1))
    yield "The design says", f"{found.kind}{'' if found.level is None else f', level {found.level}'}"
    yield "Design and version", f"{source.id} {source.version}"
    yield (
        "Cell that was read",
        f"level {found.cell.level}: n = {counts.n}, DLT = {counts.dlt}, pending = {counts.pending}",
    )
    yield "SHA-256 of the table or boundary", source.sha256
    yield "SHA-256 of the snapshot", page.snapshot_sha256
    yield "SHA-256 of the data", page.data_sha256
    yield "Software", content.software_version


def _counts(counts: Sequence[Counts]) -> str:
    header = (
        *("Level", "Dose", "Participants", "Dosed", "DLT", "Unconfirmed DLT", "No DLT", "Pending"),
        *("Not evaluable", "No verdict", "Doses received", "Doses missed", "AEs"),
        *("Grade 1", "2", "3", "4", "5", "Not graded", "Serious", "Related", "Queries"),
    )
    rows = [
        (
            *(one.level, one.label, one.participants, one.dosed, one.dlt, one.provisional_dlt, one.no_dlt),
            *(one.pending, one.not_evaluable, one.missing, one.doses_received, one.doses_missed),
            *(one.adverse_events, *one.grades, one.not_graded, one.serious, one.related, one.open_queries),
        )
        for one in counts
    ]
    return _table(header, rows)


def _changed(page: Page) -> str:
    if page.content.previous_sha256 is None:
        return '<p class="note">This is the first pack of this part.</p>'
    if not page.changes:
        return "<p>Nothing.</p>"
    header = ("Participant", "What", "Of", "Field", "Before", "Now")
    rows = [
        (one.number, one.kind.replace("_", " "), one.what, one.field.replace("_", " "), one.before, one.after)
        for one in page.changes
    ]
    return _table(header, rows)


def _people(content: PackContent) -> str:
    header = (
        *("Participant", "Site", "Level", "DLT verdict", "First dose", "Window ends"),
        *("Doses planned in window", "Received", "Missed", "Treatment ended", "Because"),
    )
    return _table(header, [_person(one, content.zone) for one in content.participants])


def _person(one: SeenParticipant, zone: str) -> tuple[object, ...]:
    verdict = f"{one.verdict}, DLT not confirmed" if one.provisional_dlt else one.verdict
    return (
        *(one.number, one.site_number, f"{one.part}/{one.level}", verdict),
        *(_shown(one.first_dose_at, zone), _shown(one.window_closes_at, zone)),
        *(one.planned, one.received, one.missed),
        *(_shown(one.treatment_ended_at, zone), one.treatment_end_reason),
    )


_EVENT_HEADER = (
    *("Term", "Grade", "Serious", "Related", "Investigator", "Sponsor", "Onset", "Day"),
    *("After dose", "Days since dose", "Outcome", "Reported", "Queries", "Report", "Version"),
)


def _events(content: PackContent) -> str:
    parts = []
    for person in content.participants:
        own = [one for one in content.adverse_events if one.number == person.number]
        head = f"<h3>{escape(person.number)}, level {person.level}: {len(own)} adverse events</h3>"
        parts.append(
            head + (_table(_EVENT_HEADER, [_event(one, content.zone) for one in own]) if own else "")
        )
    return "".join(parts) or "<p>Nobody has been registered.</p>"


def _unmatched(content: PackContent) -> str:
    if not content.unmatched:
        return "<p>None.</p>"
    return _table(_EVENT_HEADER, [_event(one, content.zone) for one in content.unmatched])


def _event(one: SeenEvent, zone: str) -> tuple[object, ...]:
    serious = f"yes: {', '.join(one.seriousness) or 'not answered'}" if one.serious else "no"
    return (
        *(one.term or "not coded", one.grade or "not coded", serious, one.related),
        *(one.investigator_opinion, one.sponsor_opinion, one.onset_on or "not stated", one.day),
        *(one.after_dose or "", one.days_since_dose, one.outcome, _shown(one.aware_at, zone)),
        *(", ".join(one.queries), one.report_id, one.version),
    )


def _laboratory(laboratory: Sequence[Trend]) -> str:
    if not laboratory:
        return '<p class="note">No laboratory values are attached.</p>'
    rows = "".join(_trend(one) for one in laboratory)
    header = (
        "Participant",
        "Test",
        "Unit",
        "Values",
        "First",
        "Lowest",
        "Highest",
        "Last",
        "Outside",
        "Trend",
    )
    cells = "".join(f"<th>{name}</th>" for name in header)
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>'


def _trend(trend: Trend) -> str:
    values = trend.values
    outside = sum(one.outside for one in values)
    marked = [
        f"{one.value} ({one.taken_on.isoformat()})"
        for one in (values[0], trend.lowest, trend.highest, values[-1])
    ]
    cells = (trend.number, trend.test, trend.unit, len(values), *marked, outside)
    plain = "".join(f"<td>{escape(as_text(cell))}</td>" for cell in cells)
    return f"<tr>{plain}<td>{sparkline(trend)}</td></tr>"


def _files(content: PackContent) -> str:
    if not content.files:
        return "<p>None.</p>"
    rows = [(one.name, one.kind, one.media_type, one.size, one.sha256) for one in content.files]
    return _table(("File", "About", "Type", "Bytes", "SHA-256"), rows)


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    lines = (f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts if text)
    return f"<dl>{''.join(lines)}</dl>"


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(as_text(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _shown(moment: str | None, zone: str) -> str:
    """An instant in the trial's zone, with the zone: 2026-10-25 23:50 GMT."""
    if moment is None:
        return ""
    local: datetime = instant(moment).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M %Z}"
