"""Every numbered acceptance check of a service has a test, whose name carries the number."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ENROLMENT = [f"a{n}" for n in range(1, 21)]


@pytest.mark.parametrize(("service", "numbers"), [("enrolment", ENROLMENT)])
def test_each_acceptance_check_has_a_test_of_its_number(service: str, numbers: Iterable[str]) -> None:
    files = sorted((TESTS / service / "acceptance").rglob("test_*.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r"def test_([a-z]+_?\d+)_", text))

    assert not [number for number in numbers if number not in named]
