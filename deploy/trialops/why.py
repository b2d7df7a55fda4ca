"""`trialops why`: why a participant was given a level, and why a trial was halted, from the event logs alone."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.trialops.calls import Calls
from deploy.trialops.options import DEFAULT, AsJson, HomeFolder, Token, Url, help_without_command, home_of
from deploy.trialops.output import print_json, print_result, print_rows

app = typer.Typer(
    help="Why something happened, with everything it rests on.",
    callback=help_without_command,
    invoke_without_command=True,
)
Page = Annotated[
    Path | None, typer.Option("--page", help="Also write the answer as one page to print.", dir_okay=False)
]
_NUMBER = re.compile(r"([A-Z][A-Z0-9]{1,11})-[0-9]{3}-[0-9]{4,}")


def _trial_of(number: str) -> str:
    """The trial's code in a participant number such as EP01-012-0078."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise typer.BadParameter("give a participant number, such as EP01-012-0078")
    return found[1]


def _inspector(url: str, home: Path | None, token: str | None, trial: str) -> Calls:
    """Calls as somebody who reads one trial and changes nothing."""
    return Calls(url, token or home_of(home).token("trialops-why", f"inspector:{trial}:*"))


@app.command("participant")
def participant(
    number: Annotated[str, typer.Argument(help="Participant number.", metavar="NUMBER")],
    trial: Annotated[
        str | None, typer.Option("--trial", help="Code of the trial, for a number of another form.")
    ] = None,
    page: Page = None,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Why this participant was given this dose level: decision, data, recommendation, signatures, guards.

    Example: trialops why participant EP01-012-0078
    """
    code = trial or _trial_of(number)
    calls = _inspector(url, home, token, code)
    found = calls.post("enrolment", "/number-lookups", {"trial": code, "number": number})
    if found["kind"] != "participant":
        raise typer.BadParameter(f"{number} is the number of a {found['kind']}, not of a participant")
    path = f"/participants/{found['id']}/provenance"
    answer = calls.get("enrolment", path)
    decided = answer["decision"]
    if decided is not None:
        answer["committee"] = _committee(calls.get("sponsor", f"/decisions/{decided['decision_id']}"))
    _write(page, calls, "enrolment", f"{path}.html")
    if as_json:
        print_json(answer)
        return
    print_result(_registered(answer), as_json=False)
    if decided is not None:
        print_rows("Signatures", decided["signed_by"], ("role", "person", "signed_at"))
    print_rows("Guards", [_guard(one) for one in answer["guards"]], ("number", "guard", "result"))


def _committee(decision: Mapping[str, Any]) -> dict[str, Any]:
    """What the sponsor knows of the decision besides."""
    names = ("sitting", "snapshot_id", "pack_id", "pack_outdated_at", "circulation", "state", "ended")
    return {name: decision[name] for name in names}


def _registered(answer: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        "participant": answer["participant_number"],
        "registered": answer["registered_at"],
        "site": answer["site_number"],
        "protocol_version": answer["protocol_version"],
        "level": answer["level"],
        "dose": f"{answer['dose']} {answer['unit']}" if answer["dose"] else None,
        "cell_of_the_rule": answer["rule_cell"],
    }
    decided = answer["decision"]
    if decided is None:
        return shown | {"decision": "none needed: the part has no dose levels"}
    said = decided["recommendation"] or {}
    reasons = "; ".join(f"{one['role']}: {one['text']}" for one in decided["override_reasons"])
    sitting = answer["committee"]["sitting"]
    return shown | {
        "decision": decided["decision_id"],
        "decided": f"{decided['kind']}, level {decided['level']}, {decided['places']} places",
        "in_force": decided["in_force_at"],
        "data_cut": decided["data_cut_at"],
        "snapshot": decided["snapshot_sha256"],
        "recommended": _recommended(said),
        "override": reasons or ("yes" if decided["overrides_recommendation"] else "no"),
        "voters": ", ".join(f"{one['person']} ({one['seat']})" for one in sitting["voters"])
        if sitting
        else None,
        "dissent": "; ".join(f"{one['person']}: {one['text']}" for one in sitting["dissents"])
        if sitting
        else None,
        "pack": answer["committee"]["pack_id"],
        "superseded": decided["superseded_because"],
    }


def _recommended(said: Mapping[str, Any]) -> str | None:
    if not said:
        return None
    cell = f"n = {said['n']}, DLT = {said['dlt']}, pending = {said['pending']} at level {said['level']}"
    return f"{said['kind']} (level {said['next_level']}), {said['design']}, {cell}"


def _guard(guard: Mapping[str, Any]) -> dict[str, Any]:
    result = "holds" if guard["passed"] else f"{guard['code']}: {guard['detail']}"
    return {"number": guard["number"], "guard": guard["guard"], "result": result}


@app.command("halt")
def halt(
    trial: Annotated[str, typer.Argument(help="Code of the trial.", metavar="TRIAL")],
    halt_id: Annotated[
        str | None, typer.Argument(help="Id of one halt; the latest when left out.", metavar="[HALT]")
    ] = None,
    page: Page = None,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Why this trial was halted, by whom, for how long, who lifted it, which sites were told.

    Example: trialops why halt EP01
    """
    calls = _inspector(url, home, token, trial)
    chosen = halt_id or _latest(calls, trial)
    path = f"/halts/{chosen}/provenance"
    answer = calls.get("sponsor", path)
    _write(page, calls, "sponsor", f"{path}.html")
    if as_json:
        print_json(answer)
        return
    print_result(_halted(answer), as_json=False)
    print_rows("Sites that were told", answer["receipts"], ("site_number", "role", "by", "at"))
    nearby = [{"at": one["at"], "what": one["type"]} for one in answer["nearby"]]
    print_rows("Said of the trial from a day before", nearby, ("at", "what"))


def _latest(calls: Calls, trial: str) -> str:
    halts = calls.pages("sponsor", "/halts", trial=trial)
    if not halts:
        raise typer.BadParameter(f"{trial} was never halted")
    return str(max(halts, key=lambda one: (one["imposed_at"], one["halt_id"]))["halt_id"])


def _halted(answer: Mapping[str, Any]) -> dict[str, Any]:
    imposed, plan, lifted = answer["imposed"], answer["plan"], answer["lifted"]
    stopped = " and ".join(name for name in ("recruitment", "dosing") if imposed[name])
    places = [f"{name} {imposed[name]}" for name in ("part", "level", "site_number") if imposed[name]]
    asked = answer["lift_requests"][-1] if answer["lift_requests"] else None
    return {
        "trial": answer["trial_code"],
        "halt": answer["halt_id"],
        "reason": imposed["reason_code"],
        "stopped": f"{stopped}: {', '.join(places) or 'the whole trial'}",
        "imposed": _act(imposed),
        "plan": f"{plan['plan']} ({_act(plan)})" if plan else None,
        "lifting_asked": f"{asked['reason']}, {asked['evidence_id']} ({_act(asked)})" if asked else None,
        "lifted": _act(lifted) if lifted else "in force",
        "lasted": answer["lasted"],
    }


def _act(act: Mapping[str, Any]) -> str:
    return f"{act['at']}, {act['by']} as {act['role']}"


def _write(page: Path | None, calls: Calls, service: str, path: str) -> None:
    if page is not None:
        page.write_text(calls.text(service, path), encoding="utf-8")
