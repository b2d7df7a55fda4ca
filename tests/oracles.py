"""Third-party files that our results are compared with; they lie beside the checkout and are never part of it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def oracle(*parts: str, not_checked: str = "the comparison with it was not made") -> Path:
    """A file of the folder that TRIALOPS_ORACLES names, `shared/data` beside the checkout if it does not.

    A test whose file is absent is skipped with the path and what was not checked.
    """
    named = os.environ.get("TRIALOPS_ORACLES") or os.environ.get("TRIALOPS_SHARED_DATA")
    path = Path(named or ROOT.parent / "shared" / "data").joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} absent; {not_checked}")
    return path
