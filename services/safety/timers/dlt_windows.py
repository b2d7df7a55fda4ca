"""Verdicts that time makes: durations that have run long enough, and windows that are over."""

from services.safety.commands.judge_due_windows import judge_due_windows
from shared.timers import Timer

DLT_WINDOWS = Timer(name="dlt_windows", do_due=judge_due_windows)
