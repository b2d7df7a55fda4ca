"""Every numbered acceptance check of a service has a test, whose name carries the number."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ENROLMENT = range(1, 21)
SAFETY = (*range(1, 6), 7, 8, 10, *range(13, 18), 19, 20, *range(22, 26))
"""Numbers are names: they need not follow one another."""


@pytest.mark.parametrize(
    ("service", "prefix", "numbers"), [("enrolment", "a", ENROLMENT), ("safety", "saf_", SAFETY)]
)
def test_each_acceptance_check_has_a_test_of_its_number(
    service: str, prefix: str, numbers: Iterable[int]
) -> None:
    files = sorted((TESTS / service / "acceptance").rglob("test_*.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    names = re.findall(rf"def test_{prefix}(\d+(?:_and_\d+)*)_", text)
    named = {int(number) for name in names for number in name.split("_and_")}

    assert not [number for number in numbers if number not in named]
