"""Who was randomised, as blinded people may read it. Nothing here reads a table of lists or arms."""

from services.enrolment.domain.randomisation_records import FactorCorrection, Randomised
from services.enrolment.store.randomisation_tables import FactorCorrectionRow, RandomisedRow
from shared.database import Tx
from shared.rows import RowQuery, fetch_rows, insertion, table_of

_RANDOMISED = table_of(RandomisedRow)
_CORRECTIONS = table_of(FactorCorrectionRow)
_ADD = insertion(_RANDOMISED)
_ADD_CORRECTION = insertion(_CORRECTIONS)


async def insert_randomised(tx: Tx, randomised: Randomised) -> None:
    values = {column.name: getattr(randomised, column.name) for column in _RANDOMISED.columns}
    await _ADD(tx, [values])


async def randomised_of(tx: Tx, participant_id: str) -> list[Randomised]:
    """A participant's randomisations, oldest first."""
    return [Randomised(**row) for row in await fetch_rows(tx, _OF_PARTICIPANT, participant_id)]


async def insert_correction(tx: Tx, correction: FactorCorrection) -> None:
    values = {column.name: getattr(correction, column.name) for column in _CORRECTIONS.columns}
    await _ADD_CORRECTION(tx, [values])


async def corrections_of(tx: Tx, trial_id: str, randomisation: str) -> list[FactorCorrection]:
    """Every correction of a randomisation, in the order in which they were made."""
    return [FactorCorrection(**row) for row in await fetch_rows(tx, _CORRECTED, trial_id, randomisation)]


_OF_PARTICIPANT = RowQuery(_RANDOMISED, "FROM randomised WHERE participant_id = $1 ORDER BY id")
_CORRECTED = RowQuery(
    _CORRECTIONS, "FROM factor_correction WHERE trial_id = $1 AND randomisation = $2 ORDER BY id"
)
