"""`trialops dev`: what an installation without an identity provider needs to try things out."""

import re
from typing import Annotated

import typer

from deploy.trialops.options import AsJson, HomeFolder, checked_service, help_without_command, home_of
from deploy.trialops.output import print_json
from shared.auth import Grant

app = typer.Typer(
    help="For development and demonstration.", callback=help_without_command, invoke_without_command=True
)


_NAME = re.compile(r"[\x21-\x7e]{1,200}")
"""What a service takes for the name of a person or an act in a token."""


def _checked_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise typer.BadParameter("1 to 200 ASCII characters without spaces")
    return name


def _checked_hash(text: str) -> str:
    if len(_checked_name(text)) < 32:
        raise typer.BadParameter(
            "the hash as the proposal's answer gives it (`sign_over`), at least 32 characters"
        )
    return text


def _check_grant(text: str) -> None:
    try:
        Grant.parse(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no grant role:trial:site: a role is lower-case letters, digits and _; trial and site are"
            " letters, digits, . _ - or * (at most 64 characters each)"
        ) from None


@app.command("token")
def token(
    role: Annotated[list[str], typer.Option("--role", help="A role; repeat it for several.")],
    person: Annotated[
        str, typer.Option("--person", help="Subject id of the person.", callback=_checked_name)
    ] = "developer",
    trial: Annotated[str, typer.Option("--trial", help="Trial code, or * for all.")] = "*",
    site: Annotated[str, typer.Option("--site", help="Site number, or * for all.")] = "*",
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=12.0, help="How long it is valid.")] = 1.0,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make an access token with the installation's development key; production believes no such key.

    Example: trialops dev token --role safety_officer --trial PBTC042
    """
    grants = [f"{one}:{trial}:{site}" for one in role]
    for grant in grants:
        _check_grant(grant)
    made = home_of(home).token(person, *grants, hours=hours)
    if as_json:
        print_json({"token": made, "person": person, "grants": grants, "hours": hours})
    else:
        typer.echo(made)


@app.command("proof")
def proof(
    person: Annotated[
        str, typer.Option("--person", help="Subject id of the person who signs.", callback=_checked_name)
    ],
    purpose: Annotated[
        str,
        typer.Option("--purpose", help="The act, as the proposal's answer names it.", callback=_checked_name),
    ],
    bound_to: Annotated[
        str,
        typer.Option(
            "--over", help="The hash to sign over, from the proposal's answer.", callback=_checked_hash
        ),
    ],
    service: Annotated[
        str, typer.Option("--service", help="Who will check it.", callback=checked_service)
    ] = "sponsor",
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a fresh proof of identity for one signature, as an identity provider would after asking again."""
    made = home_of(home).proof(person, audience=service, purpose=purpose, bound_to=bound_to)
    if as_json:
        print_json({"proof": made, "person": person, "purpose": purpose, "over": bound_to})
    else:
        typer.echo(made)
