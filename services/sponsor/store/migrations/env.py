"""Alembic's entry: the sponsor service's tables, every module that declares some imported."""

import services.sponsor.store.copies
import services.sponsor.store.tables  # noqa: F401 - declares tables
from services.sponsor.store.base import METADATA
from shared.migrations import run_from_env

run_from_env(METADATA)
