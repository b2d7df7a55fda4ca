"""`trialops dose`: rules of dose finding, checked by hand."""

from typing import Annotated

import typer

from deploy.trialops.calculators.calculator import answer_batch, answer_once
from deploy.trialops.calculators.dose import CALCULATORS
from deploy.trialops.calculators.dose_oc import OC
from deploy.trialops.calculators.dose_pathways import PATHWAYS
from deploy.trialops.calculators.dose_recommend import RECOMMEND
from deploy.trialops.calculators.dose_skeleton import SKELETON
from deploy.trialops.calculators.dose_table import TABLE
from deploy.trialops.options import AsJson, help_without_command

app = typer.Typer(
    help="Calculators of dose finding: tables, recommendations, operating characteristics, pathways.",
    callback=help_without_command,
    invoke_without_command=True,
)

Design = Annotated[str | None, typer.Option("--design", metavar="FILE", help="JSON file with the design.")]
Data = Annotated[
    str | None, typer.Option("--data", metavar="FILE", help="JSON file with what has been seen.")
]


@app.command("table")
def table(
    design: Annotated[
        str | None, typer.Option("--design", metavar="NAME|FILE", help="A design's name, or its JSON file.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="P", help="Wanted probability of a DLT.")
    ] = None,
    max_n: Annotated[
        str | None, typer.Option("--max-n", metavar="N", help="Rows of the table; 18 if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The decision table of a design.

    Example: trialops dose table --design boin --target 0.3 --max-n 6
    """
    answer_once(TABLE, {"design": design, "target": target, "max_n": max_n}, as_json)


@app.command("recommend")
def recommend(
    design: Design = None,
    data: Data = None,
    final: Annotated[bool, typer.Option("--final", help="Accrual has ended: the dose found.")] = False,
    previous: Annotated[
        str | None,
        typer.Option("--previous", metavar="FILE", help="The data file behind an earlier decision."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a design recommends for the next participants, with the guards that bind.

    Example: trialops dose recommend --design boin.json --data today.json
    """
    answer_once(RECOMMEND, {"design": design, "data": data, "final": final, "previous": previous}, as_json)


@app.command("oc")
def oc(
    design: Design = None,
    truth: Annotated[
        str | None, typer.Option("--truth", metavar="P1,P2,...", help="True DLT probabilities by level.")
    ] = None,
    cohorts: Annotated[
        str | None, typer.Option("--cohorts", metavar="10x3|3,3,4", help="Sizes of the cohorts.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Without simulation, or not at all.")] = False,
    trials: Annotated[str | None, typer.Option("--trials", metavar="N", help="Simulated trials.")] = None,
    seed: Annotated[str | None, typer.Option("--seed", metavar="S", help="Seed of the simulation.")] = None,
    accrual: Annotated[
        str | None, typer.Option("--accrual", metavar="FILE", help="JSON file: how participants come.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How a design behaves under a truth: doses selected, participants, toxicities, days.

    Example: trialops dose oc --design boin.json --truth 0.05,0.15,0.3,0.45,0.6 --cohorts 10x3 --exact
    """
    asked = {"design": design, "truth": truth, "cohorts": cohorts, "trials": trials, "seed": seed}
    answer_once(OC, asked | {"exact": exact, "accrual": accrual}, as_json)


@app.command("skeleton")
def skeleton(
    halfwidth: Annotated[
        str | None, typer.Option("--halfwidth", metavar="D", help="Half-width of the indifference interval.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="P", help="Wanted probability of a DLT.")
    ] = None,
    nu: Annotated[str | None, typer.Option("--nu", metavar="LEVEL", help="Prior guess of the MTD.")] = None,
    levels: Annotated[
        str | None, typer.Option("--levels", metavar="J", help="Number of dose levels.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="empiric or logistic; empiric if absent.")
    ] = None,
    intercept: Annotated[
        str | None, typer.Option("--intercept", metavar="A", help="Of the logistic model; 3 if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prior guesses of the CRM by level, from an indifference interval (Lee and Cheung).

    Example: trialops dose skeleton --halfwidth 0.05 --target 0.25 --nu 3 --levels 5
    """
    asked = {"halfwidth": halfwidth, "target": target, "nu": nu, "levels": levels}
    answer_once(SKELETON, asked | {"model": model, "intercept": intercept}, as_json)


@app.command("pathways")
def pathways(
    design: Design = None,
    data: Data = None,
    depth: Annotated[
        str | None, typer.Option("--depth", metavar="N", help="Cohorts looked ahead; 2 if absent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What would be recommended after every outcome of the cohorts to come.

    Example: trialops dose pathways --design three.json --data today.json --depth 1
    """
    answer_once(PATHWAYS, {"design": design, "data": data, "depth": depth}, as_json)


@app.command("batch")
def batch(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Lines of id, command and arguments.")],
    as_json: AsJson = False,
) -> None:
    """Answer every line of a file with a line, in order; --json changes nothing. Exit 0 when FILE was read.

    Example: trialops dose batch questions.jsonl
    """
    answer_batch(CALCULATORS, file)
