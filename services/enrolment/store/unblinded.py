"""Lists, draws and arms in the store. Only commands that draw and queries of unblinded roles come here."""

from collections.abc import Sequence
from typing import Any

from services.enrolment.domain.permuted_blocks import ListRow
from services.enrolment.domain.randomisation_records import Allocation, Place, PreparedList
from services.enrolment.domain.uploaded_list import UploadedRow
from services.enrolment.store.randomisation_tables import (
    UnblindedAllocationRow,
    UnblindedListRow,
    UnblindedPlaceRow,
)
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, insertion, table_of

_LISTS = table_of(UnblindedListRow)
_PLACES = table_of(UnblindedPlaceRow)
_ALLOCATIONS = table_of(UnblindedAllocationRow)
_ADD_LIST = insertion(_LISTS)
_ADD_PLACES = insertion(_PLACES)
_ADD_ALLOCATION = insertion(_ALLOCATIONS)


async def insert_list(tx: Tx, prepared: PreparedList) -> None:
    values = {column.name: getattr(prepared, column.name) for column in _LISTS.columns}
    await _ADD_LIST(tx, [values])


async def lists_of(tx: Tx, trial_id: str, randomisation: str) -> list[PreparedList]:
    """Every list of a randomisation, oldest first."""
    return [PreparedList(**row) for row in await fetch_rows(tx, _OF_RANDOMISATION, trial_id, randomisation)]


async def insert_uploaded(tx: Tx, list_id: str, rows: Sequence[UploadedRow]) -> None:
    await _ADD_PLACES(
        tx,
        [
            _place(list_id, row.stratum, row.row, 0, 0, row.arm)
            for row in sorted(rows, key=lambda row: (row.stratum, row.row))
        ],
    )


async def insert_stratum(tx: Tx, list_id: str, stratum: str, rows: Sequence[ListRow]) -> None:
    await _ADD_PLACES(
        tx, [_place(list_id, stratum, row.row, row.block, row.block_size, row.arm) for row in rows]
    )


def _place(list_id: str, stratum: str, place: int, block: int, block_size: int, arm: str) -> dict[str, Any]:
    return {
        "list_id": list_id,
        "stratum": stratum,
        "place": place,
        "block": block,
        "block_size": block_size,
        "arm": arm,
        "allocation_id": None,
    }


async def has_stratum(tx: Tx, list_id: str, stratum: str) -> bool:
    return bool(await tx.fetch(_HAS_STRATUM, list_id, stratum))


async def take_place(tx: Tx, list_id: str, stratum: str, allocation_id: str) -> Place | None:
    """The stratum's first unused row, now used; locked until then. None when there is none left."""
    rows = await fetch_rows(tx, _NEXT_PLACE, list_id, stratum)
    if not rows:
        return None
    place = Place(**rows[0])
    await tx.fetch(_USE_PLACE, list_id, stratum, place.place, allocation_id)
    return place


async def places_of(tx: Tx, list_id: str, stratum: str, *, after: int, limit: int) -> list[Place]:
    """Rows of one stratum in order; of a generated list those of strata that were used."""
    return [Place(**row) for row in await fetch_rows(tx, _PLACES_OF, list_id, stratum, after, limit)]


async def all_places(tx: Tx, list_id: str) -> list[Place]:
    return [Place(**row) for row in await fetch_rows(tx, _ALL_PLACES, list_id)]


async def strata_of(tx: Tx, list_id: str) -> list[tuple[str, int, int]]:
    """Name, rows and used rows of every stratum that is kept."""
    return [(row[0], row[1], row[2]) for row in await tx.fetch(_STRATA, list_id)]


async def insert_allocation(tx: Tx, allocation: Allocation) -> None:
    values = {column.name: getattr(allocation, column.name) for column in _ALLOCATIONS.columns}
    await _ADD_ALLOCATION(tx, [values])


async def allocations_of(tx: Tx, trial_id: str, randomisation: str) -> list[Allocation]:
    """Every allocation of a randomisation, by number."""
    return [Allocation(**row) for row in await fetch_rows(tx, _ALLOCATED, trial_id, randomisation)]


async def allocations_page(
    tx: Tx, trial_id: str, randomisation: str, *, after: int, limit: int
) -> list[Allocation]:
    """Allocations after a number, by number."""
    found = await fetch_rows(tx, _ALLOCATED_AFTER, trial_id, randomisation, after, limit)
    return [Allocation(**row) for row in found]


async def arms_of(tx: Tx, participant_id: str) -> list[Allocation]:
    return [Allocation(**row) for row in await fetch_rows(tx, _ARMS, participant_id)]


async def last_number(tx: Tx, trial_id: str, randomisation: str) -> int:
    """The number of the last assignment, 0 before the first."""
    return int((await tx.fetch(_LAST, trial_id, randomisation))[0][0])


_OF_RANDOMISATION = RowQuery(
    _LISTS, "FROM unblinded_list WHERE trial_id = $1 AND randomisation = $2 ORDER BY id"
)
_HAS_STRATUM = Sql("SELECT 1 FROM unblinded_place WHERE list_id = $1 AND stratum = $2 LIMIT 1")
_NEXT_PLACE = RowQuery(
    _PLACES,
    "FROM unblinded_place WHERE list_id = $1 AND stratum = $2 AND allocation_id IS NULL"
    " ORDER BY place LIMIT 1 FOR UPDATE",
)
_USE_PLACE = Sql(
    "UPDATE unblinded_place SET allocation_id = $4 WHERE list_id = $1 AND stratum = $2 AND place = $3"
)
_PLACES_OF = RowQuery(
    _PLACES,
    "FROM unblinded_place WHERE list_id = $1 AND stratum = $2 AND place > $3 ORDER BY place LIMIT $4",
)
_ALL_PLACES = RowQuery(_PLACES, "FROM unblinded_place WHERE list_id = $1 ORDER BY stratum, place")
_STRATA = Sql(
    "SELECT stratum, count(*), count(allocation_id) FROM unblinded_place WHERE list_id = $1"
    " GROUP BY stratum ORDER BY stratum"
)
_ALLOCATED = RowQuery(
    _ALLOCATIONS, "FROM unblinded_allocation WHERE trial_id = $1 AND randomisation = $2 ORDER BY number"
)
_ALLOCATED_AFTER = RowQuery(
    _ALLOCATIONS,
    "FROM unblinded_allocation WHERE trial_id = $1 AND randomisation = $2 AND number > $3"
    " ORDER BY number LIMIT $4",
)
_ARMS = RowQuery(_ALLOCATIONS, "FROM unblinded_allocation WHERE participant_id = $1 ORDER BY id")
_LAST = Sql(
    "SELECT coalesce(max(number), 0) FROM unblinded_allocation WHERE trial_id = $1 AND randomisation = $2"
)
