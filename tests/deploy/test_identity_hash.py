"""`trialops enrolment identity-hash`: what a site sends instead of an NHS number."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.enrolment.domain.identity_digest import identity_digest
from tests.deploy.conftest import Said, Tool

KEY = bytes(range(65, 97))
NUMBER = "9434765919"
Asked = Callable[..., Said]


@pytest.fixture
def asked(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The command with a key in a file and a number on standard input."""

    def run(number: str = NUMBER, key: bytes = KEY, *options: str) -> Said:
        file = tmp_path / "sites.key"
        file.write_bytes(key)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(number.encode()), encoding="utf-8"))
        return tool("enrolment", "identity-hash", "--key-file", str(file), *options)

    return run


def test_the_hash_is_of_the_normalised_number_and_shows_neither_number_nor_key(asked: Asked) -> None:
    spelled = [
        asked(number, key, "--json") for number in (NUMBER, "943 476 5919\n") for key in (KEY, KEY + b"\n")
    ]

    expected = {"kind": "nhs_number", "hash": identity_digest(KEY, NUMBER)}
    assert [said.document for said in spelled] == [expected] * 4
    for shown in (NUMBER, KEY.decode()):
        assert shown not in spelled[0].out + spelled[0].err


@pytest.mark.parametrize(("number", "key"), [("9434765918", KEY), (NUMBER, KEY[:31]), (NUMBER, bytes(1001))])
def test_without_a_valid_number_and_a_key_there_is_no_hash(asked: Asked, number: str, key: bytes) -> None:
    said = asked(number, key)

    assert (said.code, said.out) == (2, "")
    assert number not in said.err


def test_a_key_file_that_is_not_there_is_wrong_usage(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NUMBER.encode()), encoding="utf-8"))

    said = tool("enrolment", "identity-hash", "--key-file", str(tmp_path / "absent"))

    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize("option", [[NUMBER], ["--number", NUMBER], [f"--number={NUMBER}"]])
def test_a_number_among_the_arguments_is_refused_and_not_repeated(asked: Asked, option: list[str]) -> None:
    said = asked(NUMBER, KEY, *option)

    assert (said.code, said.out) == (2, "")
    assert NUMBER not in said.err
