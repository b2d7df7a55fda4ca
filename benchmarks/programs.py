"""Programs of a run in processes of their own, on a free port, stopped when the run is over."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.surroundings import free_port
from shared.testing.stores import wait_until

_ROOT = Path(__file__).resolve().parents[1]
START_SECONDS, STOP_SECONDS = 60.0, 15.0


class ProgramFailed(Exception):
    """A program ended before it was told to."""


@asynccontextmanager
async def program(
    module: str, *arguments: str, environ: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run `python -m module arguments --port P` and give its address once it listens."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments, "--port", str(port)),
        cwd=_ROOT,
        env=os.environ | dict(environ or {}),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:

        async def listens() -> bool:
            if process.returncode is not None:
                raise ProgramFailed(f"{module} ended with {process.returncode}")
            return await _answers(port)

        await wait_until(listens, seconds=START_SECONDS, what=f"an answer of {module}")
        yield f"http://127.0.0.1:{port}"
    finally:
        await _stop(process)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await asyncio.sleep(0.1)
        return False
    writer.close()
    return True


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
