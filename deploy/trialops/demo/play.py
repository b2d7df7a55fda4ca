"""Play the story on an installation, check the books, and give the result as one object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import httpx
from rich.console import Console

from deploy.trialops.demo import cells, randomised, samples
from deploy.trialops.demo.books import Books, milliseconds_to_close, pages, read_books
from deploy.trialops.demo.comparisons import read_comparisons
from deploy.trialops.demo.director import ClosedLevel, Director
from deploy.trialops.demo.hospital import Hospitals
from deploy.trialops.demo.invented import Told
from deploy.trialops.demo.listing import Listing, described
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.plan import SEED, draw
from deploy.trialops.demo.published import DISAGREEMENTS, STRATA
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.susar_facts import facts_of
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import SERVICES, Home

FIRST_DAY = datetime(2030, 1, 7, 14, 0, tzinfo=UTC)
"""Domain time at which the story begins; any time after the present would do."""


class Story(StrEnum):
    """What can be told by itself."""

    PUBLISHED = "published"
    RANDOMISED = "randomised"
    SAMPLES = "samples"
    CAR_T = "car-t"


class TellsTrial(Protocol):
    """A story of one invented trial."""

    async def tell(self, code: str, protocol: dict[str, Any]) -> Told: ...


Tells = Callable[[Stage, Timeline, Listing, int], TellsTrial]
INVENTED: Mapping[Story, tuple[str, Tells]] = {
    Story.RANDOMISED: (randomised.PROTOCOL, randomised.Randomised),
    Story.SAMPLES: (samples.PROTOCOL, samples.Samples),
    Story.CAR_T: (cells.PROTOCOL, cells.Cells),
}
"""In the order in which they are told: the one that takes years comes last."""

NOTICE = "Trials, hospitals, children and everything that happens to them are invented, drawn from the seed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be told, and where each story is written down; the published trial always comes first."""

    seed: int = SEED
    stories: Sequence[Story] = tuple(Story)
    console: Console | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The result as `--json` prints it, with what the page shows besides."""

    result: Mapping[str, Any]
    timeline: Timeline
    told: Mapping[Story, Told]


async def play(client: httpx.AsyncClient, home: Home, wanted: Wanted) -> Played:
    """Tell the stories and check them.

    Raises:
        StoryFailed: the rules did not lead where the published trial went, or it never became quiet.
    """
    stage = Stage(client, home)
    await stage.check_demonstration()
    begin = max(FIRST_DAY, (await stage.clock()) + timedelta(days=1))
    await stage.move_to(begin)
    timeline, finder = Timeline(wanted.console), Listing(stage)
    director = None
    if Story.PUBLISHED in wanted.stories:
        director = await _published(stage, timeline, finder, wanted.seed)
    told = {}
    for story, (protocol, tells) in INVENTED.items():
        if story in wanted.stories:
            told[story] = await _invented(stage, finder, read_protocol(protocol), tells, wanted)
    await finder.look("at the end of the demonstration")
    for service in SERVICES:
        await stage.operator.post(service, "/delivery/audit-heads")
    await stage.quiet()
    result = await _result(stage, director, told, wanted)
    listed = [described(trial) for trial in await finder.entries()]
    result["finder"] = {"moments": finder.moments, "trials": listed}
    return Played(result=result, timeline=timeline, told=told)


async def _published(stage: Stage, timeline: Timeline, finder: Listing, seed: int) -> Director:
    protocol = read_protocol()
    code = await _free_code(stage, protocol["trial"]["code"])
    protocol["trial"]["code"] = code
    office, hospitals = Office(stage, timeline, code), Hospitals(stage, timeline, code)
    finder.codes.append(code)
    await office.set_up(protocol)
    director = Director(stage, office, hospitals, timeline, finder)
    await director.tell(draw(seed))
    return director


async def _invented(
    stage: Stage, finder: Listing, protocol: dict[str, Any], tells: Tells, wanted: Wanted
) -> Told:
    """One invented trial, a week after what was told before it."""
    await stage.move_to(stage.now + timedelta(days=7))
    protocol["trial"]["code"] = await _free_code(stage, protocol["trial"]["code"])
    if wanted.console is not None:
        wanted.console.print(f"\n{protocol['trial']['title']} (seed {wanted.seed})\n", style="bold")
    story = tells(stage, Timeline(wanted.console), finder, wanted.seed)
    return await story.tell(protocol["trial"]["code"], protocol)


async def _free_code(stage: Stage, wanted: str) -> str:
    """The trial's code, or the next free one where the story was told before."""
    reader = stage.person("demo-reader", "trial_manager:*:*")
    listed = await reader.get("sponsor", "/trials", limit=200)
    taken = {trial["code"] for trial in listed["items"]}
    codes = [wanted, *(f"{wanted}R{number}" for number in range(2, 1000))]
    return next(code for code in codes if code not in taken)


async def _result(
    stage: Stage, director: Director | None, told: Mapping[Story, Told], wanted: Wanted
) -> dict[str, Any]:
    codes = [one.code for one in told.values()]
    office = director.office if director else None
    books = await read_books(stage, *([office.code] if office else []), *codes)
    reports = await audit_reports(stage)
    invariants = {
        "events_lost": books.lost,
        "effects_doubled": books.doubled,
        "audit_chains_ok": all(report["ok"] for report in reports),
        "allocations_without_decision": await _allocations_without_decision(stage, office) if office else 0,
    }
    strata = counts_by_stratum(await office.view()) if office else []
    as_published = office is None or strata == published_strata()
    susar = facts_of(director.susar) if director else None
    failed = [*failed_checks(told), *failed_of_susar(susar)]
    return {
        "strata": strata,
        "invariants": invariants,
        "levels_closed": await _closings(stage, office, books, director.closed)
        if director and office
        else [],
        "disagreements": list(DISAGREEMENTS) if director else [],
        "comparisons": await read_comparisons(office) if office else [],
        "susar": susar,
        "invented": {
            "seed": wanted.seed,
            "notice": NOTICE,
            "trials": {story.value: one.as_json() for story, one in told.items()},
        },
        "passed": as_published and holds(invariants) and not failed,
        "details": [*books.details, *failed],
        "events": sum(len(events) for events in books.published.values()),
    }


def published_strata() -> list[dict[str, Any]]:
    """The paper's counts, in the form in which those of the replay are given."""
    return [
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


def failed_checks(told: Mapping[Story, Told]) -> list[str]:
    """What was to hold of an invented trial and does not, in words."""
    return [
        f"{story.value}: {name.replace('_', ' ')} does not hold"
        for story, one in told.items()
        for name, holds_true in one.checks.items()
        if not holds_true
    ]


def failed_of_susar(susar: Mapping[str, Any] | None) -> list[str]:
    """What was to hold of the event that becomes a SUSAR and does not, in words; nothing where it was not told."""
    checks = susar["checks"] if susar else {}
    return [f"SUSAR: {name.replace('_', ' ')} does not hold" for name, right in checks.items() if not right]


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
