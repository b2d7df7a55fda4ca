"""Rows of the time after registration: what is added, and the little that is changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.enrolment.domain.loss import Attempt, Channel
from services.enrolment.domain.mailings import DeathCheck, DeathCheckResult
from services.enrolment.domain.samples import Sample, SampleHappening
from services.enrolment.store.afterwards_tables import (
    ContactAttemptRow,
    CourseStepRow,
    DeathCheckRow,
    DeathRow,
    EpisodeRow,
    FollowUpContactRow,
    LossRow,
    MailingRow,
    OptOutRow,
    PlanCheckRow,
    SampleEventRow,
    SampleRow,
)
from shared.database import Sql, Tx, instant_parameter, read_instant
from shared.rows import RowQuery, fetch_rows, insert_once, insertion, table_of

add_course_step = insertion(table_of(CourseStepRow))
add_plan_check = insertion(table_of(PlanCheckRow))
add_sample = insertion(table_of(SampleRow))
add_sample_events = insertion(table_of(SampleEventRow))
add_follow_up_contact = insertion(table_of(FollowUpContactRow))
add_contact_attempt = insertion(table_of(ContactAttemptRow))
add_loss = insertion(table_of(LossRow))
add_episode = insertion(table_of(EpisodeRow))
add_death = insertion(table_of(DeathRow))
add_death_check = insertion(table_of(DeathCheckRow))
add_mailing = insertion(table_of(MailingRow))


async def course_step_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    """Every word about every step, by the time reported and then in the order of recording."""
    return await fetch_rows(tx, _COURSE_STEPS, participant_id)


async def plan_check_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _PLAN_CHECKS, participant_id)


# -- samples --------------------------------------------------------------------------------------------


async def sample_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _SAMPLES, participant_id)


async def sample_event_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    """What happened to the participant's samples after their collection, oldest first."""
    return await fetch_rows(tx, _SAMPLE_EVENTS, participant_id)


async def participant_of_sample(tx: Tx, sample_id: str) -> str | None:
    rows = await tx.fetch(_PARTICIPANT_OF_SAMPLE, sample_id)
    return str(rows[0][0]) if rows else None


async def samples_of(tx: Tx, participant_id: str) -> tuple[Sample, ...]:
    happened: dict[str, list[SampleHappening]] = {}
    for row in await sample_event_rows(tx, participant_id):
        happened.setdefault(row["sample_id"], []).append(SampleHappening(row["happening"]))
    return tuple(
        Sample(
            id=row["id"],
            happened=(SampleHappening.COLLECTED, *happened.get(row["id"], ())),
        )
        for row in await sample_rows(tx, participant_id)
    )


async def destruction_requests(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, after: str, limit: int
) -> list[dict[str, Any]]:
    """Samples that wait for their destruction, by id; `sites` None means every site."""
    if sites is None:
        rows = list(await tx.fetch(_TO_DESTROY, trial_id, after, limit))
    else:
        found = [await tx.fetch(_TO_DESTROY_AT, trial_id, after, limit, site) for site in sites]
        rows = sorted((row for rows in found for row in rows), key=lambda row: str(row[0]))[:limit]
    names = ("sample_id", "participant_id", "participant_number", "site_number", "material", "label")
    return [
        dict(zip(names, tuple(row)[:6], strict=True)) | {"requested_at": read_instant(row[6])} for row in rows
    ]


# -- loss, death, mailings ------------------------------------------------------------------------------


async def attempt_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _ATTEMPTS, participant_id)


def attempt_of(row: dict[str, Any], zone: Any) -> Attempt:
    """An attempt by the site's calendar."""
    on = row["attempted_at"].astimezone(zone).date()
    return Attempt(channel=Channel(row["channel"]), on=on, reached=bool(row["reached"]))


async def loss_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _LOSSES, participant_id)


async def end_loss(tx: Tx, loss_id: str, at: datetime, found_by: str) -> None:
    await tx.fetch(_FOUND, loss_id, instant_parameter(tx, at), found_by)


async def episode_rows(tx: Tx, participant_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _EPISODES, participant_id)


async def last_change_at(tx: Tx, participant_id: str) -> datetime:
    """Claimed time of the newest change of participation of somebody for whom there is one."""
    return read_instant((await tx.fetch(_LAST_CHANGE, participant_id))[0][0])


async def withdraw_deaths(tx: Tx, participant_id: str, at: datetime) -> None:
    await tx.fetch(_WITHDRAW_DEATH, participant_id, instant_parameter(tx, at))


async def resume_treatment(tx: Tx, participant_id: str) -> None:
    await tx.fetch(_RESUME, participant_id)


async def death_checks_of(tx: Tx, screening_id: str) -> list[tuple[str, DeathCheck]]:
    """Checks with their ids, in the order in which they were made."""
    return [
        (row["id"], DeathCheck(checked_on=row["checked_on"], result=DeathCheckResult(row["result"])))
        for row in await fetch_rows(tx, _CHECKS, screening_id)
    ]


