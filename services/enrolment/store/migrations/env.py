"""Alembic's entry: the migrations of this service against its own metadata."""

from services.enrolment.store.tables import METADATA
from shared.migrations import run_from_env

run_from_env(METADATA)
