"""B15: operating characteristics of dose-finding designs, against twins in plain Python in the same run."""

from collections.abc import AsyncIterator

from benchmarks.dose_models import crm_rows
from benchmarks.dose_tables import table_rows
from benchmarks.measure import Result
from benchmarks.size import Size
from benchmarks.surroundings import Surroundings

ID = "B15"


async def dose_finding(around: Surroundings, size: Size) -> AsyncIterator[Result]:
    """B15: rows need neither a store nor a transport, so they are measured once."""
    async for row in table_rows(ID, size):
        yield row
    async for row in crm_rows(ID, size):
        yield row
