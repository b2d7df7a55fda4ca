"""Everybody in a trial that is taken over, as this service keeps them, with what was said of each."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.commands.take_over_files import (
    CONSENTS,
    DOSES,
    ENDS,
    PEOPLE,
    SITES,
    WAITING,
    Folder,
)
from services.enrolment.domain.age import BirthMonth
from services.enrolment.domain.board import Member, ScreeningState
from services.enrolment.domain.cohort_counts import CohortMember
from services.enrolment.domain.first_dose import FirstDose
from services.enrolment.domain.ids import DecisionId, ParticipantId, PartLevel, ScreeningId, SiteId
from services.enrolment.domain.protocol_terms import VersionRules
from services.enrolment.domain.screening import Screening
from services.enrolment.store.participants import Participant
from shared.csv_tables import CsvRow

TAKEN_OVER = "taken over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Somebody registered: `label` is the decision's name in the old system, `doses` are in the order of time."""

    participant: Participant
    screening: Screening
    zone: str
    label: str
    doses: tuple[CsvRow, ...]
    end: CsvRow | None
    first_dose: FirstDose | None

    @property
    def number(self) -> str:
        return self.participant.number

    @property
    def place(self) -> PartLevel:
        return PartLevel(part=self.participant.part, level=self.participant.level)

    @property
    def voided(self) -> bool:
        return self.participant.voided_at is not None

    def member(self) -> Member:
        one = self.participant
        return Member(
            cohort=CohortMember(
                participant_id=ParticipantId(one.id),
                place=self.place,
                dosed=self.first_dose is not None,
                voided=self.voided,
            ),
            site_id=SiteId(one.site_number),
            decision_id=DecisionId(one.decision_id),
            registered_at=one.registered_at,
            first_dose_at=one.first_dose_at,
            to_be_dosed=not self.voided and one.treatment_ended_at is None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPeople:
    """`registered` in the order of registration, `waiting` in that of the list, `consents` by screening id."""

    registered: Sequence[Taken]
    waiting: Sequence[tuple[Screening, datetime]]
    consents: Sequence[tuple[Screening, CsvRow]]

    @property
    def screenings(self) -> list[Screening]:
        return [*(one.screening for one in self.registered), *(screening for screening, _ in self.waiting)]


def people_of(
    folder: Folder,
    trial_id: str,
    versions: Sequence[VersionRules],
    decision_ids: Mapping[str, str],
    new_id: Callable[[], str],
) -> TakenPeople:
    """Everybody in a folder in which nothing is wrong."""
    doses: dict[str, list[CsvRow]] = defaultdict(list)
    for row in sorted(folder[DOSES].rows, key=lambda row: row["at"]):
        doses[row["number"]].append(row)
    ends = {row["number"]: row for row in folder[ENDS].rows}
    zones = {row["site_number"]: row["zone"] for row in folder[SITES].rows}
    terms = {version.terms.version: version for version in versions}
    registered = []
    for row in sorted(folder[PEOPLE].rows, key=lambda row: (row["registered_at"], row["number"])):
        state = ScreeningState.VOIDED if row["state"] == "voided" else ScreeningState.REGISTERED
        screening = _screening(trial_id, row, state, row["registered_at"], new_id())
        own, end = tuple(doses[row["number"]]), ends.get(row["number"])
        first = _first_dose(own, row["level"] or 0)
        participant = _participant(
            row, screening, terms[row["protocol_version"]], decision_ids, first, end, new_id
        )
        registered.append(
            Taken(
                participant=participant,
                screening=screening,
                zone=zones[row["site_number"]],
                label=row["decision"] or "",
                doses=own,
                end=end,
                first_dose=first,
            )
        )
    waiting = [
        (
            _screening(trial_id, row, ScreeningState.IN_SCREENING, row["notified_at"], new_id()),
            row["notified_at"],
        )
        for row in sorted(folder[WAITING].rows, key=lambda row: (row["part"], row["order"]))
    ]
    people = TakenPeople(registered=registered, waiting=waiting, consents=())
    by_number = {screening.number: screening for screening in people.screenings}
    consents = sorted(folder[CONSENTS].rows, key=lambda row: (row["signed_at"], row.row))
    signed = [(by_number[row["screening_number"]], row) for row in consents]
    return TakenPeople(registered=registered, waiting=waiting, consents=signed)


def _screening(
    trial_id: str, row: CsvRow, state: ScreeningState, started_at: datetime, screening_id: str
) -> Screening:
    return Screening(
        id=ScreeningId(screening_id),
        trial_id=trial_id,
        number=row["screening_number"],
        site_id=SiteId(row["site_number"]),
        part=row["part"],
        born=BirthMonth(year=row["birth_year"], month=row["birth_month"]),
        state=state,
        version=1,
        started_at=started_at,
        reason_code=row.values.get("void_reason") or "",
    )


def _first_dose(doses: Sequence[CsvRow], allocated: int) -> FirstDose | None:
    given = next((row for row in doses if row["given"]), None)
    return None if given is None else FirstDose(at=given["at"], level=given["level"] or allocated)


def _participant(
    row: CsvRow,
    screening: Screening,
    version: VersionRules,
    decision_ids: Mapping[str, str],
    first: FirstDose | None,
    end: CsvRow | None,
    new_id: Callable[[], str],
) -> Participant:
    part = version.terms.parts[row["part"]]
    level = part.levels.get(row["level"] or 0)
    return Participant(
        id=new_id(),
        trial_id=screening.trial_id,
        number=row["number"],
        site_number=row["site_number"],
        screening_id=screening.id,
        registration_id=new_id(),
        slot_id=new_id() if level else None,
        part=row["part"],
        stratum=part.stratum,
        level=row["level"] or 0,
        dose=level.dose if level else "",
        unit=level.unit if level else "",
        decision_id=decision_ids[row["decision"]] if level else "",
        rule_cell=TAKEN_OVER if level else "",
        protocol_version=row["protocol_version"],
        registered_at=row["registered_at"],
        first_dose_at=first.at if first else None,
        treatment_ended_at=end["ended_at"] if end else None,
        treatment_end_reason=end["reason"] if end else None,
        voided_at=row["voided_at"],
        void_reason=row["void_reason"],
    )
