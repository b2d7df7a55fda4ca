"""Downtime numbers, and the registrations entered with them, in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from services.enrolment.domain.downtime import ByTelephone, Difference, IssuedNumber
from services.enrolment.store.downtime_tables import (
    DowntimeBlockRow,
    DowntimeNumberRow,
    DowntimeRegistrationRow,
)
from shared.database import Sql, Tx, instant_parameter, read_instant, read_optional_instant
from shared.joint_reads import nested
from shared.rows import insertion, table_of

_BLOCKS = table_of(DowntimeBlockRow)
_NUMBERS = table_of(DowntimeNumberRow)
_ADD_BLOCK = insertion(_BLOCKS)
_ADD_NUMBERS = insertion(_NUMBERS)
_ADD_REGISTRATION = insertion(table_of(DowntimeRegistrationRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberInBlock:
    """`participant_id` and `used_at` are None until a registration was entered with it."""

    number: str
    participant_id: str | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DowntimeBlock:
    id: str
    trial_id: str
    site_number: str
    issued_by: str
    issued_at: datetime
    numbers: Sequence[NumberInBlock]


async def next_participant_sequences(tx: Tx, trial_id: str, site_number: str, count: int) -> range:
    """So many sequences of the site, taken in one go; nobody else is given any of them."""
    last = int((await tx.fetch(_NEXT_NUMBERS, trial_id, site_number, "participant", count))[0][0])
    return range(last - count + 1, last + 1)


async def insert_block(tx: Tx, block: DowntimeBlock) -> None:
    values = asdict(block)
    numbers = values.pop("numbers")
    await _ADD_BLOCK(tx, [values])
    await _ADD_NUMBERS(tx, [number | {"block_id": block.id} for number in numbers])


async def find_issued_number(tx: Tx, number: str) -> IssuedNumber | None:
    rows = await tx.fetch(_NUMBER, number)
    if not rows:
        return None
    trial_id, site_number, issued_at, used_at = rows[0]
    return IssuedNumber(
        number=number,
        trial_id=trial_id,
        site_number=site_number,
        issued_at=read_instant(issued_at),
        used=used_at is not None,
    )


async def use_number(tx: Tx, number: str, participant_id: str, at: datetime) -> None:
    await tx.fetch(_USE, number, participant_id, instant_parameter(tx, at))


async def insert_late_registration(
    tx: Tx, values: Mapping[str, Any], call: ByTelephone, found: Sequence[Difference]
) -> None:
    """`values` are the columns that neither the telephone call nor the differences are."""
    differing = {"differences": [asdict(difference) for difference in found]}
    await _ADD_REGISTRATION(tx, [{**values, **asdict(call), **differing}])


async def list_blocks(
    tx: Tx, trial_id: str, sites: Sequence[str] | None, *, after: str, limit: int
) -> list[DowntimeBlock]:
    """Blocks of a trial by id; `sites` None means every site."""
    table = _BLOCKS
    statement = select(table).where(table.c.trial_id == trial_id, table.c.id > after)
    if sites is not None:
        statement = statement.where(table.c.site_number.in_(list(sites)))
    return await _blocks(tx, statement.order_by(table.c.id).limit(limit))


async def find_block(tx: Tx, block_id: str) -> DowntimeBlock | None:
    found = await _blocks(tx, select(_BLOCKS).where(_BLOCKS.c.id == block_id))
    return found[0] if found else None


async def _blocks(tx: Tx, statement: Select[Any]) -> list[DowntimeBlock]:
    """Two statements, however many blocks and numbers there are."""
    rows = [dict(row._mapping) for row in await tx.execute(statement)]
    table = _NUMBERS
    of_blocks = select(table).where(table.c.block_id.in_([row["id"] for row in rows]))
    numbers: dict[str, list[NumberInBlock]] = {}
    for number in await tx.execute(of_blocks.order_by(func.length(table.c.number), table.c.number)):
        numbers.setdefault(number.block_id, []).append(
            NumberInBlock(number=number.number, participant_id=number.participant_id, used_at=number.used_at)
        )
    return [DowntimeBlock(**row, numbers=numbers.get(row["id"], [])) for row in rows]


# -- what registrations are flagged for -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRegistration:
    number: str
    claimed_registered_at: datetime
    entered_at: datetime
    call: ByTelephone
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedRegistration:
    """One flag; `about` are codes, halts or records, `flagged_at` None where only the fact is kept.

    `late` is there for a registration that was entered after an outage.
    """

    id: str
    flag: str
    about: Sequence[str]
    flagged_at: datetime | None
    participant_id: str
    participant_number: str
    site_number: str
    registration_id: str
    voided: bool
    late: LateRegistration | None


async def list_flags(tx: Tx, trial_id: str, *, after: str, limit: int) -> list[FlaggedRegistration]:
    """Flags of a trial's registrations by id; the halts that a registration overtook stand under its participant."""
    return [_flag(row) for row in await tx.fetch(_FLAGS, trial_id, after, limit)]


def _flag(row: Sequence[Any]) -> FlaggedRegistration:
    return FlaggedRegistration(
        id=row[0],
        flag=row[1],
        about=nested(row[2]) if row[1] == HALT_SEEN_LATE else [row[2]],
        flagged_at=read_optional_instant(row[3]),
        participant_id=row[4],
        participant_number=row[5],
        site_number=row[6],
        registration_id=row[7],
        voided=row[8] is not None,
        late=None if row[9] is None else _late(row[9:]),
    )


def _late(row: Sequence[Any]) -> LateRegistration:
    number, claimed_at, entered_at, duty_person, called_at, by_sponsor, by_safety, found = row
    call = ByTelephone(
        duty_person=duty_person,
        called_at=read_instant(called_at),
        sponsor_confirmed_by=by_sponsor,
        safety_confirmed_by=by_safety,
    )
    return LateRegistration(
        number=number,
        claimed_registered_at=read_instant(claimed_at),
        entered_at=read_instant(entered_at),
        call=call,
        differences=[Difference(**one) for one in nested(found)],
    )


HALT_SEEN_LATE = "halt_seen_late"
_NEXT_NUMBERS = Sql(
    "INSERT INTO number_sequence (trial_id, site_number, kind, last) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (trial_id, site_number, kind)"
    " DO UPDATE SET last = number_sequence.last + excluded.last RETURNING last"
)
_NUMBER = Sql(
    "SELECT b.trial_id, b.site_number, b.issued_at, n.used_at FROM downtime_number AS n"
    " JOIN downtime_block AS b ON b.id = n.block_id WHERE n.number = $1"
)
_USE = Sql("UPDATE downtime_number SET participant_id = $2, used_at = $3 WHERE number = $1")
_WHOSE = (
    "p.id, p.number, p.site_number, p.registration_id, p.voided_at, d.number, d.claimed_registered_at,"
    " d.entered_at, d.duty_person, d.called_at, d.sponsor_confirmed_by, d.safety_confirmed_by, d.differences"
    " FROM participant AS p LEFT JOIN downtime_registration AS d ON d.registration_id = p.registration_id"
)
_FLAGS = Sql(
    f"SELECT f.id, f.flag, f.about, f.flagged_at, {_WHOSE}"
    " JOIN registration_flag AS f ON f.registration_id = p.registration_id"
    " WHERE p.trial_id = $1 AND f.id > $2"
    f" UNION ALL SELECT p.id, '{HALT_SEEN_LATE}', p.halts_seen_late, NULL, {_WHOSE}"
    " WHERE p.trial_id = $1 AND p.halts_seen_late <> '[]' AND p.id > $2"
    " ORDER BY 1 LIMIT $3"
)
