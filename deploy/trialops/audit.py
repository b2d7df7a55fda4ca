"""`trialops audit verify`: walk every audit chain, and compare it with what the other services witnessed."""

from typing import Any

import typer

from deploy.trialops.calls import Calls
from deploy.trialops.home import SERVICES
from deploy.trialops.options import (
    DEFAULT,
    AsJson,
    HomeFolder,
    Token,
    Url,
    help_without_command,
    operator_calls,
)
from deploy.trialops.output import print_json, print_rows
from shared.audit_api import WITNESSED_AT_ONCE

app = typer.Typer(help="The audit trail.", callback=help_without_command, invoke_without_command=True)
EXIT_FAILED = 1


@app.command("verify")
def verify(url: Url = DEFAULT, home: HomeFolder = None, token: Token = None, as_json: AsJson = False) -> None:
    """Verify all three audit trails against each other; exit 1 and the first bad row when one is not true.

    Example: trialops audit verify --json
    """
    reports = verify_all(operator_calls(url, home, token))
    if as_json:
        print_json({"audit": reports})
    else:
        rows = [report | {"first_bad": _bad(report["first_bad"])} for report in reports]
        print_rows(
            "Audit trails", rows, ("service", "ok", "rows", "anchored_events", "witnessed", "first_bad")
        )
    if not all(report["ok"] for report in reports):
        raise typer.Exit(EXIT_FAILED)


def verify_all(calls: Calls) -> list[dict[str, Any]]:
    """Each service's report, compared with the newest of its heads that the other two hold."""
    held: dict[str, list[dict[str, Any]]] = {service: [] for service in SERVICES}
    for service in SERVICES:
        for head in calls.pages(service, "/delivery/audit/witnessed"):
            producer = head.pop("producer")
            held[producer].append(head)
    reports = []
    for service in SERVICES:
        newest = sorted(held[service], key=lambda head: int(head["pub_seq"]))[-WITNESSED_AT_ONCE:]
        report = calls.post(service, "/delivery/audit-verifications", {"witnessed": newest})
        reports.append({"service": service, "witnessed": len(newest)} | report)
    return reports


def _bad(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{row['fault']} at {row['aggregate_id']} row {row['n']}"
