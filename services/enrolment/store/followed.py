"""Participants with everything that follow-up depends on: one statement, for one of them or for a stretch."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.enrolment.domain.course import CourseStep, StepOutcome, StepReport
from services.enrolment.domain.death import CauseCategory, Death
from services.enrolment.domain.follow_up import ContactKind, Entry
from services.enrolment.domain.follow_up_states import Contacted, ContactOutcome
from services.enrolment.domain.followed import Followed, Loss, RecordedContact
from services.enrolment.domain.participant_state import Evaluability
from services.enrolment.domain.participation import Course, Element
from shared.database import Sql, Tx
from shared.joint_reads import (
    Part,
    day,
    each,
    fetch_together,
    instant,
    optional_instant,
    read_together,
)

STRETCH = 200
"""Participants that one reading of a worklist looks at."""
EVERY_SITE = ""

Row = dict[str, Any]
Found = dict[str, list[Row]]


async def load_followed(tx: Tx, trial_id: str, participant_id: str) -> Followed:
    """One participant of a trial.

    Raises:
        LookupError: there is no such participant.
    """
    found = await fetch_together(tx, _FOLLOWED, trial_id, participant_id, participant_id, EVERY_SITE)
    for one in _each_followed(found):
        return one
    raise LookupError("no such participant")


async def participants_after(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, after: str, limit: int = STRETCH
) -> list[str]:
    """Ids of the next participants of these sites whose registration stands; `sites` None means every site."""
    if sites is None:
        rows = await tx.fetch(_NEXT, trial_id, after, limit)
        return [row[0] for row in rows]
    found: set[str] = set()
    for site in sites:
        found |= {row[0] for row in await tx.fetch(_NEXT_AT_SITE, trial_id, after, limit, site)}
    return sorted(found)[:limit]


async def load_stretch(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, ids: Sequence[str]
) -> list[Followed]:
    """These participants of these sites, given in the order of their ids."""
    if not ids:
        return []
    site = sites[0] if sites is not None and len(sites) == 1 else EVERY_SITE
    found = await fetch_together(tx, _FOLLOWED, trial_id, ids[0], ids[-1], site)
    wanted = set(ids)
    return [one for one in _each_followed(found) if one.participant_id in wanted]


def _each_followed(found: Found) -> Iterator[Followed]:
    grouped: dict[tuple[str, str], list[Row]] = {}
    for name, _ in _OF_PARTICIPANT:
        for row in sorted(each(found, name), key=lambda row: str(row["id"])):
            grouped.setdefault((name, row["participant_id"]), []).append(row)
    for row in sorted(each(found, "participant"), key=lambda row: str(row["id"])):
        yield _followed(row, {name: grouped.get((name, row["id"]), []) for name, _ in _OF_PARTICIPANT})


def _followed(row: Row, found: Found) -> Followed:
    return Followed(
        participant_id=row["id"],
        number=row["number"],
        site_number=row["site_number"],
        site_closed=row["status"] == "revoked",
        zone=ZoneInfo(row["zone"] or "UTC"),
        registered_at=instant(row["registered_at"]),
        first_dose_at=optional_instant(row["first_dose_at"]),
        treatment_ended_at=optional_instant(row["treatment_ended_at"]),
        voided=row["voided_at"] is not None,
        allocated=row["level"] > 0,
        evaluability=_evaluability(found["verdict"]),
        contacts=tuple(_contact(one) for one in found["contact"]),
        changes=tuple(_change(one) for one in found["change"]),
        steps=tuple(_step(one) for one in found["step"]),
        death=next((_death(one) for one in found["death"]), None) or _ended_by_death(row),
        loss=next((Loss(id=one["id"], lost_at=instant(one["lost_at"])) for one in found["loss"]), None),
        opted_out=bool(row["opted_out"]),
        episode=1 + len(found["episode"]),
    )


def _evaluability(verdicts: Sequence[Row]) -> Evaluability:
    """A DLT in any window counts; nothing is concluded while one is pending."""
    said = {one["verdict"] for one in verdicts}
    for word in (Evaluability.DLT, Evaluability.PENDING, Evaluability.NO_DLT, Evaluability.NOT_EVALUABLE):
        if word.value in said:
            return word
    return Evaluability.UNKNOWN


def _contact(row: Row) -> RecordedContact:
    return RecordedContact(
        entry=Entry(
            visit=row["visit"],
            day=row["day"],
            label=row["label"],
            kind=ContactKind(row["kind"]),
            due_on=day(row["due_on"]),
            opens_on=day(row["opens_on"]),
            closes_on=day(row["closes_on"]),
            protocol_version=row["protocol_version"],
        ),
        contacted=Contacted(outcome=ContactOutcome(row["outcome"]), happened_on=day(row["happened_on"])),
    )


def _change(row: Row) -> tuple[datetime, dict[Element, Course]]:
    elements = {Element(name): Course(course) for name, course in row["elements"].items()}
    return instant(row["changed_at"]), elements


def _step(row: Row) -> tuple[StepReport, datetime]:
    report = step_of({**row, "happened_at": instant(row["happened_at"])})
    return report, instant(row["recorded_at"])


def step_of(row: Row) -> StepReport:
    """A step as the store keeps it, with times as times."""
    return StepReport(
        step=CourseStep(row["step"]),
        happened_at=row["happened_at"],
        outcome=StepOutcome(row["outcome"]),
        batch=row["batch"],
        amount=row["amount"],
        unit=row["unit"],
        handed_over_to=row["handed_over_to"],
    )


def _death(row: Row) -> Death:
    return Death(
        died_on=day(row["died_on"]),
        cause=CauseCategory(row["cause"]),
        ended_treatment=bool(row["ended_treatment"]),
    )


def _ended_by_death(row: Row) -> Death | None:
    """A death that is known from the end of treatment alone, as records taken over from elsewhere may have it."""
    if row["treatment_end_reason"] != "death":
        return None
    ended_at = instant(row["treatment_ended_at"])
    died_on = ended_at.astimezone(ZoneInfo(row["zone"] or "UTC")).date()
    return Death(died_on=died_on, cause=CauseCategory.UNKNOWN, ended_treatment=True)


_STRETCH = (
    "SELECT id FROM participant WHERE trial_id = $1 AND id >= $2 AND id <= $3"
    " AND ($4 = '' OR site_number = $4)"
)
_OF_PARTICIPANT: tuple[tuple[str, Part], ...] = tuple(
    (
        name,
        Part(
            name=name,
            columns=(key, "participant_id", *columns),
            json=json,
            source=f"{table} WHERE participant_id IN ({_STRETCH}){only}",
        ),
    )
    for name, table, key, columns, json, only in (
        (
            "contact",
            "follow_up_contact",
            "id",
            (
                *("visit", "day", "label", "kind", "due_on", "opens_on", "closes_on"),
                *("protocol_version", "outcome", "happened_on"),
            ),
            (),
            "",
        ),
        ("change", "participation_change", "id", ("changed_at",), ("elements",), ""),
        (
            "step",
            "course_step",
            "id",
            ("step", "happened_at", "outcome", "batch", "amount", "unit", "handed_over_to", "recorded_at"),
            (),
            "",
        ),
        ("death", "death", "id", ("died_on", "cause", "ended_treatment"), (), " AND withdrawn_at IS NULL"),
        ("loss", "loss", "id", ("lost_at",), (), " AND found_at IS NULL"),
        ("verdict", "verdict_copy", "window_id AS id", ("verdict",), (), ""),
        ("episode", "episode", "id", ("number",), (), ""),
    )
)
_REFUSED_MAILINGS = (
    "EXISTS (WITH RECURSIVE person (screening_id) AS (SELECT p.screening_id UNION"
    " SELECT r.previous_screening_id FROM rescreening r JOIN person q ON q.screening_id = r.screening_id)"
    " SELECT 1 FROM opt_out o JOIN person q ON q.screening_id = o.screening_id)"
)
"""By this screening or one before it: an opt-out is a person's, not a number's."""
_FOLLOWED = read_together(
    Part(
        name="participant",
        columns=(
            *("p.id", "p.number", "p.site_number", "p.registered_at", "p.first_dose_at"),
            *(
                "p.treatment_ended_at",
                "p.treatment_end_reason",
                "p.voided_at",
                "p.level",
                "s.zone",
                "s.status",
                f"{_REFUSED_MAILINGS} AS opted_out",
            ),
        ),
        source=(
            "participant p"
            " LEFT JOIN site_copy s ON s.trial_id = p.trial_id AND s.site_number = p.site_number"
            " WHERE p.trial_id = $1 AND p.id >= $2 AND p.id <= $3 AND ($4 = '' OR p.site_number = $4)"
        ),
    ),
    *(part for _, part in _OF_PARTICIPANT),
)
_NEXT = Sql(
    "SELECT id FROM participant WHERE trial_id = $1 AND id > $2 AND voided_at IS NULL ORDER BY id LIMIT $3"
)
_NEXT_AT_SITE = Sql(
    "SELECT id FROM participant WHERE trial_id = $1 AND id > $2 AND site_number = $4 AND voided_at IS NULL"
    " ORDER BY id LIMIT $3"
)
