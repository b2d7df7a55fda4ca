"""Every process of ours runs on uvloop, with a collector that does not look through each batch."""

import asyncio
import gc
import sys
from collections.abc import Iterator

import pytest

from shared.event_loop import GC_THRESHOLDS, loop_factory, run


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_a_program_runs_to_its_value_with_the_collector_set() -> None:
    async def main() -> tuple[int, int, int]:
        await asyncio.sleep(0)
        return gc.get_threshold()

    assert run(main()) == GC_THRESHOLDS


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not exist for Windows")
def test_a_program_runs_on_uvloop() -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert run(main()) == "uvloop"
    assert loop_factory() is not None


def test_a_programs_error_is_raised() -> None:
    async def main() -> None:
        raise LookupError("as it was")

    with pytest.raises(LookupError, match="as it was"):
        run(main())
