"""`trialops safety`: rules of the safety service, checked by hand."""

from typing import Annotated

import typer

from deploy.trialops.calculators.calculator import answer_batch, answer_once
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.safety import CALCULATORS
from deploy.trialops.calculators.safety_classify import CLASSIFY
from deploy.trialops.calculators.safety_dlt import DLT
from deploy.trialops.calculators.safety_due import DUE
from deploy.trialops.calculators.safety_e2b_check import E2B_CHECK, asks_for_action
from deploy.trialops.calculators.safety_grade import GRADE
from deploy.trialops.calculators.safety_stopping_rule import STOPPING_RULE
from deploy.trialops.options import AsJson, help_without_command

app = typer.Typer(
    help="Calculators of safety: grades, deadlines, classification, toxicities, boundaries, case files.",
    callback=help_without_command,
    invoke_without_command=True,
)


Number = Annotated[str | None, typer.Option(metavar="NUMBER", help="In the value's unit.")]


@app.command("grade")
def grade(
    ctcae: Annotated[str | None, typer.Option("--ctcae", metavar="VERSION", help="5.0 or 6.0.")] = None,
    analyte: Annotated[
        str | None, typer.Option("--analyte", metavar="TERM", help="Such as Neutrophil count decreased.")
    ] = None,
    value: Annotated[str | None, typer.Option("--value", metavar="NUMBER", help="The result.")] = None,
    unit: Annotated[str | None, typer.Option("--unit", metavar="UNIT", help="Such as 10^9/L.")] = None,
    lln: Number = None,
    uln: Number = None,
    baseline: Number = None,
    baseline_position: Annotated[
        str | None,
        typer.Option(
            "--baseline-position", metavar="POSITION", help="low, normal or high; else by the limits."
        ),
    ] = None,
    fasting: Annotated[str | None, typer.Option("--fasting", metavar="YES|NO", help="yes or no.")] = None,
    as_json: AsJson = False,
) -> None:
    """The CTCAE grade of a laboratory value, or what is missing for one; a proposal for the investigator.

    Example: trialops safety grade --ctcae 5.0 --analyte "Neutrophil count decreased" --value 0.3 --unit 10^9/L
    """
    stated = {
        "ctcae": ctcae,
        "analyte": analyte,
        "value": value,
        "unit": unit,
        "lln": lln,
        "uln": uln,
        "baseline": baseline,
        "baseline_position": baseline_position,
        "fasting": fasting,
    }
    answer_once(GRADE, stated, as_json)


@app.command("dlt")
def dlt(
    protocol: Annotated[
        str | None, typer.Option("--protocol", metavar="FILE", help="The DLT definition, YAML or JSON.")
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="FILE", help="Events, doses and leaving, YAML or JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The verdict on one participant's window as a day begins, and the next day on which time may change it.

    Example: trialops safety dlt --protocol definition.yaml --data participant.json
    """
    answer_once(DLT, {"protocol": protocol, "data": data}, as_json)


@app.command("stopping-rule")
def stopping_rule(
    n: Annotated[str | None, typer.Option("--n", metavar="N", help="Most evaluable participants.")] = None,
    p0: Annotated[
        str | None, typer.Option("--p0", metavar="RATE", help="Acceptable rate of events, or the target.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="beta-binomial (if absent), pocock or overdose."),
    ] = None,
    alpha: Annotated[
        str | None, typer.Option("--alpha", metavar="SIZE", help="Largest probability of stopping at p0.")
    ] = None,
    prior: Annotated[str | None, typer.Option("--prior", metavar="A,B", help="Beta prior.")] = None,
    cutoff: Annotated[
        str | None, typer.Option("--cutoff", metavar="C", help="Cut-off, instead of a size.")
    ] = None,
    first_look: Annotated[
        str | None, typer.Option("--first-look", metavar="N", help="Smallest n that may stop.")
    ] = None,
    p: Annotated[str | None, typer.Option("--p", metavar="RATES", help="Rates to show, as 0.2,0.25.")] = None,
    observed: Annotated[
        str | None, typer.Option("--observed", metavar="COUNTS", help="Participants:events, as 4:3,5:4.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Events that stop a trial after each participant, exact characteristics, and whether counts have crossed.

    Example: trialops safety stopping-rule --n 30 --p0 0.2 --alpha 0.1 --prior 0.6,2.4 --observed 5:4,4:3
    """
    stated = {
        "kind": kind,
        "n": n,
        "p0": p0,
        "alpha": alpha,
        "prior": prior,
        "cutoff": cutoff,
        "first_look": first_look,
        "p": p,
        "observed": observed,
    }
    answer_once(STOPPING_RULE, stated, as_json)


@app.command("e2b-check")
def e2b_check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A batch of case reports (ICH E2B(R3)).")],
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="PROFILE", help="ich or fda-premarket.")
    ] = None,
    schemas: Annotated[
        str | None,
        typer.Option("--schemas", metavar="DIR", help="Your copy of the schemas; holds multicacheschemas/."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Findings in a case report file, every layer of rules; exit 1 with an error or a warning.

    Example: trialops safety e2b-check case.xml --profile ich
    """
    try:
        result = answer_once(E2B_CHECK, {"file": file, "profile": profile, "schemas": schemas}, as_json)
    except InputInvalid as invalid:
        field = "file" if invalid.field == "--file" else invalid.field  # it is no option
        raise InputInvalid(field, invalid.code, invalid.message) from None
    if asks_for_action(result):
        raise typer.Exit(1)


@app.command("due")
def due(
    regime: Annotated[
        str | None, typer.Option("--regime", metavar="REGIME", help="uk-2026, eu-ctr, us-ind and others.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="ID", help="Such as uk.usm.notice; else the SUSAR rule.")
    ] = None,
    aware_at: Annotated[
        str | None,
        typer.Option("--aware-at", metavar="INSTANT|DATE", help="The trigger; a date is day 0 itself."),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="The sponsor's time zone; Europe/London if absent."),
    ] = None,
    fatal_or_life_threatening: Annotated[
        bool, typer.Option("--fatal-or-life-threatening", help="The SUSAR rule of the shorter clock.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Until when a report is due, by a regime's rule, with the dates on which to warn.

    Example: trialops safety due --regime uk-2026 --aware-at 2026-10-22T23:30:00Z
    """
    stated = {
        "regime": regime,
        "rule": rule,
        "aware_at": aware_at,
        "zone": zone,
        "fatal_or_life_threatening": fatal_or_life_threatening,
    }
    answer_once(DUE, stated, as_json)


@app.command("classify")
def classify(
    case: Annotated[
        str | None, typer.Option("--case", metavar="FILE", help="JSON file with one event and one product.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether an event is an AE, AR, SAE, SAR or SUSAR, why, and what is owed for it by when.

    Example: trialops safety classify --case case.json
    """
    answer_once(CLASSIFY, {"case": case}, as_json)


@app.command("batch")
def batch(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Lines of id, command and arguments.")],
    as_json: AsJson = False,
) -> None:
    """Answer every line of a file with a line, in order; --json changes nothing. Exit 0 when FILE was read.

    Example: trialops safety batch questions.jsonl
    """
    answer_batch(CALCULATORS, file)
