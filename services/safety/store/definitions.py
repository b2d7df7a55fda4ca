"""DLT definitions as copied with each protocol version, parsed once per text, and what was found about them."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select

from services.safety.domain.dlt_definition import DltDefinition, parse_definition
from services.safety.domain.refusals import Refused
from services.safety.store.copies import ProtocolCopy
from services.safety.store.tables import DefinitionCheckRow
from shared.database import Sql, Tx
from shared.rows import table_of, upsert_row

_PROTOCOLS = table_of(ProtocolCopy)
_CHECKS = table_of(DefinitionCheckRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolTerms:
    """What safety needs of one protocol version.

    `definition_text` is the DLT object as JSON, empty for a trial that defines no DLT.
    """

    trial_id: str
    trial_code: str
    protocol_version: str
    protocol_sha256: str
    zone: str
    ctcae: str
    definition_text: str


@lru_cache(maxsize=256)
def parsed(definition_text: str) -> DltDefinition | None:
    """The definition, or None when there is none or it cannot be read (then `check_definition` has alerted)."""
    if not definition_text:
        return None
    try:
        return parse_definition(json.loads(definition_text))
    except Refused:
        return None


def why_unreadable(definition_text: str) -> str | None:
    """The path and reason for which a definition cannot be read, or None."""
    try:
        parse_definition(json.loads(definition_text))
    except Refused as refused:
        return refused.detail
    return None


async def protocol_terms(tx: Tx, trial_id: str, protocol_version: str) -> ProtocolTerms | None:
    statement = select(_PROTOCOLS).where(
        _PROTOCOLS.c.trial_id == trial_id, _PROTOCOLS.c.protocol_version == protocol_version
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    return ProtocolTerms(
        trial_id=row.trial_id,
        trial_code=row.trial_code,
        protocol_version=row.protocol_version,
        protocol_sha256=row.protocol_sha256,
        zone=row.zone,
        ctcae=row.ctcae,
        definition_text=row.dlt,
    )


async def all_protocol_versions(tx: Tx) -> list[tuple[str, str]]:
    """Trial and version of every protocol copied."""
    return [(row[0], row[1]) for row in await tx.fetch(_ALL)]


async def is_checked(tx: Tx, terms: ProtocolTerms) -> bool:
    rows = await tx.fetch(_CHECKED, terms.trial_id, terms.protocol_version, terms.protocol_sha256)
    return bool(rows)


async def save_check(tx: Tx, terms: ProtocolTerms, problems: list[str], checked_at: datetime) -> None:
    await upsert_row(
        tx,
        _CHECKS,
        {
            "trial_id": terms.trial_id,
            "protocol_version": terms.protocol_version,
            "protocol_sha256": terms.protocol_sha256,
            "problems": problems,
            "checked_at": checked_at,
        },
    )


async def participants_on(tx: Tx, trial_id: str, protocol_version: str) -> list[str]:
    """Participants registered under one protocol version."""
    return [row[0] for row in await tx.fetch(_PARTICIPANTS_ON, trial_id, protocol_version)]


async def participants_after(tx: Tx, trial_id: str, after: str, limit: int) -> list[str]:
    """The next participants of a trial in the order of their ids, whatever version they are registered under."""
    return [row[0] for row in await tx.fetch(_PARTICIPANTS_AFTER, trial_id, after, limit)]


_ALL = Sql("SELECT trial_id, protocol_version FROM protocol_copy ORDER BY trial_id, protocol_version")
_CHECKED = Sql(
    "SELECT 1 FROM definition_check WHERE trial_id = $1 AND protocol_version = $2 AND protocol_sha256 = $3"
)
_PARTICIPANTS_AFTER = Sql(
    "SELECT participant_id FROM participant_copy WHERE trial_id = $1 AND participant_id > $2"
    " ORDER BY participant_id LIMIT $3"
)
_PARTICIPANTS_ON = Sql(
    "SELECT participant_id FROM participant_copy WHERE trial_id = $1 AND protocol_version = $2 ORDER BY participant_id"
)
