"""Processes of our own that are killed on purpose, and what they had said until then."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from shared.failpoints import FAILPOINT_VARIABLE

_ROOT = Path(__file__).resolve().parents[2]


class NotKilled(AssertionError):
    """The process ended by itself, or by something else than the failpoint."""


async def run_program(
    program: str, *arguments: str, failpoint: str | None = None, seconds: float = 30.0
) -> tuple[int, list[str]]:
    """Run Python source in a process of its own.

    Args:
        program: the source; `sys.argv[1:]` are the arguments.
        arguments: texts for the program.
        failpoint: where the process kills itself, as `TRIALOPS_FAILPOINT` names it.
        seconds: after so long the process is killed.

    Returns:
        The exit status (negative: the signal) and the lines it printed.
    """
    environment = dict(os.environ) | {"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}
    environment.pop(FAILPOINT_VARIABLE, None)
    if failpoint is not None:
        environment[FAILPOINT_VARIABLE] = failpoint
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, output.decode().splitlines()


async def run_until_killed(program: str, *arguments: str, failpoint: str) -> list[str]:
    """Run a program that must be killed at the failpoint; return the lines it printed before.

    Raises:
        NotKilled: it lived through.
    """
    status, lines = await run_program(program, *arguments, failpoint=failpoint)
    if status != -signal.SIGKILL:
        raise NotKilled(f"status {status} at {failpoint}: {lines[-5:]}")
    return lines
