"""Commands about many rows at once: sites and staff from CSV files, and the folder of a running trial."""

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.trialops.calls import Calls, Refused
from deploy.trialops.options import (
    DEFAULT,
    AsJson,
    HomeFolder,
    Token,
    Url,
    help_without_command,
    home_of,
)
from deploy.trialops.output import print_json, print_result, print_rows, say
from shared.signed_folders import PURPOSE, folder_sha256

ORDER = ("sponsor", "safety", "enrolment")
"""Decisions first; then the verdicts, so that nobody is judged anew; then the people."""
FILES = (
    *("trial.json", "sites.csv", "staff.csv", "decisions.json", "participants.csv", "consents.csv"),
    *("doses.csv", "treatment_ends.csv", "adverse_events.csv", "verdicts.csv", "waiting_list.csv"),
    "open_clocks.csv",
)
TOO_EARLY = "take_over_too_early"
EXIT_FAILED = 1
_COLUMNS = ("file", "row", "column", "rule")

BadRows = list[dict[str, Any]]
Prove = Callable[[str, str], str]
"""A fresh proof of identity for a service, bound to a hash."""

imports = typer.Typer(
    help="Add many rows from a CSV file.", callback=help_without_command, invoke_without_command=True
)
TrialCode = Annotated[str, typer.Option("--trial", help="Code of the trial.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell every bad row and change nothing.")]
CsvFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
AsPerson = Annotated[
    str | None, typer.Option("--as", metavar="PERSON", help="Who acts, with the development key.")
]


@imports.command("sites")
def import_sites(
    file: CsvFile,
    trial: TrialCode,
    dry_run: DryRun = False,
    person: AsPerson = None,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Add the sites of a CSV file to a trial: every row, or none. Exit 1 when a row is bad.

    Example: trialops import sites sites.csv --trial EP01 --dry-run
    """
    calls = _office(url, home, token, person, trial)
    _import(calls, "sites", file, trial, dry_run=dry_run, as_json=as_json)


@imports.command("staff")
def import_staff(
    file: CsvFile,
    trial: TrialCode,
    dry_run: DryRun = False,
    person: AsPerson = None,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Add the lines of a CSV file to a trial's delegation log: every row, or none. Exit 1 when a row is bad.

    Example: trialops import staff staff.csv --trial EP01
    """
    calls = _office(url, home, token, person, trial)
    _import(calls, "staff", file, trial, dry_run=dry_run, as_json=as_json)


def _import(calls: Calls, kind: str, file: Path, trial: str, *, dry_run: bool, as_json: bool) -> None:
    text = _text_of(file)
    if text is None:
        _print_bad([_bad(file.name, "encoding")], as_json)
        raise typer.Exit(EXIT_FAILED)
    body = {"kind": kind, "csv": text, "dry_run": dry_run}
    try:
        result = calls.post("sponsor", f"/trials/{trial}/imports", body)
    except Refused as refused:
        if "rows" not in refused.problem:
            raise
        _print_bad(refused.problem["rows"], as_json)
        raise typer.Exit(EXIT_FAILED) from None
    bad = result.pop("bad")
    if bad:
        _print_bad(bad, as_json)
        raise typer.Exit(EXIT_FAILED)
    print_result(result, as_json)


def take_over(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, readable=True)],
    dry_run: DryRun = False,
    person: AsPerson = None,
    proofs: Annotated[
        Path | None,
        typer.Option("--proofs", help="JSON file: a fresh proof of identity per service.", dir_okay=False),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", help="Seconds to wait for a service to hear another.")
    ] = 60.0,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Take over a running trial from a folder. Two people run this, each signing; nothing is kept before the second.

    After a crash run it again: what is done is not done twice. Exit 1 when a row is bad.

    Example: trialops take-over ./EP01 --dry-run
    """
    files, bad = read_files(folder)
    code = _code_of(files)
    calls = _office(url, home, token, person, code)
    bad += check(calls, files) if not bad else []
    if bad:
        _print_bad(bad, as_json)
        raise typer.Exit(EXIT_FAILED)
    if dry_run:
        print_result({"trial": code, "sha256": folder_sha256(files), "bad_rows": 0}, as_json)
        return
    states = sign(calls, files, _prover(home, token, person, proofs), wait=wait)
    if as_json:
        print_json({"trial": code, "sha256": folder_sha256(files), "services": states})
    else:
        print_rows("Take-over", states, ("service", "state", "signed_by"))


# -- the folder -----------------------------------------------------------------------------------------


def read_files(folder: Path) -> tuple[dict[str, str], BadRows]:
    """The folder's files as text, and what nobody would read."""
    files: dict[str, str] = {}
    bad: BadRows = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        text = _text_of(path) if path.name in FILES and path.is_file() else None
        if text is None:
            bad.append(_bad(path.name, "encoding" if path.name in FILES else "file_unknown"))
        else:
            files[path.name] = text
    return files, bad


