"""The picture of the report: a line per participant over time, doses by shade, DLTs and decisions marked.

Plain SVG without script or outside reference; what it shows is in the table below it too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from deploy.trialops.demo.timeline import Course, Mark, Timeline

WIDTH, LEFT, RIGHT, TOP, ROW = 1080, 150, 20, 60, 16
SHADES = {"50": "#9ecae1", "75": "#4292c6", "95": "#084594"}


def draw_courses(timeline: Timeline) -> str:
    """The SVG element for a told story."""
    courses, marks = timeline.courses, timeline.marks
    first = min(course.registered_at for course in courses) - timedelta(days=5)
    last = max([course.ended_at or course.registered_at for course in courses] + [mark.at for mark in marks])
    scale = _Scale(first, last + timedelta(days=5))
    height = TOP + ROW * len(courses) + 50
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="picture-title picture-text">',
        '<title id="picture-title">Participants, dose levels and dose-limiting toxicities over time</title>',
        f'<desc id="picture-text">{escape(verdict_in_words(courses))}</desc>',
        *_months(scale, height),
        *_marks(marks, scale, height),
    ]
    for row, course in enumerate(courses):
        parts.extend(_course(course, scale, TOP + ROW * row))
    parts.append("</svg>")
    return "\n".join(parts)


def verdict_in_words(courses: Sequence[Course]) -> str:
    """One sentence that says what the picture shows."""
    dlts = sum(course.verdict == "dlt" for course in courses)
    unevaluable = sum(course.verdict == "not_evaluable" for course in courses)
    return (
        f"{len(courses)} participants were registered; {dlts} had a dose-limiting toxicity and "
        f"{unevaluable} could not be evaluated."
    )


class _Scale:
    def __init__(self, first: datetime, last: datetime) -> None:
        self.first, self.last = first, last
        self._width = WIDTH - LEFT - RIGHT

    def x(self, at: datetime) -> float:
        return round(LEFT + self._width * ((at - self.first) / (self.last - self.first)), 1)


def _months(scale: _Scale, height: int) -> list[str]:
    lines = []
    month = scale.first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month < scale.last:
        if month > scale.first:
            x = scale.x(month)
            lines.append(f'<line class="month" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{height - 40}"/>')
            if month.month % 2:
                lines.append(f'<text class="axis" x="{x + 2}" y="{height - 26}">{month:%b %Y}</text>')
        month = (month + timedelta(days=32)).replace(day=1)
    return lines


def _marks(marks: Sequence[Mark], scale: _Scale, height: int) -> list[str]:
    lines = []
    for number, mark in enumerate(marks, start=1):
        x, kind = scale.x(mark.at), "closing" if mark.restricting else "decision"
        lines.append(f'<line class="{kind}" x1="{x}" y1="{TOP - 22}" x2="{x}" y2="{height - 40}"/>')
        y = TOP - 26 - 12 * (number % 2)
        lines.append(
            f'<text class="number" x="{x}" y="{y}"><title>{escape(mark.text)}</title>{number}</text>'
        )
    return lines


def _course(course: Course, scale: _Scale, y: int) -> list[str]:
    end = course.ended_at or course.first_dose_at or course.registered_at
    start = course.first_dose_at or course.registered_at
    shade, middle = SHADES.get(course.dose, "#777"), y + ROW / 2
    x1, x2 = scale.x(start), max(scale.x(end), scale.x(start) + 2)
    title = f"{course.number}, {course.dose} mg/m2: {course.verdict.replace('_', ' ')}"
    lines = [
        f'<text class="name" x="{LEFT - 8}" y="{middle + 4}">{escape(course.number)}</text>',
        f'<circle class="registered" cx="{scale.x(course.registered_at)}" cy="{middle}" r="2"/>',
        f'<rect fill="{shade}" x="{x1}" y="{y + 4}" width="{round(x2 - x1, 1)}" height="{ROW - 8}">'
        f"<title>{escape(title)}</title></rect>",
    ]
    if course.dlt_at is not None:
        x = scale.x(course.dlt_at)
        lines.append(f'<text class="dlt" x="{x}" y="{middle + 5}">&#x2716;<title>DLT</title></text>')
    elif course.verdict == "not_evaluable":
        lines.append(f'<text class="unevaluable" x="{x2 + 4}" y="{middle + 4}">not evaluable</text>')
    return lines
