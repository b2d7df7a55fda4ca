"""The trial around the kills: open at five hospitals, one child with a DLT, and the next one about to have one."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from deploy.trialops.demo.hospital import ZONE, Hospitals, Registered, Screened
from deploy.trialops.demo.office import Office, read_protocol
from deploy.trialops.demo.plan import Child
from deploy.trialops.demo.play import FIRST_DAY
from deploy.trialops.demo.published import NEUTROPENIA, Cohort, Fate
from deploy.trialops.demo.stage import Stage
from deploy.trialops.demo.timeline import Timeline
from deploy.trialops.home import Home
from shared.clock import format_instant
from tests.crash.served import Clients, Command

CODE = "PBTC042"
PART = "stratum-1"
PLACES = 6
COHORT = Cohort(PART, 1, (Fate.DLT,))


@dataclass
class Trial:
    """Everybody of the trial, speaking to an installation that runs now."""

    stage: Stage
    clients: Clients
    office: Office
    hospitals: Hospitals
    code: str


async def everybody(
    url: str, home: Home, stack: AsyncExitStack, *, transport: Any = None, code: str = CODE
) -> Trial:
    """The people of a trial; their connections end with the stack."""
    client = httpx.AsyncClient(base_url=url, timeout=60, transport=transport)
    await stack.enter_async_context(client)
    stage, timeline = Stage(client, home), Timeline()
    office, hospitals = Office(stage, timeline, code), Hospitals(stage, timeline, code)
    return Trial(stage, Clients(client, home), office, hospitals, code)


async def open_trial(trial: Trial) -> None:
    """The example trial, open at five hospitals, with six places at 50 mg/m2 of stratum I."""
    protocol = read_protocol()
    protocol["trial"]["code"] = trial.code
    await trial.stage.move_to(max(FIRST_DAY, await trial.stage.clock() + timedelta(days=1)))
    await trial.office.set_up(protocol)
    await trial.stage.move_to(trial.stage.now + timedelta(days=1))
    await trial.office.decide(PART, "open_level", 1, "opens 50 mg/m2 of stratum I", places=PLACES)


async def children_at_risk(trial: Trial) -> tuple[Registered, Registered]:
    """Two children with their first dose, of whom the first has had a DLT already."""
    one, other = await _registered(trial, 1, "001"), await _registered(trial, 2, "002")
    await trial.stage.move_to(max(one.first_dose_at, other.first_dose_at))
    for child in (one, other):
        await trial.hospitals.give_first_dose(child)
    await trial.stage.quiet()
    await trial.hospitals.report_toxicity(one)
    await trial.stage.quiet()
    return one, other


async def _registered(trial: Trial, number: int, site: str) -> Registered:
    screened, slot_id = await screened_with_place(trial, child(number, site))
    return await trial.hospitals.register(screened, slot_id)


async def screened_with_place(trial: Trial, one: Child) -> tuple[Screened, str]:
    """A child that could be registered now."""
    screened = await trial.hospitals.screen(one, COHORT)
    slot_id = await trial.hospitals.ask_for_place(screened)
    assert slot_id is not None
    await trial.hospitals.sign_eligibility(screened)
    await trial.stage.quiet()
    return screened, slot_id


def child(number: int, site: str) -> Child:
    return Child(
        number=number,
        site=site,
        age_years=10,
        birth_month=3,
        waits_days=1,
        fate=Fate.DLT,
        doses=17,
        event_day=18,
        toxicity=NEUTROPENIA,
    )


async def join(trial: Trial) -> None:
    """Learn the domain time of an installation that others have used before."""
    await trial.stage.move_to(await trial.stage.clock() + timedelta(seconds=2))


def report(code: str, one: Registered, now: datetime, term: str, grade: int) -> Command:
    """An investigator's report on this child."""
    site = one.child.site
    onset = now.astimezone(ZONE).date().isoformat()
    body: Mapping[str, Any] = {
        "trial": code,
        "participant_number": one.number,
        "site_number": site,
        "verbatim": f"grade {grade} {term.lower()}",
        "term": term,
        "ctcae": "5.0",
        "grades": [{"grade": grade, "on": onset}],
        "onset": onset,
        "aware_at": format_instant(now),
        "seriousness": [],
        "causality": "probable",
        "outcome": "not_recovered",
    }
    return Command(
        person=f"investigator-{site}",
        grant=f"site_investigator:{code}:{site}",
        service="safety",
        path="/adverse-events",
        body=body,
    )


def nausea(trial: Trial, one: Registered) -> Command:
    """The everyday report, which decides nothing."""
    return report(trial.code, one, trial.stage.now, "Nausea", 1)


def toxicity(trial: Trial, one: Registered) -> Command:
    """The report of what is a DLT by the protocol's definition."""
    return report(trial.code, one, trial.stage.now, NEUTROPENIA.term, NEUTROPENIA.grade)


async def level_state(trial: Trial) -> str:
    """State of the level at which the children are."""
    listed = await trial.office.manager.get("enrolment", "/dose-levels", trial=trial.code)
    return next(str(one["state"]) for one in listed["levels"] if (one["part"], one["level"]) == (PART, 1))