async def mailing_rows(tx: Tx, screening_id: str) -> list[dict[str, Any]]:
    return await fetch_rows(tx, _MAILINGS, screening_id)


async def opted_out_at(tx: Tx, screening_id: str) -> datetime | None:
    """When this person refused mailings, by this screening or an earlier one; None while they did not."""
    rows = await tx.fetch(_OPTED_OUT, screening_id)
    return read_instant(rows[0][0]) if rows else None


async def opt_out(tx: Tx, screening_id: str, at: datetime, recorded_by: str) -> bool:
    """Keep the first opt-out; false when there is one."""
    values = {"screening_id": screening_id, "opted_out_at": at, "recorded_by": recorded_by}
    return await insert_once(tx, table_of(OptOutRow), values)


async def lock_participant_of(tx: Tx, screening_id: str) -> str | None:
    """Id of whoever was registered from this screening, locked; None while nobody was."""
    rows = await tx.fetch(_PARTICIPANT_OF, screening_id)
    return str(rows[0][0]) if rows else None


async def consent_signed_at(tx: Tx, screening_id: str, consent_id: str) -> datetime | None:
    """When a consent of this screening was signed, if a delegated person took it."""
    rows = await tx.fetch(_CONSENT, screening_id, consent_id)
    return read_instant(rows[0][0]) if rows else None


_COURSE_STEPS = RowQuery(
    table_of(CourseStepRow), "FROM course_step WHERE participant_id = $1 ORDER BY happened_at, id"
)
_PLAN_CHECKS = RowQuery(table_of(PlanCheckRow), "FROM plan_check WHERE participant_id = $1 ORDER BY id")
_SAMPLES = RowQuery(table_of(SampleRow), "FROM sample WHERE participant_id = $1 ORDER BY id")
_SAMPLE_EVENTS = RowQuery(
    table_of(SampleEventRow),
    "FROM sample_event WHERE sample_id IN (SELECT id FROM sample WHERE participant_id = $1) ORDER BY id",
)
_PARTICIPANT_OF_SAMPLE = Sql("SELECT participant_id FROM sample WHERE id = $1")


def _to_destroy(only: str = "") -> Sql:
    return Sql(
        "SELECT s.id, p.id, p.number, p.site_number, s.material, s.label, min(e.at)"
        " FROM sample s JOIN participant p ON p.id = s.participant_id"
        " JOIN sample_event e ON e.sample_id = s.id AND e.happening = 'destruction_requested'"
        f" WHERE p.trial_id = $1 AND s.id > $2{only} AND NOT EXISTS"
        " (SELECT 1 FROM sample_event d WHERE d.sample_id = s.id AND d.happening = 'destroyed')"
        " GROUP BY s.id, p.id, p.number, p.site_number, s.material, s.label ORDER BY s.id LIMIT $3"
    )


_TO_DESTROY = _to_destroy()
_TO_DESTROY_AT = _to_destroy(" AND p.site_number = $4")
_ATTEMPTS = RowQuery(
    table_of(ContactAttemptRow), "FROM contact_attempt WHERE participant_id = $1 ORDER BY attempted_at, id"
)
_LOSSES = RowQuery(table_of(LossRow), "FROM loss WHERE participant_id = $1 ORDER BY id")
_FOUND = Sql("UPDATE loss SET found_at = $2, found_by = $3 WHERE id = $1")
_EPISODES = RowQuery(table_of(EpisodeRow), "FROM episode WHERE participant_id = $1 ORDER BY number")
_LAST_CHANGE = Sql(
    "SELECT changed_at FROM participation_change WHERE participant_id = $1 ORDER BY id DESC LIMIT 1"
)
_WITHDRAW_DEATH = Sql("UPDATE death SET withdrawn_at = $2 WHERE participant_id = $1 AND withdrawn_at IS NULL")
_RESUME = Sql("UPDATE participant SET treatment_ended_at = NULL, treatment_end_reason = NULL WHERE id = $1")
_CHECKS = RowQuery(table_of(DeathCheckRow), "FROM death_check WHERE screening_id = $1 ORDER BY id")
_MAILINGS = RowQuery(table_of(MailingRow), "FROM mailing WHERE screening_id = $1 ORDER BY id")
_OPTED_OUT = Sql(
    "WITH RECURSIVE person (screening_id) AS (SELECT CAST($1 AS text) UNION"
    " SELECT r.previous_screening_id FROM rescreening r JOIN person p ON p.screening_id = r.screening_id)"
    " SELECT o.opted_out_at FROM opt_out o JOIN person p ON p.screening_id = o.screening_id"
    " ORDER BY o.opted_out_at LIMIT 1"
)
_PARTICIPANT_OF = Sql("SELECT id FROM participant WHERE screening_id = $1 FOR UPDATE")
_CONSENT = Sql(
    "SELECT signed_at FROM consent AS c WHERE c.screening_id = $1 AND c.id = $2 AND c.delegated"
    " AND NOT EXISTS (SELECT 1 FROM consent_correction AS k WHERE k.consent_id = c.id)"
)
