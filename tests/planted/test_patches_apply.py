"""Every planted bug can still be planted: its patch applies, and the test it names exists.

That each named test then fails takes minutes and is `make planted`.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PATCHES = sorted(HERE.glob("*.patch"))
AT_LEAST = 24


def named_in(patch: Path, what: str) -> str:
    """The one line of a patch that names its `Guard` or `Test`."""
    (found,) = re.findall(rf"^{what}: (\S.*)$", patch.read_text(), re.MULTILINE)
    return str(found)


def test_there_are_planted_bugs() -> None:
    assert len(PATCHES) >= AT_LEAST


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)
def test_a_planted_bug_still_applies_to_the_tree(patch: Path) -> None:
    # Whatever repository lies above this tree is none of ours; git would skip every file of the patch.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(ROOT.parent)}

    applied = subprocess.run(
        ["git", "apply", "--check", "--verbose", str(patch)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert applied.returncode == 0, applied.stderr
    assert "Checking patch" in applied.stderr


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)
def test_a_planted_bug_names_its_guard_and_a_test_that_exists(patch: Path) -> None:
    file, _, function = named_in(patch, "Test").partition("::")

    name = function.partition("[")[0]

    assert named_in(patch, "Guard").endswith(".")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE), function
