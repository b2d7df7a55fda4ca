"""Foreseeable failures: one line that names the file or the rule, the documented exit code, and nothing written."""

import asyncio
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.trialops.demo.office import read_protocol
from deploy.trialops.greeting import greet
from deploy.trialops.home import Home
from deploy.trialops.installation import Installation, Place
from deploy.trialops.listening import CannotListen, is_loopback, open_sockets, reachable_url
from shared import __version__
from shared.settings import Environment
from shared.token_keys import read_public_keys
from tests.deploy.conftest import Said, Tool, free_port

GARBAGE = ("", "garbage", "{}", "[" * 100_000)


def one_line(said: Said, *words: str) -> bool:
    assert said.err.startswith("trialops: "), said.err
    assert said.err.count("\n") == 1, said.err
    assert all(word in said.err for word in words), said.err
    return said.out == ""


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_home_that_cannot_be_made_is_named(command: str, tool: Tool) -> None:
    port = ("--port", str(free_port())) if command == "serve" else ()

    said = tool(command, "--home", "/proc/x", *port)

    assert said.code == 1
    assert one_line(said, "/proc/x", "--home")


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_store_that_is_none_is_named(command: str, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "safety.sqlite3").write_bytes(b"this is no store " * 1000)
    port = ("--port", str(free_port())) if command == "serve" else ()

    said = tool(command, "--home", str(tmp_path), *port)

    assert said.code == 1
    assert one_line(said, "safety.sqlite3", "not a database")


def test_a_folder_in_the_place_of_a_store_is_named(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "sponsor.sqlite3").mkdir()

    said = tool("migrate", "--home", str(tmp_path))

    assert said.code == 1
    assert one_line(said, "sponsor.sqlite3")


def test_a_taken_port_is_one_line_and_nothing_is_written(taken_port: int, tool: Tool, tmp_path: Path) -> None:
    said = tool("serve", "--home", str(tmp_path / "new"), "--port", str(taken_port))

    assert said.code == 1
    assert one_line(said, str(taken_port), "--port")
    assert not (tmp_path / "new").exists()


def test_a_host_that_is_not_this_machine_is_one_line(tool: Tool, tmp_path: Path) -> None:
    said = tool("serve", "--home", str(tmp_path / "new"), "--host", "192.0.2.1", "--port", str(free_port()))

    assert said.code == 1
    assert one_line(said, "192.0.2.1", "--host")


@pytest.mark.parametrize("content", GARBAGE)
def test_a_private_key_that_is_none_is_named(content: str, tool: Tool, tmp_path: Path) -> None:
    Home(tmp_path).ensure_key()
    Home(tmp_path).private_key.write_text(content)

    for said in (
        tool("serve", "--home", str(tmp_path), "--port", str(free_port())),
        tool("dev", "token", "--role", "operations", "--home", str(tmp_path)),
    ):
        assert said.code == 1
        assert one_line(said, "token-key.private.json", "remove it")


@pytest.mark.parametrize("content", GARBAGE)
def test_public_keys_that_are_none_are_named(content: str, tool: Tool, tmp_path: Path) -> None:
    Home(tmp_path).ensure_key()
    Home(tmp_path).public_keys.write_text(content)

    said = tool("serve", "--home", str(tmp_path), "--port", str(free_port()))

    assert said.code == 1
    assert one_line(said, "token-keys.public.json", "remove it")


def test_lost_public_keys_are_derived_from_the_private_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.ensure_key()
    before = read_public_keys(home.public_keys)
    home.public_keys.unlink()

    home.ensure_key()

    assert read_public_keys(home.public_keys).keys() == before.keys()


def test_a_new_home_and_its_stores_are_their_owners_alone(tool: Tool, tmp_path: Path) -> None:
    home = tmp_path / "new"

    tool("migrate", "--home", str(home))

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.glob("*.sqlite3*")}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert len(modes) >= 3
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "wrong",
    [
        ("--role", "site_nurse", "--trial", "bad trial:x"),
        ("--role", "Site Nurse"),
        ("--role", ""),
        ("--role", "site_nurse", "--site", ""),
        ("--role", "site_nurse", "--person", ""),
        ("--role", "site_nurse", "--person", "two words"),
    ],
)
def test_a_token_that_no_service_would_read_is_wrong_usage(
    wrong: tuple[str, ...], tool: Tool, tmp_path: Path
) -> None:
    Home(tmp_path).ensure_key()

    said = tool("dev", "token", *wrong, "--home", str(tmp_path))

    assert said.code == 2
    assert one_line(said, "--help")


