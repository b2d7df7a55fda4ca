import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shared.testing.access import Access, assert_access, routes_of

NUMBER = "EP01-012-0017"
STATEMENT = {"verbatim": "x", "term": "Fatigue", "grade": 4, "seriousness": ["death"], "reason": "y"}
REPORTED = {name: value for name, value in STATEMENT.items() if name != "reason"}
DUTY = {
    "trial": "EP01",
    "person": "x",
    "role": "duty_officer",
    "from_at": "2026-01-01T00:00:00Z",
    "until_at": "2099-01-01T00:00:00Z",
}

HEADER = {"format": "trialops-take-over/1", "trial": "EP01", "source": "old", "signed_by": ["a", "b"]}
FOLDER = {"files": {"trial.json": json.dumps(HEADER)}, "dry_run": True}


@dataclass
class Ids:
    """What there is to ask for."""

    matched: str
    unmatched: str
    nobodys: str
    alert: str
    acknowledged: str
    period: str


@pytest.fixture
async def ids(world: Any) -> Ids:
    await world.on_duty("officer")
    period = await world.on_duty("other")
    await world.treat()
    matched = await world.reported(by=world.nurse, seriousness=["death"], grade=3)
    unmatched = await world.reported(by=world.officer, participant_number="typo", seriousness=["death"])
    nobodys = await world.reported(by=world.officer, participant_number="typo", seriousness=["death"])
    alerts = [alert["alert_id"] for alert in await world.alerts()]
    await world.officer.post(f"/alerts/{alerts[1]}/acknowledgements", {})
    return Ids(
        matched["report_id"],
        unmatched["report_id"],
        nobodys["report_id"],
        alerts[0],
        alerts[1],
        period["duty_period_id"],
    )


SITE = {"right": "site_investigator:EP01:012", "other_scope": "site_investigator:EP02:012"}
SITE_ONLY = SITE | {"other_unit": "site_investigator:EP01:099"}
DESK = {"right": "safety_officer:EP01:*", "other_scope": "safety_officer:EP02:*"}
DESK_ONLY = DESK | {"other_unit": "safety_officer:EP01:012"}


def _get(path: str, call: str, **whom: Any) -> Access:
    return Access(method="GET", path=path, call=lambda: call, **whom)


def _post(path: str, call: str, body: dict[str, Any], **whom: Any) -> Access:
    return Access(method="POST", path=path, call=lambda: call, body=lambda: body, **whom)


REPORT, ALERT = "/adverse-events/{report_id}", "/alerts/{alert_id}"
AT_SITE = {"wrong_role": "site_nurse:EP01:012"} | SITE_ONLY
AT_DESK = {"wrong_role": "site_investigator:EP01:012"} | DESK_ONLY
Make = Callable[[Ids], Access]
TABLE: list[Make] = [
    lambda _: _post("/adverse-events", "/adverse-events", REPORTED, anyone=True),
    lambda _: _get("/adverse-events", "/adverse-events?trial=EP01", **DESK),
    lambda ids: _get(REPORT, f"/adverse-events/{ids.matched}", **SITE_ONLY),
    lambda ids: _get(REPORT, f"/adverse-events/{ids.unmatched}", **DESK_ONLY),
    lambda ids: _post(
        f"{REPORT}/confirmations", f"/adverse-events/{ids.matched}/confirmations", {"grades": True}, **AT_SITE
    ),
    lambda ids: _post(
        f"{REPORT}/amendments", f"/adverse-events/{ids.matched}/amendments", STATEMENT, **SITE_ONLY
    ),
    lambda ids: _post(
        f"{REPORT}/matches",
        f"/adverse-events/{ids.unmatched}/matches",
        {"participant_number": NUMBER},
        **AT_DESK,
    ),
    lambda ids: _post(
        f"{REPORT}/clearances", f"/adverse-events/{ids.nobodys}/clearances", {"reason": "x"}, **AT_DESK
    ),
    lambda _: _get("/dlt-verdicts", "/dlt-verdicts?trial=EP01", **DESK),
    lambda _: _get(
        "/participants/{participant_id}/dlt-verdicts",
        "/participants/participant-1/dlt-verdicts",
        **SITE_ONLY,
    ),
    # Who may is tried on a trial in set-up, with a folder that can be taken over.
    lambda _: _post("/take-overs", "/take-overs", FOLDER, other_scope="trial_manager:EP02:*"),
    lambda _: _post("/duty-periods", "/duty-periods", DUTY, **AT_DESK),
    lambda ids: _post(
        "/duty-periods/{period_id}/endings", f"/duty-periods/{ids.period}/endings", {}, **AT_DESK
    ),
    lambda _: _get("/duty-periods", "/duty-periods?trial=EP01", **DESK),
    lambda _: _get("/alerts", "/alerts?trial=EP01", **DESK),
    lambda ids: _get(ALERT, f"/alerts/{ids.alert}", **DESK),
    lambda ids: _post(f"{ALERT}/acknowledgements", f"/alerts/{ids.alert}/acknowledgements", {}, **SITE),
    lambda ids: _post(
        f"{ALERT}/resolutions",
        f"/alerts/{ids.acknowledged}/resolutions",
        {},
        **(DESK | {"wrong_role": "site_investigator:EP01:012"}),
    ),
]
NO_IDS = Ids("", "", "", "", "", "")


async def test_each_route_admits_whom_it_should(world: Any, ids: Ids) -> None:
    for make in TABLE:
        await assert_access(world.running, make(ids))


async def test_every_route_is_in_the_table(world: Any) -> None:
    app = world.running.client._transport.app
    prefix = "/safety/api/v1"
    listed = {(access.method, f"{prefix}{access.path}") for access in (make(NO_IDS) for make in TABLE)}
    shared = {
        (method, path)
        for method, path in routes_of(app)
        if path.startswith((f"{prefix}/delivery", f"{prefix}/demonstration-clock"))
    }

    assert routes_of(app) - shared == listed


async def test_what_does_not_exist_looks_like_what_may_not_be_seen(world: Any, ids: Ids) -> None:
    stranger = world.running.person("x", "site_investigator:EP01:099")

    hidden = await stranger.get(f"/adverse-events/{ids.matched}")
    absent = await stranger.get("/adverse-events/01993f6e-0000-7000-8000-000000000099")

    strip = {"request_id"}
    assert hidden.status_code == absent.status_code == 404
    assert {k: v for k, v in hidden.json().items() if k not in strip} == {
        k: v for k, v in absent.json().items() if k not in strip
    }
