"""The operators' command line, against a running installation: what it prints, and how it exits."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

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


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Another program that answers at an address of this machine."""
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


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

    with serving(Page) as url:
        said = tool("outbox", "--url", url, "--home", str(served.home))

    assert (said.code, said.err.count("\n")) == (3, 1)


def test_an_audit_is_compared_with_the_newest_heads_of_every_page(tool: Tool, served: Served) -> None:
    compared: dict[str, list[int]] = {}

    class Witnesses(BaseHTTPRequestHandler):
        """Enrolment and sponsor hold 3000 heads of safety each, in pages of 1000."""

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            after = int(parse_qs(url.query).get("cursor", ["safety:0"])[0].removeprefix("safety:"))
            last = 0 if url.path.startswith("/safety/") else 3000
            page = [_head(number) for number in range(after + 1, min(after + 1000, last) + 1)]
            more = f"safety:{after + 1000}" if len(page) == 1000 else None
            self._say({"items": page, "next_cursor": more})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            compared[self.path.split("/")[1]] = [head["pub_seq"] for head in body["witnessed"]]
            self._say({"ok": True, "rows": 0, "anchored_events": 0, "head": "", "first_bad": None})

        def _say(self, document: Any) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with serving(Witnesses) as url:
        said = tool("audit", "verify", "--url", url, "--home", str(served.home), "--json")

    assert said.code == 0, said.err
    assert (compared["enrolment"], compared["sponsor"]) == ([], [])
    assert sorted(compared["safety"]) == sorted(2 * list(range(1001, 3001)))


def _head(number: int) -> dict[str, Any]:
    return {"producer": "safety", "pub_seq": number, "head": "", "audit_rows": 0, "audit_last_id": 0}


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


@pytest.mark.parametrize(
    ("group", "named"), [("", "watermarks"), ("parked", "discard"), ("audit", "verify"), ("dev", "token")]
)
def test_without_a_command_the_help_is_printed_as_wrong_usage(group: str, named: str, tool: Tool) -> None:
    said = tool(*group.split())

    assert (said.code, said.err) == (2, "")
    assert "Usage:" in said.out
    assert named in said.out


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


def test_demo_tells_the_one_story_that_was_asked_for_and_says_that_it_is_invented(
    tool: Tool, tmp_path: Path
) -> None:
    report = tmp_path / "told.html"

    said = tool("demo", "--only", "samples", "--seed", "5", "--report", str(report))

    assert (said.code, said.err) == (0, "")
    assert "Invented for the demonstration: blood samples kept for research (seed 5)" in said.out
    assert "Invented, seed 5: Trials, hospitals, children" in said.out
    assert "events lost: 0" in said.out
    assert "effects doubled: 0" in said.out
    assert "Replayed:" not in said.out
    assert "Stratum" not in report.read_text()


def test_demo_refuses_a_story_that_nobody_knows_and_names_those_there_are(tool: Tool) -> None:
    said = tool("demo", "--only", "fairy-tale")

    assert said.code == 2
    assert all(story in said.err for story in ("published", "randomised", "samples", "car-t"))


def test_contracts_are_as_the_code_says(tool: Tool) -> None:
    assert tool("contracts", "--check").code == 0
