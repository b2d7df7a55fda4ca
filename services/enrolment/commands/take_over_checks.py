"""The files of a trial that is taken over against each other, and against the protocol that is in force here."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.take_over_files import (
    CONSENTS,
    DOSES,
    ENDS,
    PEOPLE,
    SITES,
    VERDICTS,
    WAITING,
    Folder,
)
from services.enrolment.domain.age import BirthMonth
from services.enrolment.domain.claimed_times import lies_in_future
from services.enrolment.domain.consent import ConsentPurpose
from services.enrolment.domain.decisions import OPENING
from services.enrolment.domain.ids import PartLevel, ScreeningId, SiteId, WaitingEntryId
from services.enrolment.domain.protocol_terms import PartTerms, VersionRules
from services.enrolment.domain.taken_places import openings_of, without_place
from services.enrolment.domain.waiting_list import WaitingEntry, WaitingPolicy, queue_order
from shared.csv_tables import BadRow, CsvRow

Wrong = tuple[str, str]
"""Column and rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the folder is checked against: versions oldest first, the policy of places, numbers in use, the time."""

    versions: Sequence[VersionRules]
    policy: WaitingPolicy
    taken: Collection[str]
    now: datetime


def check_folder(folder: Folder, ground: Ground) -> list[BadRow]:
    """Everything wrong between the files and with the protocol, by file and row."""
    people = {row["number"]: row for row in folder[PEOPLE].rows}
    screened = _screened(folder)
    sites = {row["site_number"] for row in folder[SITES].rows}
    rules: Mapping[str, Callable[[CsvRow], Iterator[Wrong]]] = {
        PEOPLE: lambda row: _person(folder, ground, sites, row),
        CONSENTS: lambda row: _consent(ground, screened, row),
        DOSES: lambda row: _dose(ground, people, row),
        ENDS: lambda row: _end(ground, people, row),
        VERDICTS: lambda row: _verdict(ground, people, row),
        WAITING: lambda row: _waits(folder, ground, sites, row),
    }
    bad = [
        folder[file].at(row, column, rule)
        for file, wrong in rules.items()
        for row in folder[file].rows
        for column, rule in wrong(row)
    ]
    return sorted({*bad, *_without_consent(folder), *_beyond_places(folder), *_out_of_order(folder, ground)})


def _screened(folder: Folder) -> Mapping[str, CsvRow]:
    """Whoever has a screening, by its number."""
    return {row["screening_number"]: row for file in (PEOPLE, WAITING) for row in folder[file].rows}


def _person(folder: Folder, ground: Ground, sites: Collection[str], row: CsvRow) -> Iterator[Wrong]:
    yield from _place(ground, sites, row, _version(ground, row["protocol_version"]))
    yield from _decision(folder, row)
    if row["number"] in ground.taken:
        yield "number", "number_taken"
    if _version(ground, row["protocol_version"]) is None:
        yield "protocol_version", "protocol_version_unknown"
    yield from _times(ground, row, "registered_at")
    voided = row["state"] == "voided"
    if voided != (row["voided_at"] is not None):
        yield "voided_at", "state"
    if voided != (row["void_reason"] is not None):
        yield "void_reason", "state"
    if row["voided_at"] is not None and not row["registered_at"] <= row["voided_at"] <= ground.now:
        yield "voided_at", "order"


def _version(ground: Ground, name: str) -> VersionRules | None:
    return next((one for one in ground.versions if one.terms.version == name), None)


def _place(
    ground: Ground, sites: Collection[str], row: CsvRow, version: VersionRules | None
) -> Iterator[Wrong]:
    if row["site_number"] not in sites:
        yield "site_number", "site_unknown"
    if version is not None and row["part"] not in version.terms.parts:
        yield "part", "part_unknown"
        return
    if version is not None and (wrong := _level(version.terms.parts[row["part"]], row)):
        yield "level", wrong


def _level(part: PartTerms, row: CsvRow) -> str:
    if "level" not in row.values:
        return ""
    if not part.levels:
        return "part_without_levels" if row["level"] is not None else ""
    return "" if row["level"] in part.levels else "level_unknown"


def _decision(folder: Folder, row: CsvRow) -> Iterator[Wrong]:
    """With a level somebody rests on a decision that opened it before; without one on none."""
    if row["level"] is None:
        if row["decision"] is not None:
            yield "decision", "part_without_levels"
        return
    decision = next((one for one in folder.decisions if one.label == row["decision"]), None)
    if decision is None or decision.kind not in OPENING:
        yield "decision", "decision_unknown"
    elif decision.place != PartLevel(part=row["part"], level=row["level"]):
        yield "decision", "decision_of_another_level"
    elif row["registered_at"] < decision.in_force_at:
        yield "registered_at", "before_decision"


def _times(ground: Ground, row: CsvRow, column: str) -> Iterator[Wrong]:
    born = BirthMonth(year=row["birth_year"], month=row["birth_month"])
    if lies_in_future(row[column], ground.now):
        yield column, "time_in_future"
    if row[column].date() < born.days()[0]:
        yield "birth_year", "time_before_birth"


def _consent(ground: Ground, screened: Mapping[str, CsvRow], row: CsvRow) -> Iterator[Wrong]:
    if row["screening_number"] not in screened:
        yield "screening_number", "screening_unknown"
    if lies_in_future(row["signed_at"], ground.now):
        yield "signed_at", "time_in_future"
    form = (ConsentPurpose(row["purpose"]), row["document"], row["version"])
    forms = {
        (one.purpose, one.document, one.version)
        for version in ground.versions
        for one in version.terms.consent_documents
    }
    if form not in forms:
        yield "document", "document_unknown"
    if (row["capacity"] is None) != (row["purpose"] == ConsentPurpose.ASSENT.value):
        yield "capacity", "state"


def _standing(people: Mapping[str, CsvRow], row: CsvRow) -> tuple[CsvRow | None, str]:
    person = people.get(row["number"])
    if person is None:
        return None, "participant_unknown"
    return person, "registration_voided" if person["state"] == "voided" else ""


def _dose(ground: Ground, people: Mapping[str, CsvRow], row: CsvRow) -> Iterator[Wrong]:
    person, wrong = _standing(people, row)
    if wrong:
        yield "number", wrong
    if person is not None and row["at"] < person["registered_at"]:
        yield "at", "before_registration"
    if lies_in_future(row["at"], ground.now):
        yield "at", "time_in_future"
    if row["given"] == (row["missed_because"] is not None):
        yield "missed_because", "state"
    if person is not None and row["level"] is not None and person["level"] is None:
        yield "level", "part_without_levels"


def _end(ground: Ground, people: Mapping[str, CsvRow], row: CsvRow) -> Iterator[Wrong]:
    person, wrong = _standing(people, row)
    if wrong:
        yield "number", wrong
    if person is not None and row["ended_at"] < person["registered_at"]:
        yield "ended_at", "before_registration"
    if lies_in_future(row["ended_at"], ground.now):
        yield "ended_at", "time_in_future"


def _verdict(ground: Ground, people: Mapping[str, CsvRow], row: CsvRow) -> Iterator[Wrong]:
    _, wrong = _standing(people, row)
    if wrong:
        yield "number", wrong
    if lies_in_future(row["judged_at"], ground.now):
        yield "judged_at", "time_in_future"


def _waits(folder: Folder, ground: Ground, sites: Collection[str], row: CsvRow) -> Iterator[Wrong]:
    newest = ground.versions[-1] if ground.versions else None
    yield from _place(ground, sites, row, newest)
    yield from _times(ground, row, "notified_at")
    if (
        newest is not None
        and row["part"] in newest.terms.parts
        and not newest.terms.parts[row["part"]].levels
    ):
        yield "part", "part_without_levels"
    if any(person["screening_number"] == row["screening_number"] for person in folder[PEOPLE].rows):
        yield "screening_number", "repeated"


def _without_consent(folder: Folder) -> Iterator[BadRow]:
    """Nobody takes part without a consent signed before."""
    signed: dict[str, datetime] = {}
    for row in folder[CONSENTS].rows:
        if row["purpose"] != ConsentPurpose.ASSENT.value:
            number, at = row["screening_number"], row["signed_at"]
            signed[number] = min(at, signed.get(number, at))
    for row in folder[PEOPLE].rows:
        at = signed.get(row["screening_number"])
        if row["state"] == "registered" and (at is None or at > row["registered_at"]):
            yield folder[PEOPLE].at(row, "screening_number", "consent_missing")


def _beyond_places(folder: Folder) -> Iterator[BadRow]:
    table = folder[PEOPLE]
    standing = sorted(
        (row for row in table.rows if row["state"] == "registered" and row["decision"] is not None),
        key=lambda row: (row["registered_at"], row["number"]),
    )
    replaced = {row["number"] for row in folder[VERDICTS].rows if row["verdict"] == "not_evaluable"}
    registered = [(row["number"], row["decision"]) for row in standing]
    beyond = without_place(openings_of(folder.decisions), registered, replaced)
    for row in standing:
        if row["number"] in beyond:
            yield table.at(row, "decision", "beyond_places")


def _out_of_order(folder: Folder, ground: Ground) -> Iterator[BadRow]:
    """The order stated must be the one that the trial's policy makes of the times stated."""
    if ground.policy is WaitingPolicy.MEDICAL_MONITOR_CHOICE:
        return
    table = folder[WAITING]
    for part in sorted({row["part"] for row in table.rows}):
        stated = sorted((row for row in table.rows if row["part"] == part), key=lambda row: row["order"])
        entries = [
            WaitingEntry(
                id=WaitingEntryId(f"{place:06d}"),
                site_id=SiteId(row["site_number"]),
                screening_id=ScreeningId(row["screening_number"]),
                notified_at=row["notified_at"],
            )
            for place, row in enumerate(stated)
        ]
        for row, entry in zip(stated, queue_order(ground.policy, entries, ()), strict=True):
            if row["screening_number"] != entry.screening_id:
                yield table.at(row, "order", "order")
