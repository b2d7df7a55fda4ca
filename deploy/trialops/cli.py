"""`trialops`: the operators' command line.

Exit codes: 0 done, 1 refused or a check failed, 2 usage, 3 the installation does not answer, 4 not permitted.
"""

import sys
from typing import Annotated

import typer

from deploy.trialops import audit, delivery, demonstrate, develop, hosting
from deploy.trialops.calls import Refused, Unreachable
from deploy.trialops.home import NoKey
from shared import __version__

EXIT_FAILED, EXIT_UNREACHABLE, EXIT_NOT_PERMITTED = 1, 3, 4

app = typer.Typer(
    name="trialops",
    help="Operate the enrolment, safety and sponsor services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 refused or failed check, 2 usage, 3 unreachable, 4 not permitted.",
)
hosting.add_to(app)
demonstrate.add_to(app)
delivery.add_to(app)
app.add_typer(audit.app, name="audit")
app.add_typer(develop.app, name="dev")


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the tool; every foreseeable failure ends in one line and its exit code."""
    try:
        app()
    except Unreachable as error:
        _end(str(error), EXIT_UNREACHABLE)
    except NoKey as error:
        _end(f"{error}; give --token or set TRIALOPS_TOKEN", EXIT_NOT_PERMITTED)
    except Refused as refusal:
        code = EXIT_NOT_PERMITTED if refusal.not_permitted else EXIT_FAILED
        _end(refusal.in_words(), code)


def _end(line: str, code: int) -> None:
    sys.stderr.write(f"trialops: {line}\n")
    raise SystemExit(code)
