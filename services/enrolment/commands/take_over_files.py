"""The files of a trial that is taken over, as this service reads them: each row by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.enrolment.commands.end_treatment import EndReason
from services.enrolment.domain.consent import ConsentPurpose, SignerCapacity
from services.enrolment.domain.decisions import DecisionKind
from services.enrolment.domain.ids import PartLevel
from services.enrolment.domain.nhs_number import is_nhs_number
from services.enrolment.domain.taken_places import TakenDecision
from shared.csv_tables import (
    BadRow,
    Column,
    CsvTable,
    Unreadable,
    one_of,
    read_instant,
    read_table,
    read_words,
    read_yes_no,
    read_zone,
    text_of,
    whole_number,
)
from shared.json_body import Instant, StrictModel
from shared.signed_folders import read_document

TRIAL, DECISIONS = "trial.json", "decisions.json"
SITES, PEOPLE, CONSENTS, DOSES = "sites.csv", "participants.csv", "consents.csv", "doses.csv"
ENDS, VERDICTS, WAITING = "treatment_ends.csv", "verdicts.csv", "waiting_list.csv"

_PERSON = text_of(r"[\x21-\x7e]{1,200}")
_SITE = text_of(r"[0-9]{3}")
_SLUG = text_of(r"[a-z0-9][a-z0-9-]{0,39}")
_CODE = text_of(r"[a-z0-9_]{1,60}")
_NAME = text_of(r".{1,40}")
_NUMBER = text_of(r"[A-Z0-9][A-Z0-9._/-]{1,39}")


def _number(cell: str) -> str:
    """A pseudonym in capitals, as everybody reads it back; never a number that names a person elsewhere."""
    if is_nhs_number(cell):
        raise Unreadable("identifier")
    return str(_NUMBER(cell))


_BORN = (
    Column(name="birth_year", read=whole_number(1900, 2200)),
    Column(name="birth_month", read=whole_number(1, 12)),
)
_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    SITES: (
        Column(name="site_number", read=_SITE),
        Column(name="organisation", read=str),
        Column(name="country", read=str),
        Column(name="zone", read=read_zone),
        Column(name="principal_investigator", read=str),
        Column(name="recruitment_cap", read=str, needed=False, expected=False),
    ),
    PEOPLE: (
        Column(name="number", read=_number),
        Column(name="screening_number", read=_number),
        Column(name="site_number", read=_SITE),
        Column(name="part", read=_SLUG),
        Column(name="level", read=whole_number(1, 20), needed=False),
        Column(name="decision", read=_NAME, needed=False),
        Column(name="protocol_version", read=_NAME),
        Column(name="registered_at", read=read_instant),
        *_BORN,
        Column(name="state", read=one_of(("registered", "voided"))),
        Column(name="voided_at", read=read_instant, needed=False),
        Column(name="void_reason", read=_CODE, needed=False),
    ),
    CONSENTS: (
        Column(name="screening_number", read=_number),
        Column(name="purpose", read=one_of([purpose.value for purpose in ConsentPurpose])),
        Column(name="document", read=_NAME),
        Column(name="version", read=_NAME),
        Column(name="capacity", read=one_of([capacity.value for capacity in SignerCapacity]), needed=False),
        Column(name="language", read=text_of(r"[a-z]{2,3}(-[A-Z]{2})?")),
        Column(name="method", read=_CODE),
        Column(name="signed_at", read=read_instant),
        Column(name="taken_by", read=_PERSON),
    ),
    DOSES: (
        Column(name="number", read=_number),
        Column(name="at", read=read_instant),
        Column(name="given", read=read_yes_no),
        Column(
            name="missed_because",
            read=one_of(("toxicity", "progression", "logistics", "participant", "other")),
            needed=False,
        ),
        Column(name="level", read=whole_number(1, 20), needed=False),
        Column(name="amount", read=text_of(r"[0-9]{1,9}(\.[0-9]{1,9})?"), needed=False),
        Column(name="batch", read=_NAME, needed=False),
    ),
    ENDS: (
        Column(name="number", read=_number),
        Column(name="ended_at", read=read_instant),
        Column(name="reason", read=one_of(get_args(EndReason))),
    ),
    VERDICTS: (
        Column(name="number", read=_number),
        Column(name="verdict", read=one_of(("dlt", "no_dlt", "not_evaluable"))),
        Column(name="criteria", read=read_words),
        Column(name="evidence", read=str),
        Column(name="judged_by", read=_PERSON),
        Column(name="judged_at", read=read_instant),
    ),
    WAITING: (
        Column(name="order", read=whole_number(1, 10_000)),
        Column(name="screening_number", read=_number),
        Column(name="site_number", read=_SITE),
        Column(name="part", read=_SLUG),
        Column(name="notified_at", read=read_instant),
        *_BORN,
    ),
}
_ONCE: Mapping[str, Sequence[Sequence[str]]] = {
    SITES: [("site_number",)],
    PEOPLE: [("number",), ("screening_number",)],
    DOSES: [("number", "at")],
    ENDS: [("number",)],
    VERDICTS: [("number",)],
    WAITING: [("screening_number",), ("part", "order")],
}
REQUIRED = (TRIAL, DECISIONS, SITES, PEOPLE)


class TrialFile(StrictModel):
    """What is taken over, from where, and the two people who answer for it."""

    format: Literal["trialops-take-over/1"]
    trial: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    signed_by: Annotated[list[str], Field(min_length=2, max_length=2)]


class _DecisionFile(BaseModel):
    """Of a decision, what bears on places; the sponsor's part reads all of it."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    id: str
    kind: DecisionKind
    part: str
    level: int
    places: int = 0
    in_force_at: Instant


class _DecisionsFile(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    decisions: list[_DecisionFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The files, each read by itself; a file that is not there is an empty table."""

    header: TrialFile | None
    decisions: tuple[TakenDecision, ...]
    tables: Mapping[str, CsvTable] = field(default_factory=dict)
    bad: tuple[BadRow, ...] = ()

    def __getitem__(self, file: str) -> CsvTable:
        return self.tables[file]


def read_folder(files: Mapping[str, str]) -> Folder:
    """Everything that this service takes from the folder, with everything wrong with single rows."""
    bad = [BadRow(file=name, row=0, column="", rule="file_missing") for name in REQUIRED if name not in files]
    header, wrong = read_document(TRIAL, files.get(TRIAL, "{}"), TrialFile)
    bad += wrong
    listed, wrong = read_document(DECISIONS, files.get(DECISIONS, "{}"), _DecisionsFile)
    bad += wrong
    tables = {
        name: read_table(name, files[name], columns, once=_ONCE.get(name, ()))
        if name in files
        else CsvTable(file=name)
        for name, columns in _COLUMNS.items()
    }
    bad += [one for table in tables.values() for one in table.bad]
    decisions = tuple(_taken(one) for one in (listed.decisions if listed else ()))
    return Folder(header=header, decisions=decisions, tables=tables, bad=tuple(bad))


def _taken(stated: _DecisionFile) -> TakenDecision:
    return TakenDecision(
        label=stated.id,
        kind=stated.kind,
        place=PartLevel(part=stated.part, level=stated.level),
        places=stated.places,
        in_force_at=stated.in_force_at,
    )
