"""`trialops safety e2b-check`: the command, its exit codes, and a batch of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.safety.domain.icsr.message_writer import write_report
from tests.deploy.conftest import Tool
from tests.oracles import oracle
from tests.safety.icsr_cases import CASE, TO_FDA, TRANSMISSION, case, fda_case


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.xml"
    file.write_bytes(write_report(CASE, TRANSMISSION))
    return file


def checked(tool: Tool, file: Path, *options: str) -> tuple[int, dict[str, Any]]:
    said = tool("safety", "e2b-check", str(file), *options, "--json")
    return said.code, said.document


def test_a_valid_report_ends_with_zero_and_no_finding(tool: Tool, report: Path) -> None:
    assert checked(tool, report, "--profile", "ich") == (
        0,
        {"profile": "ich", "verdict": "valid", "schema_checked": False, "findings": []},
    )


def test_an_error_ends_with_one_and_is_named(tool: Tool, report: Path) -> None:
    report.write_bytes(write_report(case(narrative=""), TRANSMISSION))

    code, found = checked(tool, report, "--profile", "ich")

    assert (code, found["verdict"]) == (1, "invalid")
    [finding] = found["findings"]
    assert set(finding) == {"element", "rule", "severity", "message", "path"}
    assert (finding["element"], finding["severity"]) == ("H.1", "error")
    assert finding["path"].startswith("/MCCI_IN200100UV01/")


def test_a_warning_alone_ends_with_one_although_the_file_is_valid(tool: Tool, report: Path) -> None:
    raw = report.read_bytes().replace(b'<birthTime nullFlavor="MSK"/>', b'<birthTime value="20010615"/>')
    report.write_bytes(raw)

    code, found = checked(tool, report, "--profile", "ich")

    assert (code, found["verdict"]) == (1, "valid")


def test_a_note_alone_ends_with_zero(tool: Tool, report: Path) -> None:
    raw = report.read_bytes().replace(b'<birthTime nullFlavor="MSK"/>', b'<birthTime value="20190615"/>')
    report.write_bytes(raw)

    code, found = checked(tool, report, "--profile", "ich")

    assert (code, found["verdict"], [one["severity"] for one in found["findings"]]) == (0, "valid", ["note"])


def test_a_document_type_is_refused(tool: Tool, report: Path) -> None:
    report.write_bytes(b"<!DOCTYPE x>" + report.read_bytes().split(b"\n", 1)[1])

    code, found = checked(tool, report, "--profile", "ich")

    assert (code, found["verdict"], found["schema_checked"]) == (1, "refused", False)
    assert [one["element"] for one in found["findings"]] == ["document"]


@pytest.mark.oracle
def test_layers_run_although_the_schema_fails(tool: Tool, report: Path) -> None:
    schemas = oracle("e2b", "xsd", not_checked="e2b-check with schemas")
    raw = write_report(fda_case(), TO_FDA)
    report.write_bytes(raw.replace(b'<statusCode code="active"/>', b'<status cod="943 476 5919"/>'))
    options = ("--profile", "fda-premarket", "--schemas", str(schemas))
    code, found = checked(tool, report, *options)
    assert (code, found["verdict"], found["schema_checked"]) == (1, "invalid", True)
    assert {one["element"] for one in found["findings"]} == {"schema"}
    assert "943" not in json.dumps(found)

    report.write_bytes(report.read_bytes().replace(b'code="C54588"', b'code="C1"'))

    elements = {one["element"] for one in checked(tool, report, *options)[1]["findings"]}
    assert elements >= {"schema", "FDA.C.1.7.1"}


@pytest.mark.oracle
def test_a_valid_report_is_valid_with_schemas_too(tool: Tool, report: Path) -> None:
    schemas = oracle("e2b", "xsd", not_checked="e2b-check with schemas")

    code, found = checked(tool, report, "--profile", "ich", "--schemas", str(schemas))

    assert (code, found["verdict"], found["schema_checked"], found["findings"]) == (0, "valid", True, [])


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("--profile", ()),
        ("--profile", ("--profile", "ema")),
        ("--schemas", ("--profile", "ich", "--schemas", "/nowhere")),
        ("--schemas", ("--profile", "ich", "--schemas", "\0")),
    ],
)
def test_a_question_that_cannot_be_asked_ends_with_two(
    tool: Tool, report: Path, field: str, options: tuple[str, ...]
) -> None:
    said = tool("safety", "e2b-check", str(report), *options)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"trialops: {field}: ")
    assert said.err.count("\n") == 1


def test_a_file_that_is_not_there_ends_with_two(tool: Tool, tmp_path: Path) -> None:
    said = tool("safety", "e2b-check", str(tmp_path / "none.xml"), "--profile", "ich")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("trialops: file: ")


def test_people_read_a_line_per_finding(tool: Tool, report: Path) -> None:
    report.write_bytes(write_report(case(narrative="", expedited=False), TRANSMISSION))

    said = tool("safety", "e2b-check", str(report), "--profile", "ich")

    assert said.code == 1
    assert "error ICH-REQUIRED" in said.out


def test_a_batch_answers_each_file_in_order_and_ends_with_zero(
    tool: Tool, report: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_bytes(b"\x00")
    lines = [
        {"id": 1, "command": "e2b-check", "arguments": {"file": str(report), "profile": "ich"}},
        {"id": 2, "command": "e2b-check", "arguments": {"file": str(bad), "profile": "ich"}},
        {"id": 3, "command": "e2b-check", "arguments": {"file": str(report)}},
        {"id": 4, "command": "e2b-check", "arguments": {"file": 7, "profile": "ich"}},
        {"id": 5, "command": "e2b-check", "arguments": {"file": "/nowhere", "profile": "ich"}},
    ]
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join(json.dumps(line) for line in lines))

    said = tool("safety", "batch", str(questions))

    answers = [json.loads(line) for line in said.out.splitlines()]
    assert said.code == 0
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4, 5]
    assert [answer["result"]["verdict"] for answer in answers[:2]] == ["valid", "refused"]
    assert [answer["problem"]["field"] for answer in answers[2:]] == ["profile", "file", "file"]
