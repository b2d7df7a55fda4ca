"""Writing the copies of other services' facts: upserts by key, repeatable and blind to order between aggregates."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.safety.store.copies import (
    ConsentCopy,
    CourseCopy,
    CourseStepCopy,
    DelegationCopy,
    ParticipantCopy,
    ProtocolCopy,
    ReportingCopy,
    SiteCopy,
)
from shared.clock import format_instant
from shared.database import Sql, Tx, instant_parameter
from shared.rows import Values, table_of, upsert_row

_PROTOCOLS = table_of(ProtocolCopy)
_REPORTING = table_of(ReportingCopy)
_SITES = table_of(SiteCopy)
_DELEGATIONS = table_of(DelegationCopy)
_CONSENTS = table_of(ConsentCopy)
_PARTICIPANTS = table_of(ParticipantCopy)
_COURSES = table_of(CourseCopy)
_STEPS = table_of(CourseStepCopy)


async def copy_protocol(tx: Tx, values: Values) -> None:
    await upsert_row(tx, _PROTOCOLS, values)


async def copy_reporting(tx: Tx, values: Values) -> None:
    await upsert_row(tx, _REPORTING, values)


async def copy_site(tx: Tx, values: Values) -> None:
    await upsert_row(tx, _SITES, values)


async def copy_delegation(tx: Tx, values: Values) -> None:
    await upsert_row(tx, _DELEGATIONS, values)


async def end_delegation(tx: Tx, delegation_id: str, ended_at: datetime) -> None:
    await tx.fetch(_END_DELEGATION, delegation_id, instant_parameter(tx, ended_at))


async def copy_consent(tx: Tx, screening_id: str, document: str, signed_at: datetime) -> None:
    """Keep the earliest signature of a document."""
    await tx.fetch(_COPY_CONSENT, screening_id, document, instant_parameter(tx, signed_at))


async def copy_registration(tx: Tx, values: Values) -> None:
    await upsert_row(tx, _PARTICIPANTS, values)


async def copy_transfer(tx: Tx, participant_id: str, site_number: str) -> None:
    """The participant's site from here on; the zone stays, so that no window moves."""
    await tx.fetch(_COPY_TRANSFER, participant_id, site_number)


async def copy_course(tx: Tx, participant_id: str, **facts: datetime | int | str | None) -> None:
    """Write some facts of a participant's course and leave the others as they are."""
    empty = {column.name: None for column in _COURSES.columns}
    keep = [name for name in empty if name not in facts]
    await upsert_row(tx, _COURSES, empty | facts | {"participant_id": participant_id}, keep=keep)


async def copy_step(tx: Tx, values: Values) -> None:
    await upsert_row(tx, _STEPS, values)


async def copy_stop(tx: Tx, participant_id: str, *, stopped_at: datetime, by: str) -> None:
    """The participant takes no treatment or no visits; an earlier stop stays the beginning of it."""
    await tx.fetch(_COPY_STOP, participant_id, instant_parameter(tx, stopped_at), by)


async def copy_doses(tx: Tx, doses: Iterable[tuple[str, datetime, bool, str | None]]) -> None:
    """Keep administrations (participant, time, given, cause of missing), all of a batch in one statement."""
    latest = {(participant, at): (given, cause) for participant, at, given, cause in doses}
    rows: Sequence[Sequence[object]] = [
        [participant, format_instant(at), given, cause]
        for (participant, at), (given, cause) in latest.items()
    ]
    if rows:
        await tx.fetch(_COPY_DOSES, json.dumps(rows))


async def withdraw_dose(tx: Tx, participant_id: str, at: datetime) -> None:
    """Nothing is said of this time any more."""
    await tx.fetch(_WITHDRAW_DOSE, participant_id, instant_parameter(tx, at))


_WITHDRAW_DOSE = Sql("DELETE FROM dose_copy WHERE participant_id = $1 AND at = $2")
_COPY_TRANSFER = Sql("UPDATE participant_copy SET site_number = $2 WHERE participant_id = $1")
_END_DELEGATION = Sql("UPDATE delegation_copy SET ended_at = $2 WHERE delegation_id = $1")
_COPY_CONSENT = Sql(
    "INSERT INTO consent_copy AS c (screening_id, document, signed_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (screening_id, document) DO UPDATE SET signed_at = excluded.signed_at"
    " WHERE excluded.signed_at < c.signed_at"
)
_COPY_STOP = Sql(
    "INSERT INTO course_copy AS c (participant_id, stopped_at, stopped_by) VALUES ($1, $2, $3)"
    " ON CONFLICT (participant_id) DO UPDATE SET"
    " stopped_by = CASE WHEN c.stopped_at IS NULL THEN excluded.stopped_by ELSE c.stopped_by END,"
    " stopped_at = coalesce(c.stopped_at, excluded.stopped_at)"
)
_ON_SAME_TIME = (
    " ON CONFLICT (participant_id, at)"
    " DO UPDATE SET given = excluded.given, missed_because = excluded.missed_because"
)
_COPY_DOSES = Sql(
    "INSERT INTO dose_copy (participant_id, at, given, missed_because)"
    " SELECT u ->> 0, (u ->> 1)::timestamptz, (u ->> 2)::boolean, u ->> 3 FROM jsonb_array_elements($1::jsonb) AS u"
    + _ON_SAME_TIME,
    "INSERT INTO dose_copy (participant_id, at, given, missed_because)"
    " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
    " json_extract(value, '$[3]') FROM json_each($1) WHERE true" + _ON_SAME_TIME,
)
