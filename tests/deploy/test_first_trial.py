"""The walk-through of docs/how-to/first-trial.md, run as a reader would run it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import Served

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "first-trial.md"


@pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="the page needs bash and curl"
)
def test_the_first_trial_page_leads_to_a_registered_child(served: Served) -> None:
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    tool = f"{shlex.quote(sys.executable)} -m deploy.trialops"
    script = script.replace("http://127.0.0.1:8080", served.url).replace(".venv/bin/trialops", f"'{tool}'")

    walked = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=ROOT,
        env=os.environ | {"TRIALOPS_HOME": str(served.home), "TRIALOPS_URL": served.url},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert "in_force" in walked.stdout.splitlines()
    assert '"participant_number":"PBTC042-001-' in walked.stdout
    assert "/problems/" not in walked.stdout
    why = walked.stdout[walked.stdout.rindex("participant  ") :]
    for said in (
        "PBTC042-001-",
        "open_level, level 1, 6 places",
        "rolling_six",
        "src_chair",
        "medical_monitor",
    ):
        assert said in why
