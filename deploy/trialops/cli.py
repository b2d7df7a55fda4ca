"""`trialops`: the operators' command line.

Exit codes: 0 done, 1 refused or a check failed, 2 usage, 3 the installation does not answer, 4 not permitted, 130
stopped by Ctrl-C. A failure is one line on stderr, with nothing on stdout, also with `--json`.
"""

import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calls import Refused, Unreachable
from deploy.trialops.home import HomeUnusable, NoKey
from deploy.trialops.listening import CannotListen
from deploy.trialops.options import EXIT_USAGE, help_without_command
from shared import __version__
from shared.settings import SettingsInvalid

EXIT_FAILED, EXIT_UNREACHABLE, EXIT_NOT_PERMITTED = 1, 3, 4

_HOMES = {
    **dict.fromkeys(("serve", "migrate", "contracts"), "hosting"),
    "demo": "demonstrate",
    **dict.fromkeys(("outbox", "watermarks", "parked", "replay", "rebuild"), "delivery"),
    **dict.fromkeys(("import", "take-over"), "take_over"),
    "audit": "audit:app",
    "why": "why:app",
    "enrolment": "calculators.enrolment_commands:app",
    "safety": "calculators.safety_commands:app",
    "dose": "calculators.dose_commands:app",
    "ctcae": "ctcae:app",
    "dev": "develop:app",
}
"""Where each command is: a module that adds it, or a module and its group of commands."""


class _OnDemand(TyperGroup):
    """Commands that are imported when they are asked for: a calculator does not wait for three services."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_HOMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        home = _HOMES.get(cmd_name)
        return None if home is None else _commands_of(home, cmd_name)[cmd_name]


@cache
def _commands_of(home: str, name: str) -> Mapping[str, Any]:
    path, _, group = home.partition(":")
    module, shelf = import_module(f"deploy.trialops.{path}"), typer.Typer()
    if group:
        shelf.add_typer(getattr(module, group), name=name)
    else:
        module.add_to(shelf)
    return get_group(shelf).commands


app = typer.Typer(
    name="trialops",
    cls=_OnDemand,
    help="Operate the enrolment, safety and sponsor services.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 refused or failed check, 2 usage, 3 unreachable, 4 not permitted,"
    " 130 stopped by Ctrl-C.",
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Operate the enrolment, safety and sponsor services."""
    help_without_command(context)


def main() -> None:
    """Run the tool; every foreseeable failure ends in one line and its exit code."""
    try:
        raise SystemExit(app(standalone_mode=False) or 0)
    except typer.TyperException as usage:
        _end(_usage(usage), EXIT_USAGE)
    except Unreachable as error:
        _end(str(error), EXIT_UNREACHABLE)
    except NoKey as error:
        _end(f"{error}; give --token or set TRIALOPS_TOKEN", EXIT_NOT_PERMITTED)
    except Refused as refusal:
        code = EXIT_NOT_PERMITTED if refusal.not_permitted else EXIT_FAILED
        _end(refusal.in_words(), code)
    except (HomeUnusable, CannotListen) as error:
        _end(str(error), EXIT_FAILED)
    except (SettingsInvalid, InputInvalid) as error:
        _end(str(error), EXIT_USAGE)
    except OSError as error:
        _end(
            f"{error.filename or 'the system refused'}: {error.strerror or type(error).__name__}", EXIT_FAILED
        )


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "trialops"
    return f"{error.format_message().rstrip('.')}; see {command} --help"


def _end(line: str, code: int) -> None:
    sys.stderr.write(f"trialops: {' '.join(line.split())}\n")
    raise SystemExit(code)
