"""Play the story on an installation, check the books, and give the result as one object."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.trialops.demo.books import Books, milliseconds_to_close, pages, read_books
from deploy.trialops.demo.director import ClosedLevel, Director
from deploy.trialops.demo.hospital import Hospitals
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.plan import SEED, draw
from deploy.trialops.demo.published import DISAGREEMENTS, STRATA
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import SERVICES, Home

FIRST_DAY = datetime(2030, 1, 7, 14, 0, tzinfo=UTC)
"""Domain time at which the story begins; any time after the present would do."""


async def play(
    client: httpx.AsyncClient, home: Home, timeline: Timeline, *, seed: int = SEED
) -> dict[str, Any]:
    """Tell the story and check it.

    Raises:
        StoryFailed: the rules did not lead where the published trial went, or it never became quiet.
    """
    stage = Stage(client, home)
    await stage.check_demonstration()
    begin = max(FIRST_DAY, (await stage.clock()) + timedelta(days=1))
    protocol = read_protocol()
    code = await _free_code(stage, protocol["trial"]["code"])
    protocol["trial"]["code"] = code
    office, hospitals = Office(stage, timeline, code), Hospitals(stage, timeline, code)
    await stage.move_to(begin)
    await office.set_up(protocol)
    director = Director(stage, office, hospitals, timeline)
    await director.tell(draw(seed))
    for service in SERVICES:
        await stage.operator.post(service, "/delivery/audit-heads")
    await stage.quiet()
    return await _result(stage, office, director.closed)


async def _free_code(stage: Stage, wanted: str) -> str:
    """The trial's code, or the next free one where the story was told before."""
    reader = stage.person("demo-reader", "trial_manager:*:*")
    listed = await reader.get("sponsor", "/trials", limit=200)
    taken = {trial["code"] for trial in listed["items"]}
    codes = [wanted, *(f"{wanted}R{number}" for number in range(2, 1000))]
    return next(code for code in codes if code not in taken)


async def _result(stage: Stage, office: Office, closed: Sequence[ClosedLevel]) -> dict[str, Any]:
    books = await read_books(stage, office.code)
    strata = counts_by_stratum(await office.view())
    reports = await audit_reports(stage)
    invariants = {
        "events_lost": books.lost,
        "effects_doubled": books.doubled,
        "audit_chains_ok": all(report["ok"] for report in reports),
        "allocations_without_decision": await _allocations_without_decision(stage, office),
    }
    published = [
        {
            "name": stratum.name,
            "levels": [
                {
                    "dose": level.dose,
                    "enrolled": level.enrolled,
                    "evaluable": level.evaluable,
                    "dlt": level.dlt,
                }
                for level in stratum.levels
            ],
            "mtd": stratum.mtd,
        }
        for stratum in STRATA
    ]
    return {
        "strata": strata,
        "invariants": invariants,
        "levels_closed": await _closings(stage, office, books, closed),
        "disagreements": list(DISAGREEMENTS),
        "passed": strata == published and holds(invariants),
        "details": list(books.details),
        "events": sum(len(events) for events in books.published.values()),
    }


def holds(invariants: Mapping[str, Any]) -> bool:
    """Whether nothing was lost, doubled, broken in the audit trail or allocated without a decision."""
    counts = ("events_lost", "effects_doubled", "allocations_without_decision")
    return invariants["audit_chains_ok"] is True and not any(invariants[name] for name in counts)


def counts_by_stratum(trial: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Counts per stratum and dose, parts taken together, as the sponsor shows them."""
    strata: dict[str, dict[str, dict[str, Any]]] = {}
    mtd: dict[str, str] = {}
    for part in trial["parts"]:
        doses = strata.setdefault(part["stratum"], {})
        for level in part["levels"]:
            dose = level["label"].split()[0]
            counts = doses.setdefault(dose, {"dose": dose, "enrolled": 0, "evaluable": 0, "dlt": 0})
            for name in ("enrolled", "evaluable", "dlt"):
                counts[name] += level[name]
            if part["mtd"] == level["level"]:
                mtd[part["stratum"]] = dose
    return [
        {"name": name, "levels": [doses[dose] for dose in sorted(doses, key=float)], "mtd": mtd.get(name)}
        for name, doses in strata.items()
    ]


async def audit_reports(stage: Stage) -> list[dict[str, Any]]:
    """Each service's audit report, verified against the heads that the other two hold."""
    held: dict[str, list[dict[str, Any]]] = {service: [] for service in SERVICES}
    for service in SERVICES:
        for head in await pages(stage, service, "/delivery/audit/witnessed"):
            held[head.pop("producer")].append(head)
    return [
        await stage.operator.post(service, "/delivery/audit-verifications", {"witnessed": held[service]})
        for service in SERVICES
    ]


async def _allocations_without_decision(stage: Stage, office: Office) -> int:
    """Participants whose decision was not signed by two people and in force before they were registered."""
    decisions: dict[str, Any] = {}
    query: dict[str, Any] = {"trial": office.trial_id, "limit": 200}
    while True:
        page = await office.manager.get("sponsor", "/decisions", **query)
        decisions |= {one["decision_id"]: one for one in page["items"]}
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    listed = await office.manager.get("enrolment", "/participants", trial=office.code, limit=200)
    return sum(
        not _covered(participant, decisions.get(participant["decision_id"]))
        for participant in listed["items"]
    )


def _covered(participant: Mapping[str, Any], decision: Mapping[str, Any] | None) -> bool:
    if decision is None or decision["in_force_at"] is None:
        return False
    signers = {signature["person"] for signature in decision["signatures"]}
    return len(signers) >= 2 and decision["in_force_at"] < participant["registered_at"]


async def _closings(
    stage: Stage, office: Office, books: Books, closed: Sequence[ClosedLevel]
) -> list[dict[str, Any]]:
    listed = await office.manager.get("enrolment", "/dose-levels", trial=office.code)
    ids = {(one["part"], one["level"]): one["level_id"] for one in listed["levels"]}
    return [
        {
            "level": one.level,
            "report_to_closed_ms": round(
                milliseconds_to_close(books, one.report_id, ids[one.part, one.number]), 3
            ),
        }
        for one in closed
    ]
