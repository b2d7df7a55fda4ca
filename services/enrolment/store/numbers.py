"""The record behind a number that was issued here."""

from dataclasses import dataclass

from shared.database import Sql, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedRecord:
    """A screening or a participant, with the site that answers for it now."""

    kind: str
    id: str
    number: str
    site_number: str


async def find_number(tx: Tx, trial_id: str, kind: str, number: str) -> NumberedRecord | None:
    """The record of the kind `screening` or `participant` in one trial; None when the number was not issued."""
    rows = await tx.fetch(_SCREENING if kind == "screening" else _PARTICIPANT, trial_id, number)
    if not rows:
        return None
    return NumberedRecord(kind=kind, id=rows[0][0], number=number, site_number=rows[0][1])


_SCREENING = Sql("SELECT id, site_number FROM screening WHERE trial_id = $1 AND number = $2")
_PARTICIPANT = Sql("SELECT id, site_number FROM participant WHERE trial_id = $1 AND number = $2")
