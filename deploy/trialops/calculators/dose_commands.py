"""`trialops dose`: rules of dose finding, checked by hand."""

from typing import Annotated

import typer

from deploy.trialops.calculators.calculator import answer_batch
from deploy.trialops.calculators.dose import CALCULATORS
from deploy.trialops.options import AsJson, help_without_command

app = typer.Typer(
    help="Calculators of dose finding: tables, recommendations, operating characteristics, pathways.",
    callback=help_without_command,
    invoke_without_command=True,
)


@app.command("batch")
def batch(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Lines of id, command and arguments.")],
    as_json: AsJson = False,
) -> None:
    """Answer every line of a file with a line, in order; --json changes nothing. Exit 0 when FILE was read.

    Example: trialops dose batch questions.jsonl
    """
    answer_batch(CALCULATORS, file)
