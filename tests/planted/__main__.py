"""Plant each bug in a copy of the tree and see that the test it names catches it.

A patch is a unified diff; the lines before it name the guard it removes and the test that must then fail:

    Guard: an event that was taken before has no second effect.
    Test: tests/shared/inbox/test_once.py::test_a_repeat_has_no_effect

`python -m tests.planted` runs all; names of patches as arguments run some. Exit 1 when a planted bug goes
unnoticed, when a named test does not pass without it, or when a patch no longer applies. A test notices a bug
by failing: one that cannot be collected, breaks in its set-up or does not end has noticed nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import monotonic

from shared.testing.docker_engine import docker_is_missing

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WORKERS = 2
CLEAN_SECONDS = 900.0
BUG_SECONDS = 300.0
SHOWN = 3000
"""Characters of a test run's end that are worth reading when it surprises."""


@dataclass(frozen=True)
class Planted:
    """One bug: the patch that plants it, the guard it removes, the test that must catch it."""

    path: Path
    guard: str
    test: str

    @classmethod
    def read(cls, path: Path) -> "Planted":
        text = path.read_text().partition("--- a/")[0]
        found = {name: re.search(rf"^{name}: (.+)$", text, re.MULTILINE) for name in ("Guard", "Test")}
        guard, test = found["Guard"], found["Test"]
        if guard is None or test is None:
            raise SystemExit(f"{path.name} must name its guard and its test")
        return cls(path, guard[1].strip(), test[1].strip())


@dataclass(frozen=True)
class Run:
    """What a run of tests came to; `failed` counts tests that failed, not tests that could not be run."""

    all_passed: bool
    failed: bool
    output: str


@dataclass(frozen=True)
class Outcome:
    """`word` is `caught`, or in capitals what is wrong; `shown` says by what, or explains it."""

    bug: Planted
    word: str
    seconds: float
    shown: str = ""

    def __str__(self) -> str:
        line = f"{self.word:8}{self.bug.path.stem}: {self.bug.guard} ({self.seconds:.0f} s)"
        return f"{line}\n        {self.bug.test}\n        {self.shown}"


def main(names: list[str]) -> int:
    planted = [Planted.read(path) for path in sorted(HERE.glob("*.patch")) if not names or path.stem in names]
    if unknown := set(names) - {bug.path.stem for bug in planted}:
        print(f"no such patch: {', '.join(sorted(unknown))}")
        return 1
    if reason := _no_server():
        print(f"{reason}: planted bugs whose tests need PostgreSQL are left out")
        planted = [bug for bug in planted if "[postgresql]" not in bug.test]
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        tree = copy_tree(Path(folder) / "1")
        print(f"{len(planted)} planted bugs; first, their tests without them", flush=True)
        clean = run_tests(tree, sorted({bug.test for bug in planted}), seconds=CLEAN_SECONDS, warm=True)
        if not clean.all_passed:
            print(f"{clean.output[-SHOWN:]}\nFAILED  a named test does not pass on the tree as it is")
            return 1
        print(f"passed in {monotonic() - began:.0f} s; now with the bugs", flush=True)
        missed = plant_all(planted, [tree, shutil.copytree(tree, Path(folder) / "2" / tree.name)])
    caught = len(planted) - missed
    print(f"{caught} of {len(planted)} planted bugs were caught, in {monotonic() - began:.0f} s")
    return 1 if missed else 0


def _no_server() -> str:
    return "" if os.environ.get("TRIALOPS_TEST_POSTGRES_URL") else docker_is_missing()


def plant_all(planted: list[Planted], trees: list[Path]) -> int:
    """Plant every bug, as many at a time as there are trees; return how many were not caught."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def plant(bug: Planted) -> Outcome:
        tree = free.get()
        try:
            return plant_one(tree, bug)
        finally:
            free.put(tree)

    missed = 0
    with ThreadPoolExecutor(len(trees)) as pool:
        for outcome in pool.map(plant, planted):
            print(outcome, flush=True)
            missed += outcome.word != "caught"
    return missed


def plant_one(tree: Path, bug: Planted) -> Outcome:
    """Plant, run the named test, take the bug out again."""
    began = monotonic()
    if complaint := apply(tree, bug.path):
        return Outcome(bug, "STALE", monotonic() - began, complaint)
    try:
        run = run_tests(tree, [bug.test], seconds=BUG_SECONDS)
    finally:
        if complaint := apply(tree, bug.path, "--reverse"):
            raise RuntimeError(complaint)
    seconds = monotonic() - began
    if run.failed:
        return Outcome(bug, "caught", seconds, first_error(run.output))
    if run.all_passed:
        return Outcome(bug, "MISSED", seconds, bug.path.read_text())
    return Outcome(bug, "BROKEN", seconds, run.output[-SHOWN:])


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


def apply(tree: Path, patch: Path, *options: str) -> str:
    """Apply a patch to a tree; return git's complaint, empty when there is none.

    A repository somewhere above the tree is none of ours: git would take the patch for files outside of it,
    and skip them without a word.
    """
    command = ["git", "apply", "--whitespace=nowarn", *options, str(patch)]
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.resolve().parent)}
    applied = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    return "" if applied.returncode == 0 else applied.stderr.strip() or "git apply failed"


def run_tests(tree: Path, tests: list[str], *, seconds: float, warm: bool = False) -> Run:
    """Run tests in a tree; one that does not exist, or is skipped, has not passed.

    Byte code is written by the first run alone (`warm`): a planted line must never outlive its patch in a file
    that looks as old and as long as the true one.
    """
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    # The other plugins of the environment are for other tests, and take longer to load than most bugs to catch.
    command += ["-p", "pytest_asyncio.plugin", f"--basetemp={tree.parent / 'temporary'}", *tests]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment |= {} if warm else {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return Run(all_passed=False, failed=False, output=f"no end after {seconds:.0f} s")
    counts = {word: int(count) for count, word in re.findall(r"\b(\d+) (\w+)", last_line(run.stdout))}
    all_passed = run.returncode == 0 and counts.get("passed", 0) > 0 and "skipped" not in counts
    failed = run.returncode == 1 and counts.get("failed", 0) > 0
    return Run(all_passed=all_passed, failed=failed, output=run.stdout + run.stderr)


def first_error(output: str) -> str:
    """How the test noticed, so that a reader sees that it did for the right reason."""
    found = re.search(r"^E +(\S.*)$", output, re.MULTILINE)
    return found[1][:100] if found else "no assertion is shown"


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
