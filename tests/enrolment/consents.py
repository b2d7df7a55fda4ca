"""Consent blocks of a protocol file, and what sites record about consent, for stories about it."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from services.enrolment.domain.age import local_date
from shared.clock import format_instant
from tests.enrolment.protocol import protocol

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")
SAME_CRITERIA = {
    "version": "1.0",
    "validity_days": 14,
    "criteria": [{"id": "diagnosis", "text": "x"}, {"id": "organ-function", "text": "y"}],
}


def consent_block(
    version: str = "1.0", forms: dict[str, dict[str, Any]] | None = None, **replaced: Any
) -> dict[str, Any]:
    """The usual consent block; `forms` adds fields to documents by name, `replaced` replaces fields of the block."""
    block: dict[str, Any] = protocol(version)["consent"]
    for form in block["documents"]:
        form |= (forms or {}).get(form["document"], {})
    return block | replaced


def everywhere(**fields: Any) -> dict[str, dict[str, Any]]:
    """The same fields for the parents' and the teenagers' form."""
    return {"parents": fields, "teenagers": fields}


async def set_up_abroad(world: Any, country: str, zone: str = "Europe/Berlin", **replaced: Any) -> None:
    """A trial whose site 012 lies in another country."""
    await world.set_up(**replaced)
    body, aggregate = world.green_lit("012")
    await world.sponsor_says((body.model_copy(update={"country": country, "zone": zone}), aggregate))


async def sign(
    trial: Any, path: str, site: str = "012", *, expect: int = 201, **fields: Any
) -> httpx.Response:
    """Record a parent's consent at `path`, unless `fields` say otherwise."""
    body = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": format_instant(await trial.now()),
    }
    answer: httpx.Response = await trial.ok(
        trial.investigator(site), f"{path}/consents", body | fields, expect
    )
    return answer


OWN: dict[str, Any] = {"purpose": "own_consent", "document": "adults", "capacity": "participant"}


async def screen_born(trial: Any, born: date) -> str:
    """A screening of a child of whom the year and month of birth are known."""
    body = {"trial": trial.code, "part": trial.part, "site_number": "012"}
    answer = await trial.ok(
        trial.investigator(), "/screenings", body | {"born": {"year": born.year, "month": born.month}}
    )
    return str(answer.json()["screening_id"])


async def enrol_turning_sixteen(trial: Any, ahead: timedelta = 75 * DAY) -> tuple[str, date, date]:
    """A participant of fifteen: the id, and the first and last local date on which they may turn sixteen."""
    day = local_date(await trial.now(), LONDON) + ahead
    earliest, certain = day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    screening_id = await screen_born(trial, earliest.replace(year=earliest.year - 16))
    await trial.consent(screening_id)
    await trial.assent(screening_id)
    await trial.eligible(screening_id)
    answer = await trial.register(screening_id, await trial.reserve(screening_id))
    assert answer.status_code == 201, answer.text
    return answer.json()["participant_id"], earliest, certain


def midnight(day: date, zone: ZoneInfo = LONDON) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


async def until(trial: Any, at: datetime) -> None:
    """Let domain time pass to an instant, and do what is then due."""
    await trial.running.move_clock(format_instant(at))
    await trial.freshen()


async def tasks(trial: Any, **only: Any) -> list[dict[str, Any]]:
    """The consent tasks that the trial's office sees, or those with these fields."""
    answer = await trial.manager.get("/consent-tasks", trial=trial.code)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if all(one[name] == it for name, it in only.items())]


async def adult_consent(trial: Any, participant_id: str) -> dict[str, Any]:
    answer = await trial.investigator().get(f"/participants/{participant_id}/consents")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["adult_consent"]
    return found
