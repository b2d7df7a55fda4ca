"""`trialops import` and `trialops take-over` against a running installation."""

import json
from pathlib import Path

import httpx
import pytest

from deploy.trialops.demo.office import read_protocol
from deploy.trialops.home import Home
from tests.deploy.conftest import Served, Tool

HEADER = "site_number,organisation,country,zone,principal_investigator\r\n"
SITES = HEADER + "201,North,GB,Europe/London,dr-201\r\n202,South,JP,Asia/Tokyo,dr-202\r\n"
STAFF = "person,role,site_number,from,until\ndr-201,site_investigator,201,2026-01-01T00:00:00Z,\n"


def reached(served: Served) -> list[str]:
    return ["--url", served.url, "--home", str(served.home)]


@pytest.fixture(scope="module")
def code(served: Served) -> str:
    """A trial in set-up."""
    protocol = read_protocol()
    protocol["trial"]["code"] = "IMPORT1"
    token = Home(served.home).token("manager", "trial_manager:IMPORT1:*")
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "register"}
    answer = httpx.post(f"{served.url}/sponsor/api/v1/trials", json=protocol, headers=headers)
    assert answer.status_code == 201, answer.text
    return "IMPORT1"


def test_sites_and_staff_are_imported_once(served: Served, tool: Tool, code: str, tmp_path: Path) -> None:
    sites, staff = tmp_path / "sites.csv", tmp_path / "staff.csv"
    sites.write_bytes(b"\xef\xbb\xbf" + SITES.encode())
    staff.write_text(STAFF)

    dry = tool("import", "sites", str(sites), "--trial", code, "--dry-run", "--json", *reached(served))
    kept = tool("import", "sites", str(sites), "--trial", code, "--json", *reached(served))
    again = tool("import", "sites", str(sites), "--trial", code, "--json", *reached(served))
    people = tool("import", "staff", str(staff), "--trial", code, *reached(served))

    assert [one.code for one in (dry, kept, again, people)] == [0, 0, 0, 0]
    assert [one.document["added"] for one in (dry, kept, again)] == [2, 2, 0]
    assert again.document["unchanged"] == 2
    assert "added" in people.out


def test_bad_rows_are_listed_for_people_and_for_programs(
    served: Served, tool: Tool, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "sites.csv"
    file.write_text(HEADER + "203,=1+1,GB,Mars,dr-1\n")

    for_people = tool("import", "sites", str(file), "--trial", code, *reached(served))
    for_programs = tool("import", "sites", str(file), "--trial", code, "--json", *reached(served))

    assert (for_people.code, for_programs.code) == (1, 1)
    assert "organisation" in for_people.out
    assert [(one["row"], one["rule"]) for one in for_programs.document["bad"]] == [
        (2, "formula"),
        (2, "zone"),
    ]


def test_file_in_another_encoding_is_a_bad_file(
    served: Served, tool: Tool, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(HEADER.encode() + "203,Hôpital,FR,Europe/Paris,dr-1\n".encode("latin-1"))

    said = tool("import", "sites", str(file), "--trial", code, "--json", *reached(served))

    assert said.code == 1
    assert said.document["bad"] == [{"file": "sites.csv", "row": 0, "column": "", "rule": "encoding"}]


def test_trial_that_is_not_there_is_refused(served: Served, tool: Tool, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_text(SITES)

    said = tool("import", "sites", str(file), "--trial", "NOTHERE", *reached(served))

    assert (said.code, said.out) == (1, "")
    assert "not_found" in said.err


def test_folder_with_files_that_nobody_reads_is_not_looked_at_further(
    served: Served, tool: Tool, tmp_path: Path
) -> None:
    (tmp_path / "trial.json").write_text("{}")
    (tmp_path / "notes.docx").write_bytes(b"\x00")

    said = tool("take-over", str(tmp_path), "--dry-run", "--json", *reached(served))

    assert said.code == 1
    assert [(one["file"], one["rule"]) for one in said.document["bad"]] == [("notes.docx", "file_unknown")]


def test_folder_without_its_files_is_told_all_of_them(
    served: Served, tool: Tool, code: str, tmp_path: Path
) -> None:
    header = {"format": "trialops-take-over/1", "trial": code, "source": "old", "signed_by": ["a", "a"]}
    (tmp_path / "trial.json").write_text(json.dumps(header))

    said = tool("take-over", str(tmp_path), "--dry-run", "--json", *reached(served))

    assert said.code == 1
    missing = {one["file"] for one in said.document["bad"] if one["rule"] == "file_missing"}
    assert {"sites.csv", "decisions.json"} <= missing
