"""The folders from which trials were taken over, who signed them, and numbers given out elsewhere."""

import json
from collections.abc import Collection

from sqlmodel import Field

from services.enrolment.store.base import METADATA, EnrolmentTable
from shared.database import Sql, Tx
from shared.rows import insertion, table_of
from shared.signed_folders import add_folder_tables

add_folder_tables(METADATA)


class TakenScreeningRow(EnrolmentTable, table=True):
    """A screening whose number was given out in another system."""

    __tablename__ = "taken_over_screening"

    screening_id: str = Field(primary_key=True)
    take_over_id: str


keep_taken_screenings = insertion(table_of(TakenScreeningRow))


async def came_with_take_over(tx: Tx, screening_id: str) -> bool:
    return bool(await tx.fetch(_CAME, screening_id))


async def holds_people(tx: Tx, trial_id: str) -> bool:
    """Whether anybody was screened in the trial here."""
    return bool(await tx.fetch(_PEOPLE, trial_id))


async def numbers_taken(tx: Tx, numbers: Collection[str]) -> frozenset[str]:
    """Those of the participant numbers that somebody bears already, in whatever trial."""
    rows = await tx.fetch(_TAKEN, json.dumps(sorted(numbers)))
    return frozenset(row[0] for row in rows)


async def continue_above(tx: Tx, trial_id: str, site_number: str, kind: str, last: int) -> None:
    """Let the site's next number of this kind be one above `last`, unless it is higher already."""
    await tx.fetch(_ABOVE, trial_id, site_number, kind, last)


_CAME = Sql("SELECT 1 FROM taken_over_screening WHERE screening_id = $1")
_PEOPLE = Sql("SELECT 1 FROM screening WHERE trial_id = $1 LIMIT 1")
_TAKEN = Sql(
    "SELECT number FROM participant WHERE number IN (SELECT jsonb_array_elements_text($1::jsonb))",
    "SELECT number FROM participant WHERE number IN (SELECT value FROM json_each($1))",
)
_ABOVE = Sql(
    "INSERT INTO number_sequence AS n (trial_id, site_number, kind, last) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (trial_id, site_number, kind) DO UPDATE SET"
    " last = CASE WHEN excluded.last > n.last THEN excluded.last ELSE n.last END"
)
