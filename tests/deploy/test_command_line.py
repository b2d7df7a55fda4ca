"""The operators' command line, against a running installation: what it prints, and how it exits."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from deploy.trialops.demo.office import read_protocol
from deploy.trialops.home import Home
from tests.deploy.conftest import Served, Tool, free_port

OPERATORS = [
    ("outbox",),
    ("watermarks",),
    ("parked", "list", "enrolment"),
    ("rebuild", "enrolment", "--check"),
    ("replay", "sponsor"),
    ("audit", "verify"),
]


def reached(served: Served) -> list[str]:
    return ["--url", served.url, "--home", str(served.home)]


@pytest.mark.parametrize("command", OPERATORS, ids=" ".join)
def test_every_result_is_printed_for_people_and_as_one_json_document(
    command: tuple[str, ...], served: Served, tool: Tool
) -> None:
    for_people = tool(*command, *reached(served))
    for_programs = tool(*command, *reached(served), "--json")

    assert (for_people.code, for_programs.code) == (0, 0), for_people.err + for_programs.err
    assert for_people.out.strip()
    assert isinstance(for_programs.document, dict)
    assert for_programs.err == ""


def test_a_protocol_that_was_uploaded_shows_in_the_outbox_and_in_the_audit_trail(
    served: Served, tool: Tool
) -> None:
    token = tool("dev", "token", "--role", "trial_manager", "--home", str(served.home)).out.strip()
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "first"}

    answer = httpx.post(f"{served.url}/sponsor/api/v1/trials", json=read_protocol(), headers=headers)

    assert answer.status_code == 201, answer.text
    verified = tool("audit", "verify", *reached(served), "--json")
    rows = {one["service"]: one["rows"] for one in verified.document["audit"]}
    assert verified.code == 0
    assert rows["sponsor"] >= 1


def test_a_replay_publishes_again_and_nothing_takes_effect_twice(served: Served, tool: Tool) -> None:
    said = tool("replay", "sponsor", *reached(served), "--json")

    assert said.code == 0
    assert tool("rebuild", "enrolment", "--check", *reached(served), "--json").document["comparable"]


def test_nobody_there_exits_with_three(tool: Tool, served: Served) -> None:
    said = tool("outbox", "--url", f"http://127.0.0.1:{free_port()}", "--home", str(served.home))

    assert said.code == 3
    assert said.err.startswith("trialops: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("url", ["http://[", "not an address", "ftp://127.0.0.1", "banana", "http://h:99999"])
def test_an_address_that_is_none_is_wrong_usage(url: str, tool: Tool, served: Served) -> None:
    said = tool("outbox", "--url", url, "--home", str(served.home))

    assert (said.code, said.err.count("\n")) == (2, 1)
    assert url in said.err


def test_another_program_at_the_address_exits_with_three(tool: Tool, served: Served) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html></html>")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        said = tool("outbox", "--url", f"http://127.0.0.1:{server.server_port}", "--home", str(served.home))
    finally:
        server.shutdown()
        server.server_close()

    assert (said.code, said.err.count("\n")) == (3, 1)


def test_without_a_key_or_a_token_exits_with_four(tool: Tool, served: Served, tmp_path: Path) -> None:
    said = tool("outbox", "--url", served.url, "--home", str(tmp_path))

    assert said.code == 4
    assert "TRIALOPS_TOKEN" in said.err


def test_a_token_of_the_wrong_role_exits_with_four(tool: Tool, served: Served) -> None:
    token = Home(served.home).token("nurse", "site_nurse:EP01:012")

    said = tool("outbox", "--url", served.url, "--token", token)

    assert (said.code, said.err.count("\n")) == (4, 1)
    assert token not in said.err


def test_what_does_not_exist_exits_with_one(tool: Tool, served: Served) -> None:
    said = tool("parked", "show", "enrolment", "7", *reached(served))

    assert said.code == 1
    assert "not_found" in said.err


@pytest.mark.parametrize(
    "command",
    [("parked", "list", "nobody"), ("replay",), ("frobnicate",), ("serve", "--port", "0"), ("dev", "token")],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two(command: tuple[str, ...], tool: Tool) -> None:
    said = tool(*command)

    assert said.code == 2
    assert said.err


def test_migrate_makes_the_three_stores_and_may_be_repeated(tool: Tool, tmp_path: Path) -> None:
    first, second = (tool("migrate", "--home", str(tmp_path), "--json") for _ in range(2))

    assert (first.code, second.code) == (0, 0), first.err
    assert json.loads(second.out)["state"] == "newest schema"
    assert {path.name for path in tmp_path.glob("*.sqlite3")} == {
        "enrolment.sqlite3",
        "safety.sqlite3",
        "sponsor.sqlite3",
    }


def test_a_second_installation_on_the_same_folder_is_refused(tool: Tool, served: Served) -> None:
    said = tool("serve", "--home", str(served.home), "--port", str(free_port()))

    assert said.code == 1
    assert said.err.strip().splitlines()[-1].startswith("trialops: ")


def test_a_demonstration_does_not_play_on_an_installation_that_is_none(tool: Tool, served: Served) -> None:
    said = tool("demo", "--against", served.url, "--home", str(served.home), "--json")

    assert said.code == 1
    assert "not in demonstration" in said.out + said.err


def test_contracts_are_as_the_code_says(tool: Tool) -> None:
    assert tool("contracts", "--check").code == 0
