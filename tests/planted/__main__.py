"""Plant each bug in a copy of the tree and see that the test it names catches it.

A patch is a unified diff; the lines before it name the guard it removes and the test that must then fail:

    Guard: an event that was taken before has no second effect.
    Test: tests/shared/test_inbox.py::test_a_repeat_has_no_effect

`python -m tests.planted` runs all; names of patches as arguments run some. Exit 1 when a planted bug goes
unnoticed, when a named test does not pass without it, or when a patch no longer applies.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Planted:
    """One bug: the patch that plants it, the guard it removes, the test that must catch it."""

    path: Path
    guard: str
    test: str

    @classmethod
    def read(cls, path: Path) -> "Planted":
        text = path.read_text()
        found = {name: re.search(rf"^{name}: (.+)$", text, re.MULTILINE) for name in ("Guard", "Test")}
        missing = [name for name, match in found.items() if match is None]
        if missing:
            raise SystemExit(f"{path.name} has no line {missing[0]}:")
        guard, test = found["Guard"], found["Test"]
        assert guard is not None
        assert test is not None
        return cls(path, guard[1].strip(), test[1].strip())


def main(names: list[str]) -> int:
    planted = [Planted.read(path) for path in sorted(HERE.glob("*.patch")) if not names or path.stem in names]
    if not planted:
        print("no such patch")
        return 1
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = copy_tree(Path(folder))
        print(f"{len(planted)} planted bugs; first, their tests without them")
        if not passes(copy, sorted({bug.test for bug in planted})):
            print("FAILED  a named test does not pass on the tree as it is")
            return 1
        unnoticed = [bug for bug in planted if not caught(copy, bug)]
    print(f"{len(planted) - len(unnoticed)} of {len(planted)} planted bugs were caught")
    return 1 if unnoticed else 0


def copy_tree(folder: Path) -> Path:
    """What git tracks, and what is new and not ignored, as it is in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    copy = folder / "tree"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def caught(copy: Path, bug: Planted) -> bool:
    """Plant, run the named test, take the bug out again."""
    if not patched(copy, bug.path):
        print(f"STALE   {bug.path.stem}: the patch no longer applies")
        return False
    try:
        noticed = not passes(copy, [bug.test], quiet=True)
    finally:
        assert patched(copy, bug.path, reverse=True)
    print(f"{'caught' if noticed else 'MISSED'}  {bug.path.stem}: {bug.guard}")
    return noticed


def patched(copy: Path, patch: Path, *, reverse: bool = False) -> bool:
    command = ["git", "apply", "--whitespace=nowarn", *(["--reverse"] if reverse else []), str(patch)]
    return subprocess.run(command, cwd=copy, capture_output=True).returncode == 0


def passes(copy: Path, tests: list[str], *, quiet: bool = False) -> bool:
    """Whether all of these tests ran and passed; a test that does not exist or is skipped has not passed."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "-x", *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    if not quiet and run.returncode:
        print(run.stdout[-3000:])
    return run.returncode == 0 and re.search(r"\b\d+ passed", run.stdout) is not None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
