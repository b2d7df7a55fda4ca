"""Named places where a test kills this process, as a power cut would: no handler, no flush, no goodbye.

`TRIALOPS_FAILPOINT=relay_after_send` kills at the first passage, `relay_after_send:3` at the third, and
`relay_after_send@/a/file` at the first one that finds this file: so a test says when it begins to matter.
Production refuses to start while the variable is set (`shared/settings.py`).
"""

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

FAILPOINT_VARIABLE = "TRIALOPS_FAILPOINT"

_SETTING = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(:(?P<passage>[1-9][0-9]{0,8}))?(@(?P<file>/.+))?")


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _unarmed(name: str) -> None:
    """Pass by: no failpoint is set in this process."""


def _armed(setting: str) -> Callable[[str], None]:
    match = _SETTING.fullmatch(setting)
    if match is None:
        raise ValueError(f"{FAILPOINT_VARIABLE} must be a failpoint's name, name:passage or name@/file")
    wanted, left = match["name"], int(match["passage"] or "1")
    file = Path(match["file"] or "/")
    lock = threading.Lock()

    def passage(name: str) -> None:
        nonlocal left
        if name != wanted or not file.exists():
            return
        with lock:
            left -= 1
            if left <= 0:
                _kill()

    return passage


_SET = os.environ.get(FAILPOINT_VARIABLE, "")

FAILPOINTS_SET: bool = bool(_SET)
"""Whether this process carries a failpoint; read once, when the module is imported."""

failpoint: Callable[[str], None] = _armed(_SET) if _SET else _unarmed
"""Kill this process if the failpoint of this name is set and its passage has come; else nothing."""
