"""The files of a trial that is taken over, as this service reads and checks them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from services.safety.domain.adverse_event import Outcome
from services.safety.domain.causality import Causality
from services.safety.domain.dlt import Verdict
from services.safety.domain.dlt_definition import DltDefinition, WindowStart
from services.safety.domain.dlt_window import DltWindow
from services.safety.domain.identifiers import may_identify
from services.safety.domain.seriousness import Criterion
from shared.csv_tables import (
    BadRow,
    Column,
    CsvRow,
    CsvTable,
    Unreadable,
    one_of,
    read_day,
    read_instant,
    read_table,
    read_words,
    read_yes_no,
    read_zone,
    text_of,
    whole_number,
)
from shared.json_body import StrictModel
from shared.signed_folders import read_document

TRIAL, SITES, PEOPLE, DOSES = "trial.json", "sites.csv", "participants.csv", "doses.csv"
EVENTS, VERDICTS, CLOCKS = "adverse_events.csv", "verdicts.csv", "open_clocks.csv"
REQUIRED = (TRIAL, SITES, PEOPLE)

_PERSON = text_of(r"[\x21-\x7e]{1,200}")
_NUMBER = text_of(r"[A-Z0-9][A-Z0-9._/-]{1,39}")
_SERIOUS = {criterion.value for criterion in Criterion}


def _words(cell: str) -> str:
    if may_identify([cell]):
        raise Unreadable("identifier")
    return cell


def _seriousness(cell: str) -> tuple[str, ...]:
    words = read_words(cell)
    if not _SERIOUS.issuperset(words):
        raise Unreadable("word_unknown")
    return words


_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    SITES: (
        Column(name="site_number", read=str),
        Column(name="organisation", read=str),
        Column(name="country", read=str),
        Column(name="zone", read=read_zone),
        Column(name="principal_investigator", read=str),
        Column(name="recruitment_cap", read=str, needed=False, expected=False),
    ),
    PEOPLE: (
        Column(name="number", read=_NUMBER),
        Column(name="screening_number", read=str),
        Column(name="site_number", read=str),
        Column(name="part", read=str),
        Column(name="level", read=str, needed=False),
        Column(name="decision", read=str, needed=False),
        Column(name="protocol_version", read=str),
        Column(name="registered_at", read=read_instant),
        Column(name="birth_year", read=str),
        Column(name="birth_month", read=str),
        Column(name="state", read=one_of(("registered", "voided"))),
        Column(name="voided_at", read=str, needed=False),
        Column(name="void_reason", read=str, needed=False),
    ),
    DOSES: (
        Column(name="number", read=_NUMBER),
        Column(name="at", read=read_instant),
        Column(name="given", read=read_yes_no),
        Column(name="missed_because", read=str, needed=False),
        Column(name="level", read=str, needed=False),
        Column(name="amount", read=str, needed=False),
        Column(name="batch", read=str, needed=False),
    ),
    EVENTS: (
        Column(name="reference", read=text_of(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")),
        Column(name="number", read=_NUMBER),
        Column(name="verbatim", read=_words),
        Column(name="term", read=_words),
        Column(name="grade", read=whole_number(1, 5)),
        Column(name="onset", read=read_day),
        Column(name="end", read=read_day, needed=False),
        Column(name="seriousness", read=_seriousness),
        Column(name="causality", read=one_of([causality.value for causality in Causality])),
        Column(name="outcome", read=one_of([outcome.value for outcome in Outcome])),
        Column(name="death_on", read=read_day, needed=False, expected=False),
        Column(name="aware_at", read=read_instant),
        Column(name="investigator", read=_PERSON),
        Column(name="state", read=one_of(("open", "closed"))),
    ),
    VERDICTS: (
        Column(name="number", read=_NUMBER),
        Column(name="verdict", read=one_of(("dlt", "no_dlt", "not_evaluable"))),
        Column(name="criteria", read=read_words),
        Column(name="evidence", read=text_of(r"[\x21-\x7e]{1,200}")),
        Column(name="judged_by", read=_PERSON),
        Column(name="judged_at", read=read_instant),
    ),
    CLOCKS: (
        Column(name="kind", read=str),
        Column(name="reference", read=str),
        Column(name="due_at", read=read_instant),
    ),
}
_ONCE: Mapping[str, Sequence[Sequence[str]]] = {
    PEOPLE: [("number",)],
    EVENTS: [("reference",)],
    VERDICTS: [("number",)],
}


class TrialFile(StrictModel):
    """What is taken over, from where, and the two people who answer for it."""

    format: Literal["trialops-take-over/1"]
    trial: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    signed_by: Annotated[list[str], Field(min_length=2, max_length=2)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The files, each read by itself; a file that is not there is an empty table."""

    header: TrialFile | None
    tables: Mapping[str, CsvTable]
    bad: tuple[BadRow, ...]

    def __getitem__(self, file: str) -> CsvTable:
        return self.tables[file]


