"""What happened, in the order in which it happened: who did what, and which rule decided."""

from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story; `at` is domain time."""

    at: datetime
    who: str
    what: str
    rule: str = ""


@dataclass(slots=True)
class Course:
    """One participant's line in the picture."""

    number: str
    part: str
    dose: str
    registered_at: datetime
    first_dose_at: datetime | None = None
    ended_at: datetime | None = None
    verdict: str = "pending"
    dlt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A decision or a closing, drawn across all lines."""

    at: datetime
    text: str
    restricting: bool


@dataclass(slots=True)
class Timeline:
    """The story as it is told; lines are printed as they come when `console` is given."""

    console: Console | None = None
    lines: list[Line] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def tell(self, at: datetime, who: str, what: str, rule: str = "") -> None:
        line = Line(at, who, what, rule)
        self.lines.append(line)
        if self.console is not None:
            by = f"  [dim]{rule}[/dim]" if rule else ""
            self.console.print(f"{at:%d %b %Y %H:%M}  [bold]{who:<18}[/bold] {what}{by}", soft_wrap=True)

    def mark(self, at: datetime, text: str, *, restricting: bool = False) -> None:
        self.marks.append(Mark(at, text, restricting))

    def course_of(self, number: str) -> Course:
        return next(course for course in self.courses if course.number == number)