def _text_of(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _bad(file: str, rule: str) -> dict[str, Any]:
    return {"file": file, "row": 0, "column": "", "rule": rule}


def _code_of(files: Mapping[str, str]) -> str:
    """The trial's code, for the person's token; what is wrong with the file a service tells."""
    try:
        code = json.loads(files.get("trial.json", "{}")).get("trial")
    except (ValueError, AttributeError):
        code = None
    return code if isinstance(code, str) and re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", code) else "*"


# -- the services ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wait:
    """Until when to ask again, by a clock that only runs forward."""

    until: float
    pause: float = 0.25

    def again(self) -> bool:
        if time.monotonic() >= self.until:
            return False
        time.sleep(self.pause)
        return True


def check(calls: Calls, files: Mapping[str, str]) -> BadRows:
    """Every bad row that any service finds, each once; a service that cannot look at all matters when none is bad."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    unable: list[Refused] = []
    for service in ORDER:
        say(f"{service} looks at the folder")
        try:
            for row in _bad_rows(calls, service, files):
                found[tuple(row[column] for column in _COLUMNS)] = row
        except Refused as refused:
            unable.append(refused)
    if unable and not found:
        raise unable[0]
    return [found[key] for key in sorted(found)]


def _bad_rows(calls: Calls, service: str, files: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    try:
        answer = calls.post(service, "/take-overs", {"files": dict(files), "dry_run": True})
    except Refused as refused:
        if "rows" not in refused.problem:
            raise
        return list(refused.problem["rows"])
    return list(answer["bad"])


def sign(calls: Calls, files: Mapping[str, str], prove: Prove, *, wait: float) -> list[dict[str, Any]]:
    """One person's signature at every service; the second person's makes each take over its part."""
    states = []
    for service in ORDER:
        say(f"{service} is asked to take over its part")
        answer = _signed(calls, service, files, prove, _Wait(time.monotonic() + wait))
        signed_by = ", ".join(answer["signed_by"])
        states.append({"service": service, "state": answer["state"], "signed_by": signed_by})
    return states


def _signed(calls: Calls, service: str, files: Mapping[str, str], prove: Prove, wait: _Wait) -> Any:
    sha256 = folder_sha256(files)
    while True:
        body = {"files": dict(files), "proof": prove(service, sha256)}
        try:
            return calls.post(service, "/take-overs", body)
        except Refused as refused:
            if refused.problem.get("code") != TOO_EARLY or not wait.again():
                raise


def _prover(folder: Path | None, token: str | None, person: str | None, proofs: Path | None) -> Prove:
    given: Mapping[str, str] = {} if proofs is None else json.loads(proofs.read_text())
    if token is not None and not set(ORDER) <= set(given):
        raise typer.BadParameter("a token given needs --proofs with a fresh proof for each service")

    def prove(service: str, sha256: str) -> str:
        if service in given:
            return given[service]
        return home_of(folder).proof(_name(person), audience=service, purpose=PURPOSE, bound_to=sha256)

    return prove


def _office(url: str, home: Path | None, token: str | None, person: str | None, code: str) -> Calls:
    """Calls as the trial's office."""
    made = token or home_of(home).token(_name(person), f"trial_manager:{code}:*")
    return Calls(url, made, seconds=600.0)


def _name(person: str | None) -> str:
    name = person or f"operator-{os.environ.get('USER', 'operator')}"
    return re.sub(r"[^\x21-\x7e]", "-", name)[:100]


def _print_bad(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"bad": list(rows)})
    else:
        print_rows("Bad rows", rows, _COLUMNS)


def add_to(app: typer.Typer) -> None:
    app.add_typer(imports, name="import")
    app.command("take-over")(take_over)