@pytest.mark.parametrize("token", ["two\nlines", "\u00fc", "a b", "tail\n"])
def test_a_token_that_cannot_be_sent_is_wrong_usage_and_not_repeated(token: str, tool: Tool) -> None:
    said = tool("outbox", "--token", token)

    assert said.code == 2
    assert one_line(said, "one line of ASCII")
    assert token not in said.err


def test_a_replay_to_nobody_is_wrong_usage(tool: Tool) -> None:
    said = tool("replay", "sponsor", "--consumer", "nosuch")

    assert said.code == 2
    assert one_line(said, "--consumer", "enrolment")


def test_a_report_that_cannot_be_written_fails_before_the_story(tool: Tool, tmp_path: Path) -> None:
    said = tool("demo", "--report", str(tmp_path / "none" / "report.html"), "--json")

    assert said.code == 1
    assert one_line(said, "report.html", "--report")


def test_a_wrong_setting_is_named(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALOPS_FRESHNESS_MAX_AGE_SECONDS", "soon")

    said = tool("serve", "--home", str(tmp_path), "--port", str(free_port()))

    assert said.code == 2
    assert one_line(said, "FRESHNESS_MAX_AGE_SECONDS")


def test_the_version_is_printed(tool: Tool) -> None:
    said = tool("--version")

    assert (said.code, said.out, said.err) == (0, f"{__version__}\n", "")


def test_only_addresses_of_this_machine_are_loopback() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost")] == [True] * 3
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org")] == [False] * 4


def test_the_printed_address_can_be_called_from_this_machine() -> None:
    assert reachable_url("0.0.0.0", 8080) == "http://127.0.0.1:8080"
    assert reachable_url("::", 8080) == "http://[::1]:8080"


def test_a_name_without_an_address_cannot_be_listened_on() -> None:
    with pytest.raises(CannotListen, match="--host"):
        open_sockets("no-such-host.invalid", 0)


def test_an_empty_home_may_change_its_environment(tmp_path: Path) -> None:
    Home(tmp_path).ensure_key()

    for environment in (Environment.DEVELOPMENT, Environment.DEMONSTRATION, Environment.DEVELOPMENT):
        begun = asyncio.run(_begin(tmp_path, environment))

        assert begun == 3


def test_a_home_with_one_record_keeps_its_environment_and_the_refusal_names_the_remedy(
    tool: Tool, tmp_path: Path
) -> None:
    Home(tmp_path).ensure_key()
    asyncio.run(_begin(tmp_path, Environment.DEVELOPMENT, upload=True))

    said = tool("serve", "--demonstration", "--home", str(tmp_path), "--port", str(free_port()))

    assert said.code == 1
    assert one_line(said, "real records", str(tmp_path), "--home")


async def _begin(home: Path, environment: Environment, *, upload: bool = False) -> int:
    """Start and stop an installation, with or without one record; gives how many services ran."""
    installation = Installation(Place(folder=home, environment=environment))
    await asyncio.to_thread(installation.migrate)
    try:
        await installation.start()
        if upload:
            token = Home(home).token("manager", "trial_manager:*:*")
            headers = {"authorization": f"Bearer {token}", "idempotency-key": "first"}
            transport = httpx.ASGITransport(app=installation.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                answer = await client.post("/sponsor/api/v1/trials", json=read_protocol(), headers=headers)
            assert answer.status_code == 201, answer.text
        return len(installation.services)
    finally:
        await installation.stop()


def test_what_serve_prints_can_be_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Home(tmp_path).ensure_key()
    monkeypatch.setattr(sys, "argv", [".venv/bin/trialops", "serve"])

    greet(Home(tmp_path), "http://127.0.0.1:9000", ["sponsor"])

    lines = capsys.readouterr().out.splitlines()
    assert any(re.fullmatch(r"TOKEN=[\w.-]+", line) for line in lines)
    assert any(line.startswith(".venv/bin/trialops dev token") and str(tmp_path) in line for line in lines)
    data = next(line.partition("--data @")[2].split()[0] for line in lines if "--data @" in line)
    assert Path(data).is_file()
