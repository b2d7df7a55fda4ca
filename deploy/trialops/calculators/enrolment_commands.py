"""`trialops enrolment`: rules of the enrolment service, checked by hand."""

import getpass
import sys
from typing import Annotated, TextIO

import typer

from deploy.trialops.calculators.calculator import answer_batch, answer_once
from deploy.trialops.calculators.enrolment import (
    AGE,
    BLOCKS,
    CALCULATORS,
    CHECK_DIGIT,
    MINIMISE,
    NHS_NUMBER,
    STAGGER,
)
from deploy.trialops.calculators.identity import identity_hash
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.options import AsJson, help_without_command
from deploy.trialops.output import print_result

app = typer.Typer(
    help="Calculators of enrolment: randomisation, numbers, ages, intervals.",
    callback=help_without_command,
    invoke_without_command=True,
)

Config = Annotated[str | None, typer.Option("--config", metavar="FILE", help="JSON file with the design.")]
Zone = Annotated[
    str | None, typer.Option("--zone", metavar="ZONE", help="The site's time zone; Europe/London if absent.")
]
_MOST_INPUT_BYTES = 1_000
# What follows the command would end in a usage error that repeats it, and it may be the number.
_TAKES_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("minimise")
def minimise(config: Config = None, as_json: AsJson = False) -> None:
    """Imbalance of each arm, probabilities, and with random numbers the arm (Pocock and Simon).

    Example: trialops enrolment minimise --config minimisation.json
    """
    answer_once(MINIMISE, {"config": config}, as_json)


@app.command("blocks")
def blocks(config: Config = None, as_json: AsJson = False) -> None:
    """Randomisation lists by permuted blocks, from a seed.

    Example: trialops enrolment blocks --config blocks.json
    """
    answer_once(BLOCKS, {"config": config}, as_json)


@app.command("check-digit")
def check_digit(
    digits: Annotated[
        str | None, typer.Option("--digits", metavar="DIGITS", help="Site and sequence, such as 012007.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The check digit of a participant or screening number (Damm).

    Example: trialops enrolment check-digit --digits 012007
    """
    answer_once(CHECK_DIGIT, {"digits": digits}, as_json)


@app.command(
    "nhs-number",
    context_settings=_TAKES_ANYTHING,
)
def nhs_number(context: typer.Context, as_json: AsJson = False) -> None:
    """Whether the NHS number on standard input is well formed; it is never shown.

    Example: trialops enrolment nhs-number --json < number.txt
    """
    answer_once(NHS_NUMBER, {"number": _number_from_input(context)}, as_json)


@app.command("identity-hash", context_settings=_TAKES_ANYTHING)
def identity_hash_command(
    context: typer.Context,
    key_file: Annotated[
        str, typer.Option("--key-file", metavar="FILE", help="The key that the sites share.")
    ],
    as_json: AsJson = False,
) -> None:
    """The keyed hash of the NHS number on standard input, which shows a child who takes part elsewhere.

    Run it at the site: number and key stay there. The hash is confidential too.

    Example: trialops enrolment identity-hash --key-file sites.key < number.txt
    """
    answered = {"kind": "nhs_number", "hash": identity_hash(key_file, _number_from_input(context))}
    print_result(answered, as_json=as_json)


def _number_from_input(context: typer.Context) -> str:
    """The one line of standard input; on a terminal it is typed unseen."""
    if context.args:
        raise InputInvalid(
            "number", "standard_input_only", "An NHS number is read from standard input, never an argument."
        )
    stdin: TextIO | None = sys.stdin
    try:
        if stdin is not None and stdin.isatty():
            return getpass.getpass("NHS number (not shown): ")
        raw = b"" if stdin is None else stdin.buffer.read(_MOST_INPUT_BYTES + 1)
        lines = [line.strip() for line in raw.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise InputInvalid("number", "not_utf8", "Standard input is not text in UTF-8.") from None
    except (OSError, EOFError):
        raise InputInvalid("number", "unreadable", "Standard input cannot be read.") from None
    if len(raw) > _MOST_INPUT_BYTES or len(lines) != 1:
        raise InputInvalid("number", "one_line", "Standard input is one line with one number.")
    return lines[0]


@app.command("age")
def age(
    born: Annotated[str | None, typer.Option("--born", metavar="DATE", help="Date of birth.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="The site's local date.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="INSTANT", help="An instant, as 2026-11-21T13:00:00Z.")
    ] = None,
    zone: Zone = None,
    country: Annotated[
        str | None, typer.Option("--country", metavar="CODE", help="The site's country; GB if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Age on the site's local date, and whether it is the age of own consent to a medicine trial.

    Example: trialops enrolment age --born 2010-11-22 --at 2026-11-21T23:30:00Z
    """
    answer_once(AGE, {"born": born, "on": on, "at": at, "zone": zone, "country": country}, as_json)


@app.command("stagger")
def stagger(
    first_dose: Annotated[
        str | None, typer.Option("--first-dose", metavar="INSTANT", help="When the earlier child was dosed.")
    ] = None,
    hours: Annotated[
        str | None, typer.Option("--hours", metavar="H", help="The protocol's interval in elapsed hours.")
    ] = None,
    zone: Zone = None,
    as_json: AsJson = False,
) -> None:
    """The earliest first dose of the next child, in the site's time and in UTC.

    Example: trialops enrolment stagger --first-dose 2026-03-28T10:00:00Z --hours 168
    """
    answer_once(STAGGER, {"first_dose": first_dose, "hours": hours, "zone": zone}, as_json)


@app.command("batch")
def batch(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Lines of id, command and arguments.")],
    as_json: AsJson = False,
) -> None:
    """Answer every line of a file with a line, in order; --json changes nothing. Exit 0 when FILE was read.

    Example: trialops enrolment batch questions.jsonl
    """
    answer_batch(CALCULATORS, file)
