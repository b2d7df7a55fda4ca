"""A 201 that was not committed would stop a clock that never started: no writing route may give one."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.safety.domain.alert import AlertKind
from shared.clock import format_instant, server_now
from shared.database import StoreFull, StoreUnavailable
from shared.signed_folders import folder_sha256
from shared.testing.running import proof
from tests.safety.cases import ROUTE, case_world, content
from tests.safety.follow_ups import ANSWER, APPROVAL, ASSESSMENT, REFERENCE, SUBMISSION, follow_up_world
from tests.safety.relations import SPECIAL, SPECIAL_AMENDED, related_world
from tests.safety.stopping import judged_and_crossed

STATEMENT = {"verbatim": "x", "seriousness": ["death"], "reason": "y"}
DUTY = {
    "trial": "EP01",
    "person": "x",
    "role": "duty_officer",
    "from_at": "2026-01-01T00:00:00Z",
    "until_at": "2099-01-01T00:00:00Z",
}
JUDGEMENT = {"criterion": "by-judgement", "occurred_on": "2026-01-01", "reason": "x"}
IN_AN_HOUR = format_instant(server_now() + timedelta(hours=1))
LISTING = {
    "trial": "EP01",
    "kind": "annual",
    "from_on": "2025-01-01",
    "to_on": "2025-12-31",
    "lock_at": "2026-01-01T00:00:00Z",
}
ROUTES: list[tuple[str, dict[str, Any]]] = [
    ("/adverse-events", {"verbatim": "x"}),
    ("/adverse-events/{matched}/confirmations", {"grades": True}),
    ("/adverse-events/{matched}/amendments", STATEMENT),
    ("/adverse-events/{unmatched}/matches", {"participant_number": "EP01-012-0017"}),
    ("/adverse-events/{nobodys}/clearances", {"reason": "x"}),
    ("/participants/{judged}/dlt-judgements", JUDGEMENT),
    ("/dlt-judgements/{judgement}/decisions", {"confirmed": False, "reason": "x"}),
    ("/stopping-rule-crossings/{crossing}/explanations", {"words": "x"}),
    ("/duty-periods", DUTY),
    ("/duty-periods/{period}/endings", {}),
    ("/alerts/{alert}/acknowledgements", {}),
    ("/alerts/{snoozable}/snoozes", {"until": IN_AN_HOUR, "reason": "x"}),
    ("/alerts/{acknowledged}/resolutions", {}),
    ("/special-reports", SPECIAL),
    ("/special-reports/{special}/amendments", SPECIAL_AMENDED),
    ("/case-routes", ROUTE),
    ("/acknowledgements", {"content": ""}),
    ("/received-case-files", {"content": ""}),
    ("/listings", LISTING),
    ("/case-files/{draft}/validations", {"reason": "x"}),
    ("/case-files/{ready}/sendings", {}),
    ("/cases/{sent_case}/nullifications", {"reason": "x"}),
    ("/adverse-events/{followed}/assessments", ASSESSMENT),
    ("/adverse-events/{followed}/submissions", SUBMISSION),
    ("/submissions/{submission}/answers", ANSWER),
    ("/obligations/{obligation}/endings", {"reason": "x"}),
    ("/reference-versions", REFERENCE),
    ("/reference-versions/{reference}/approvals", APPROVAL),
]


OF_CASES: list[tuple[str, Callable[[dict[str, str]], dict[str, Any]]]] = [
    (
        "/cases",
        lambda ids: {
            "route_id": ids["route"],
            "report_ids": [ids["free_report"]],
            "content": content(ids["free_report"]),
        },
    ),
    (
        "/cases/{case}/versions",
        lambda ids: {
            "route_id": ids["route"],
            "kind": "follow_up",
            "received_on": ids["today"],
            "content": content(ids["report"]),
        },
    ),
    ("/adverse-events/{kept}/links", lambda ids: {"to": ids["third"], "relation": "led_to"}),
    ("/adverse-events/{kept}/merges", lambda ids: {"duplicate": ids["twin"], "reason": "x"}),
    ("/case-files", lambda ids: {"route_id": ids["route"], "case_ids": [ids["case"]], "reason": "x"}),
]
"""Their bodies name what the fixture made."""


class _CommitFails:
    """A store whose commit fails after the command has done its work."""

    def __init__(self, database: Any, failure: Exception) -> None:
        self._database = database
        self._failure = failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, work: Callable[..., Any]) -> Any:
        async def undone(tx: Any) -> Any:
            await work(tx)
            raise self._failure

        return await self._database.write(undone)


@pytest.fixture
async def ids(world: Any) -> dict[str, str]:
    await world.on_duty("everybody")
    period = await world.on_duty("other")
    await world.treat()
    matched = await world.reported(by=world.nurse, grade=3, seriousness=["death"])
    unmatched = await world.reported(by=world.officer, participant_number="typo", seriousness=["death"])
    nobodys = await world.reported(by=world.officer, participant_number="typo", seriousness=["death"])
    alerts = [alert["alert_id"] for alert in await world.alerts()]
    everybody = world.running.person("everybody", "safety_officer:*:*")
    await everybody.post(f"/alerts/{alerts[1]}/acknowledgements", {})
    return (
        {
            "matched": matched["report_id"],
            "unmatched": unmatched["report_id"],
            "nobodys": nobodys["report_id"],
            "alert": alerts[0],
            "acknowledged": alerts[1],
            "snoozable": await world.raised(AlertKind.CHANNEL_DOWN),
            "period": period["duty_period_id"],
        }
        | await judged_and_crossed(world)
        | await case_world(world)
        | await follow_up_world(world)
        | await related_world(world)
    )


@pytest.mark.parametrize(("failure", "status"), [(StoreUnavailable(), 503), (StoreFull(), 507)])
async def test_no_route_says_201_when_the_commit_failed(
    world: Any, ids: dict[str, str], failure: Exception, status: int
) -> None:
    grants = ("safety_officer:*:*", "site_investigator:*:*", "src_chair:*:*")
    everybody = world.running.person("everybody", *grants)
    performer = world.running.service.performer
    before = await world.running.published(), await world.audited()
    performer._database = _CommitFails(performer._database, failure)

    routes = ROUTES + [(route, body(ids)) for route, body in OF_CASES]
    answers = {route: (await everybody.post(route.format(**ids), body)).status_code for route, body in routes}

    performer._database = performer._database._database
    assert answers == dict.fromkeys(answers, status)
    assert (await world.running.published(), await world.audited()) == before
    for route, body in routes:
        assert (await everybody.post(route.format(**ids), body)).status_code == 201, route


@pytest.mark.parametrize(("failure", "status"), [(StoreUnavailable(), 503), (StoreFull(), 507)])
async def test_no_signature_of_a_take_over_is_acknowledged_without_its_commit(
    world: Any, failure: Exception, status: int
) -> None:
    header = {"format": "trialops-take-over/1", "trial": "EP01", "source": "old", "signed_by": ["a", "b"]}
    people = (
        "number,screening_number,site_number,part,level,decision,protocol_version,registered_at,birth_year,"
        "birth_month,state,voided_at,void_reason\n"
    )
    files = {
        "trial.json": json.dumps(header),
        "sites.csv": "site_number,organisation,country,zone,principal_investigator,recruitment_cap\n",
        "participants.csv": people,
    }
    manager = world.running.person("a", "trial_manager:*:*")

    async def sign() -> Any:
        signed = proof("safety", "a", purpose="sign-take-over", bound_to=folder_sha256(files))
        return await manager.post("/take-overs", {"files": files, "proof": signed})

    performer = world.running.service.performer
    performer._database = _CommitFails(performer._database, failure)
    before = await world.audited()

    answer = await sign()

    performer._database = performer._database._database
    assert (answer.status_code, await world.audited()) == (status, before), answer.text
    assert (await sign()).status_code == 201


async def test_every_writing_route_is_tried(world: Any) -> None:
    documented = {
        path
        for path, methods in world.running.client._transport.app.openapi()["paths"].items()
        if "post" in methods and "/delivery" not in path and "/demonstration-clock" not in path
    }

    assert len(ROUTES) + len(OF_CASES) + len(("/take-overs",)) == len(documented)
