"""Alembic's entry: the tables of this service against the store at hand."""

from services.safety.store import copies, tables
from services.safety.store.base import METADATA
from shared.migrations import run_from_env

assert copies.ProtocolCopy.metadata is METADATA
assert tables.AlertRow.metadata is METADATA

run_from_env(METADATA)
