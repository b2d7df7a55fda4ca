import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared.failpoints import FAILPOINT_VARIABLE, FAILPOINTS_SET, failpoint

ROOT = Path(__file__).parents[2]
PROGRAM = """
from shared.failpoints import FAILPOINTS_SET, failpoint
for passage in range(3):
    failpoint("other")
    failpoint("pre_commit")
    print(passage, FAILPOINTS_SET, flush=True)
"""


def run(setting: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, FAILPOINT_VARIABLE: setting, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=False
    )


def test_without_the_variable_nothing_happens() -> None:
    assert not FAILPOINTS_SET

    failpoint("pre_commit")


def test_the_named_place_kills_the_process_at_once() -> None:
    ended = run("pre_commit")

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == ""


def test_a_count_lets_the_process_pass_until_then() -> None:
    ended = run("pre_commit:3")

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == "0 True\n1 True\n"


def test_a_file_says_from_when_on_the_place_kills(tmp_path: Path) -> None:
    before = run(f"pre_commit:2@{tmp_path}/armed")
    (tmp_path / "armed").touch()
    after = run(f"pre_commit:2@{tmp_path}/armed")

    assert (before.returncode, before.stdout.count("True")) == (0, 3)
    assert (after.returncode, after.stdout) == (-signal.SIGKILL, "0 True\n")


def test_another_place_does_not_kill() -> None:
    ended = run("relay_after_send")

    assert ended.returncode == 0
    assert ended.stdout.count("True") == 3


@pytest.mark.parametrize("setting", ["pre_commit:0", "pre_commit:x", "Pre Commit", ":2", "a:1:2", "a@armed"])
def test_a_setting_that_cannot_be_read_stops_the_process_from_starting(setting: str) -> None:
    ended = run(setting)

    assert ended.returncode == 1
    assert FAILPOINT_VARIABLE in ended.stderr