def read_folder(files: Mapping[str, str]) -> Folder:
    """Everything that this service takes from the folder, with everything wrong with single rows of its own files."""
    bad = [BadRow(file=name, row=0, column="", rule="file_missing") for name in REQUIRED if name not in files]
    header, wrong = read_document(TRIAL, files.get(TRIAL, "{}"), TrialFile)
    tables = {
        name: read_table(name, files[name], columns, once=_ONCE.get(name, ()))
        if name in files
        else CsvTable(file=name)
        for name, columns in _COLUMNS.items()
    }
    bad += [*wrong, *(one for table in tables.values() for one in table.bad)]
    return Folder(header=header, tables=tables, bad=tuple(bad))


# -- the files against each other -----------------------------------------------------------------------


def check_folder(
    folder: Folder, definitions: Mapping[str, DltDefinition | None], now: datetime
) -> list[BadRow]:
    """Everything wrong with events, verdicts and windows, by file and row.

    Args:
        folder: as read.
        definitions: of each protocol version known here, None where nobody counts DLTs.
        now: windows that are over by now have their verdict.
    """
    people = {row["number"]: row for row in folder[PEOPLE].rows}
    bad = [
        folder[EVENTS].at(row, column, rule)
        for row in folder[EVENTS].rows
        for column, rule in _event(people, row, now)
    ]
    bad += _verdicts(folder, people, definitions, now)
    # What no service holds today is refused by name: a duty must not get lost between two systems.
    bad += [folder[CLOCKS].at(row, "kind", "clock_not_held_here") for row in folder[CLOCKS].rows]
    return bad


def _event(people: Mapping[str, CsvRow], row: CsvRow, now: datetime) -> Iterator[tuple[str, str]]:
    if row["number"] not in people:
        yield "number", "participant_unknown"
    if row["aware_at"] > now:
        yield "aware_at", "time_in_future"
    if row["end"] is not None and row["end"] < row["onset"]:
        yield "end", "order"
    if row["onset"] > now.date():
        yield "onset", "time_in_future"


def _verdicts(
    folder: Folder,
    people: Mapping[str, CsvRow],
    definitions: Mapping[str, DltDefinition | None],
    now: datetime,
) -> Iterator[BadRow]:
    zones = {row["site_number"]: row["zone"] for row in folder[SITES].rows}
    first = _first_doses(folder)
    judged = {row["number"]: row for row in folder[VERDICTS].rows}
    for number, person in people.items():
        definition = definitions.get(person["protocol_version"])
        if definition is None or person["level"] is None or person["state"] == "voided":
            continue
        if definition.starts is not WindowStart.FIRST_DOSE:
            yield folder[PEOPLE].at(person, "protocol_version", "window_not_computable")
            continue
        over = _is_over(definition, first.get(number), zones.get(person["site_number"]), now)
        if number in judged:
            rules = _judged(definition, judged[number], over=over, dosed=number in first)
            yield from (folder[VERDICTS].at(judged[number], column, rule) for column, rule in rules)
        elif over:
            yield folder[PEOPLE].at(person, "number", "verdict_missing")
    for number, row in judged.items():
        if number not in people:
            yield folder[VERDICTS].at(row, "number", "participant_unknown")


def _first_doses(folder: Folder) -> dict[str, datetime]:
    first: dict[str, datetime] = {}
    for row in folder[DOSES].rows:
        if row["given"]:
            first[row["number"]] = min(row["at"], first.get(row["number"], row["at"]))
    return first


def _is_over(definition: DltDefinition, started_at: datetime | None, zone: str | None, now: datetime) -> bool:
    if started_at is None or zone is None:
        return False
    window = DltWindow(started_at=started_at, zone=ZoneInfo(zone), days=definition.window_days)
    return window.is_closed(now)


def _judged(definition: DltDefinition, row: CsvRow, *, over: bool, dosed: bool) -> Iterator[tuple[str, str]]:
    """A DLT, or that somebody cannot be judged, may be known before the window ends; that there was none may not."""
    verdict = Verdict(row["verdict"])
    if verdict is Verdict.NO_DLT and not over:
        yield "verdict", "window_open"
    if verdict is Verdict.DLT and not dosed:
        yield "verdict", "not_dosed"
    if (verdict is Verdict.DLT) != bool(row["criteria"]):
        yield "criteria", "state"
    if not {criterion.id for criterion in definition.criteria}.issuperset(row["criteria"]):
        yield "criteria", "criterion_unknown"
