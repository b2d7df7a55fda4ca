"""The safety service's own table registry; no other service's tables can enter it."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from shared.tables import add_delivery_tables


class SafetyTable(SQLModel, registry=registry()):
    """Base of every row class of this service."""


METADATA = SafetyTable.metadata
add_delivery_tables(METADATA)
