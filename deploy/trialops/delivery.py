"""Commands about delivery: outbox, watermarks, parked events, replay, rebuild."""

from typing import Annotated, Any

import typer

from deploy.trialops.home import SERVICES
from deploy.trialops.options import (
    DEFAULT,
    AsJson,
    HomeFolder,
    OtherService,
    ServiceName,
    Token,
    Url,
    help_without_command,
    operator_calls,
)
from deploy.trialops.output import console, print_json, print_result, print_rows

parked = typer.Typer(
    help="Events that could not be applied and wait.",
    callback=help_without_command,
    invoke_without_command=True,
)
EXIT_FAILED = 1


def outbox(url: Url = DEFAULT, home: HomeFolder = None, token: Token = None, as_json: AsJson = False) -> None:
    """How many events each service has published, and how many wait. Exit 1 when any wait.

    Example: trialops outbox --json
    """
    calls = operator_calls(url, home, token)
    rows = []
    for service in SERVICES:
        state = calls.get(service, "/delivery/state")
        rows.append(
            {
                "service": service,
                "published": sum(state["published"].values()),
                "unsent": state["unsent"],
                "parked": state["parked"],
            }
        )
    if as_json:
        print_json({"outboxes": rows})
    else:
        print_rows("Outboxes", rows, ("service", "published", "unsent", "parked"))
    if any(row["unsent"] for row in rows):
        raise typer.Exit(EXIT_FAILED)


def watermarks(
    url: Url = DEFAULT, home: HomeFolder = None, token: Token = None, as_json: AsJson = False
) -> None:
    """Up to when each service has heard each other one. Exit 1 when any partition is not ok.

    Example: trialops watermarks
    """
    calls = operator_calls(url, home, token)
    rows: list[dict[str, Any]] = []
    for service in SERVICES:
        for mark in calls.get(service, "/delivery/watermarks")["items"]:
            rows.append({"service": service} | mark)
    if as_json:
        print_json({"watermarks": rows})
    else:
        print_rows("Watermarks", rows, ("service", "topic", "partition", "state", "closed_at", "n"))
    if any(row["state"] != "ok" for row in rows):
        raise typer.Exit(EXIT_FAILED)


@parked.command("list")
def list_parked(
    service: ServiceName,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Parked events of one service. Exit 1 when there are any.

    Example: trialops parked list enrolment
    """
    calls = operator_calls(url, home, token)
    rows = calls.pages(service, "/delivery/parked")
    if as_json:
        print_json({"parked": rows})
    else:
        columns = (
            "id",
            "producer",
            "aggregate_id",
            "sequence",
            "reason",
            "attempts",
            "parked_at",
            "resolved_by",
        )
        print_rows(f"Parked at {service}", rows, columns)
    if rows:
        raise typer.Exit(EXIT_FAILED)


@parked.command("show")
def show_parked(
    service: ServiceName,
    parked_id: int,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """One parked event, without its content.

    Example: trialops parked show enrolment 7
    """
    calls = operator_calls(url, home, token)
    print_result(calls.get(service, f"/delivery/parked/{parked_id}"), as_json)


@parked.command("release")
def release_parked(
    service: ServiceName,
    parked_id: int,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Apply the event and what waits behind it again, oldest first, up to the first that still fails.

    Example: trialops parked release enrolment 7
    """
    calls = operator_calls(url, home, token)
    print_result(calls.post(service, f"/delivery/parked/{parked_id}/releases"), as_json)


@parked.command("discard")
def discard_parked(
    service: ServiceName,
    parked_id: int,
    reason: Annotated[
        str, typer.Option("--reason", help="Why the event is given up; kept in the audit trail.")
    ],
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Give an event up. The first person asks, a second person confirms by the same command.

    Example: trialops parked discard enrolment 7 --reason "sent twice by a test system"
    """
    calls = operator_calls(url, home, token)
    path = f"/delivery/parked/{parked_id}/discards"
    print_result(calls.post(service, path, {"reason": reason}), as_json)


def replay(
    service: ServiceName,
    after: Annotated[int, typer.Option("--after-pub-seq", min=0, help="Publish again what came after.")] = 0,
    since: Annotated[
        str | None, typer.Option("--since", help="Or: what was stored since (RFC 3339).")
    ] = None,
    scope: Annotated[str | None, typer.Option("--trial", help="Only this trial's events (its id).")] = None,
    consumer: OtherService = None,
    unblinded: Annotated[
        bool, typer.Option("--unblinded", help="The events of its unblinded topic instead.")
    ] = False,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Publish a service's events again, with the same ids and bytes; nothing takes effect twice.

    Example: trialops replay sponsor --after-pub-seq 100 --consumer enrolment
    """
    body: dict[str, Any] = {"after_pub_seq": after, "scope": scope, "consumer": consumer}
    if since is not None:
        body["since"] = since
    if unblinded:
        body["unblinded"] = True
    calls = operator_calls(url, home, token)
    print_result(calls.post(service, "/delivery/replays", body), as_json)


def rebuild(
    service: ServiceName,
    check: Annotated[
        bool, typer.Option("--check", help="Build beside the living copies and compare.")
    ] = False,
    url: Url = DEFAULT,
    home: HomeFolder = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Clear a service's copies of others' facts and take every event again. Exit 1 when a check differs.

    Example: trialops rebuild safety --check
    """
    calls = operator_calls(url, home, token)
    if not check:
        print_result(calls.post(service, "/delivery/rebuilds"), as_json)
        return
    found = calls.post(service, "/delivery/rebuild-checks")
    differing = sum(one["only_living"] + one["only_rebuilt"] for one in found["differences"])
    if as_json:
        print_json(found)
    elif found["comparable"]:
        print_rows("Differences", found["differences"], ("table", "only_living", "only_rebuilt"))
    else:
        console.print("not comparable now", style="bold")
    if differing or not found["comparable"]:
        raise typer.Exit(EXIT_FAILED)


def add_to(app: typer.Typer) -> None:
    app.command()(outbox)
    app.command()(watermarks)
    app.add_typer(parked, name="parked")
    app.command()(replay)
    app.command()(rebuild)
