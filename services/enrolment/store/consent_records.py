"""What stands beside the signatures in the store: corrections, uses of samples, findings, coming of age."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.enrolment.domain.adult_consent import AdultConsentAnswer
from services.enrolment.store.consent_tables import (
    AdultConsentAnswerRow,
    ConsentCorrectionRow,
    MolecularFindingRow,
    RegistrationFlagRow,
    SampleUseRow,
)
from shared.database import Sql, Tx, read_instant
from shared.rows import insertion, table_of
from shared.writes import Write

_ADD_CORRECTION = insertion(table_of(ConsentCorrectionRow))
_ADD_FLAG = insertion(table_of(RegistrationFlagRow))
_ADD_USE = insertion(table_of(SampleUseRow))
_ADD_FINDING = insertion(table_of(MolecularFindingRow))
_ADD_ANSWER = insertion(table_of(AdultConsentAnswerRow))

Values = Mapping[str, Any]


def new_correction(tx: Tx, values: Values) -> Write:
    return _ADD_CORRECTION.write(tx, values)


def new_flag(tx: Tx, values: Values) -> Write:
    return _ADD_FLAG.write(tx, values)


def new_sample_uses(tx: Tx, rows: Sequence[Values]) -> tuple[Write, ...]:
    return tuple(_ADD_USE.write(tx, row) for row in rows)


def new_finding(tx: Tx, values: Values) -> tuple[Write, ...]:
    """With the screening's next version: whoever read it before has read an older one."""
    return Write(_RAISE_VERSION, (values["screening_id"],)), _ADD_FINDING.write(tx, values)


def new_adult_answer(tx: Tx, values: Values) -> Write:
    return _ADD_ANSWER.write(tx, values)


async def sample_uses_of(tx: Tx, screening_id: str) -> dict[str, bool]:
    """Each use that was ever asked about, and whether it is consented to now."""
    return {row[0]: bool(row[1]) for row in await tx.fetch(_USES, screening_id)}


async def adult_answer_of(tx: Tx, participant_id: str) -> AdultConsentAnswer | None:
    """What was heard last instead of an own consent."""
    rows = await tx.fetch(_ANSWER, participant_id)
    return AdultConsentAnswer(rows[0][0]) if rows else None


async def is_superseded(tx: Tx, consent_id: str) -> bool:
    return bool(await tx.fetch(_SUPERSEDED, consent_id))


async def screening_of_consent(tx: Tx, consent_id: str) -> str | None:
    rows = await tx.fetch(_OF_CONSENT, consent_id)
    return str(rows[0][0]) if rows else None


async def registration_after(tx: Tx, screening_id: str) -> tuple[str, str] | None:
    """Participant and registration of a screening; None when nobody was registered."""
    rows = await tx.fetch(_REGISTRATION, screening_id)
    return (rows[0][0], rows[0][1]) if rows else None


async def flags_of(tx: Tx, registration_id: str) -> list[tuple[str, str, datetime]]:
    """Flag, what it is about, and since when."""
    return [(row[0], row[1], read_instant(row[2])) for row in await tx.fetch(_FLAGS, registration_id)]


# Ids are time-ordered: ordered by them, a later word about the same use takes the place of the earlier one.
_USES = Sql('SELECT "use", consented FROM sample_use_consent WHERE screening_id = $1 ORDER BY id')
_ANSWER = Sql("SELECT answer FROM adult_consent_answer WHERE participant_id = $1 ORDER BY id DESC LIMIT 1")
_SUPERSEDED = Sql("SELECT consent_id FROM consent_correction WHERE consent_id = $1")
_OF_CONSENT = Sql("SELECT screening_id FROM consent WHERE id = $1")
_REGISTRATION = Sql("SELECT id, registration_id FROM participant WHERE screening_id = $1")
_FLAGS = Sql("SELECT flag, about, flagged_at FROM registration_flag WHERE registration_id = $1 ORDER BY id")
_RAISE_VERSION = Sql("UPDATE screening SET version = version + 1 WHERE id = $1")
