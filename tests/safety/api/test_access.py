import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.testing.access import Access, assert_access, routes_of
from tests.safety.cases import ROUTE, case_world, content, posted
from tests.safety.follow_ups import ANSWER, APPROVAL, REFERENCE, SUBMISSION, follow_up_world
from tests.safety.relations import SPECIAL, SPECIAL_AMENDED, related_world
from tests.safety.stopping import JUDGED, judged_and_crossed

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


FOLLOWED_IDS = ("followed", "obligation", "submission", "reference")
RELATED_IDS = ("kept", "twin", "third", "special")
CASE_IDS = (
    "route",
    "free_report",
    "report",
    "case",
    "sent_case",
    "ready",
    "draft",
    "listing",
    "today",
)
LISTING = {
    "trial": "EP01",
    "kind": "line",
    "from_on": "2020-01-01",
    "to_on": "2099-01-01",
    "lock_at": "2026-01-01T00:00:00Z",
}


@dataclass
class Ids:
    """What there is to ask for."""

    matched: str
    unmatched: str
    nobodys: str
    alert: str
    acknowledged: str
    period: str
    judgement: str
    crossing: str
    cases: dict[str, str] = field(default_factory=lambda: dict.fromkeys(CASE_IDS, "x"))
    followed: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FOLLOWED_IDS, "x"))
    related: dict[str, str] = field(default_factory=lambda: dict.fromkeys(RELATED_IDS, "x"))


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
    crossed = await judged_and_crossed(world)
    cases = await case_world(world)
    cases["listing"] = (await posted(world, "/listings", LISTING))["listing_id"]
    return Ids(
        matched["report_id"],
        unmatched["report_id"],
        nobodys["report_id"],
        alerts[0],
        alerts[1],
        period["duty_period_id"],
        crossed["judgement"],
        crossed["crossing"],
        cases=cases,
        followed=await follow_up_world(world),
        related=await related_world(world),
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
SPECIAL_REPORT = "/special-reports/{special_report_id}"
AT_SITE = {"wrong_role": "site_nurse:EP01:012"} | SITE_ONLY
AT_DESK = {"wrong_role": "site_investigator:EP01:012"} | DESK_ONLY
COMMITTEE = {
    "wrong_role": "site_investigator:EP01:012",
    "right": "src_member:EP01:*",
    "other_scope": "src_chair:EP02:*",
    "other_unit": "src_chair:EP01:012",
}
CROSSING = "/stopping-rule-crossings/{crossing_id}"
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
    lambda _: _get(
        "/participants/{participant_id}/dlt-judgements",
        f"/participants/{JUDGED}/dlt-judgements",
        **SITE_ONLY,
    ),
    lambda _: _post(
        "/participants/{participant_id}/dlt-judgements",
        f"/participants/{JUDGED}/dlt-judgements",
        {"criterion": "by-judgement", "occurred_on": "2026-01-01", "reason": "x"},
        **AT_SITE,
    ),
    lambda ids: _post(
        "/dlt-judgements/{judgement_id}/decisions",
        f"/dlt-judgements/{ids.judgement}/decisions",
        {"confirmed": False, "reason": "x"},
        **COMMITTEE,
    ),
    lambda _: _get("/stopping-rules", "/stopping-rules?trial=EP01", **DESK),
    lambda _: _get("/stopping-rule-crossings", "/stopping-rule-crossings?trial=EP01", **DESK),
    lambda ids: _get(CROSSING, f"/stopping-rule-crossings/{ids.crossing}", **DESK_ONLY),
    lambda ids: _post(
        f"{CROSSING}/explanations",
        f"/stopping-rule-crossings/{ids.crossing}/explanations",
        {"words": "x"},
        **AT_DESK,
    ),
    # Who may is tried on a trial in set-up, with a folder that can be taken over.
    lambda _: _post("/take-overs", "/take-overs", FOLDER, other_scope="trial_manager:EP02:*"),
    lambda _: _post("/duty-periods", "/duty-periods", DUTY, **AT_DESK),
    lambda ids: _post(
        "/duty-periods/{period_id}/endings", f"/duty-periods/{ids.period}/endings", {}, **AT_DESK
    ),
    lambda _: _get("/duty-periods", "/duty-periods?trial=EP01", **DESK),
    lambda _: _get(
        "/dictionary-previews", "/dictionary-previews?trial=EP01&protocol_version=1.0", **DESK_ONLY
    ),
    lambda _: _get("/alerts", "/alerts?trial=EP01", **DESK),
    lambda _: _post("/special-reports", "/special-reports", SPECIAL, anyone=True),
    lambda _: _get("/special-reports", "/special-reports?trial=EP01", **DESK),
    lambda ids: _get(SPECIAL_REPORT, f"/special-reports/{ids.related['special']}", **SITE_ONLY),
    lambda ids: _post(
        f"{SPECIAL_REPORT}/amendments",
        f"/special-reports/{ids.related['special']}/amendments",
        SPECIAL_AMENDED,
        **SITE_ONLY,
    ),
    lambda ids: _get(f"{REPORT}/relations", f"/adverse-events/{ids.related['kept']}/relations", **SITE_ONLY),
    lambda ids: _post(
        f"{REPORT}/links",
        f"/adverse-events/{ids.related['kept']}/links",
        {"to": ids.related["third"], "relation": "led_to"},
        **SITE_ONLY,
    ),
    lambda ids: _post(
        f"{REPORT}/merges",
        f"/adverse-events/{ids.related['kept']}/merges",
        {"duplicate": ids.related["twin"], "reason": "x"},
        **(DESK | {"wrong_role": "site_investigator:EP01:012"}),
    ),
    lambda _: _get("/alert-channels", "/alert-channels", wrong_role="site_nurse:EP01:012"),
    lambda ids: _get(ALERT, f"/alerts/{ids.alert}", **DESK),
    lambda ids: _post(f"{ALERT}/acknowledgements", f"/alerts/{ids.alert}/acknowledgements", {}, **SITE),
    lambda ids: _post(
        f"{ALERT}/snoozes",
        f"/alerts/{ids.alert}/snoozes",
        {"until": "2099-01-01T00:00:00Z", "reason": "x"},
        other_scope="safety_officer:EP02:*",
    ),
    lambda ids: _post(
        f"{ALERT}/resolutions",
        f"/alerts/{ids.acknowledged}/resolutions",
        {},
        **(DESK | {"wrong_role": "site_investigator:EP01:012"}),
    ),
]
CASE, FILE = "/cases/{case_id}", "/case-files/{file_id}"
OF_CASES = DESK_ONLY | {"wrong_role": "site_investigator:EP01:012"}
TABLE += [
    lambda _: _post("/case-routes", "/case-routes", ROUTE, **OF_CASES),
    lambda _: _get("/case-routes", "/case-routes?trial=EP01", **OF_CASES),
    lambda ids: _post(
        "/cases",
        "/cases",
        {
            "route_id": ids.cases["route"],
            "report_ids": [ids.cases["free_report"]],
            "content": content(ids.cases["free_report"]),
        },
        **OF_CASES,
    ),
    lambda _: _get("/cases", "/cases?trial=EP01", **OF_CASES),
    lambda ids: _get(CASE, f"/cases/{ids.cases['case']}", **OF_CASES),
    lambda ids: _get(
        f"{CASE}/page", f"/cases/{ids.cases['case']}/page?route_id={ids.cases['route']}", **OF_CASES
    ),
    lambda ids: _post(
        f"{CASE}/versions",
        f"/cases/{ids.cases['case']}/versions",
        {
            "route_id": ids.cases["route"],
            "kind": "follow_up",
            "received_on": ids.cases["today"],
            "content": content(ids.cases["report"]),
        },
        **OF_CASES,
    ),
    lambda ids: _post(
        f"{CASE}/nullifications",
        f"/cases/{ids.cases['sent_case']}/nullifications",
        {"reason": "x"},
        **OF_CASES,
    ),
    lambda ids: _post(
        "/case-files",
        "/case-files",
        {"route_id": ids.cases["route"], "case_ids": [ids.cases["case"]], "reason": "x"},
        wrong_role="site_investigator:EP01:012",
        other_scope="safety_officer:EP02:*",
    ),
    lambda _: _get("/case-files", "/case-files?trial=EP01", **OF_CASES),
    lambda ids: _get(FILE, f"/case-files/{ids.cases['ready']}", **OF_CASES),
    lambda ids: _get(f"{FILE}/content", f"/case-files/{ids.cases['ready']}/content", **OF_CASES),
    lambda ids: _post(
        f"{FILE}/validations",
        f"/case-files/{ids.cases['draft']}/validations",
        {"reason": "x"},
        **OF_CASES,
    ),
    lambda ids: _post(f"{FILE}/sendings", f"/case-files/{ids.cases['ready']}/sendings", {}, **OF_CASES),
    lambda _: _post(
        "/acknowledgements",
        "/acknowledgements",
        {"content": ""},
        wrong_role="site_investigator:EP01:012",
        right="safety_officer:EP01:*",
    ),
    lambda _: _post(
        "/received-case-files",
        "/received-case-files",
        {"content": ""},
        wrong_role="site_investigator:EP01:012",
        right="safety_officer:*:*",
        other_scope="safety_officer:EP01:*",
    ),
    lambda _: _get(
        "/received-case-files",
        "/received-case-files",
        wrong_role="site_investigator:EP01:012",
        right="safety_officer:*:*",
        other_scope="safety_officer:EP01:*",
    ),
    lambda _: _post("/listings", "/listings", LISTING, **OF_CASES),
    lambda _: _get("/listings", "/listings?trial=EP01", **OF_CASES),
    lambda ids: _get(
        "/listings/{listing_id}/content", f"/listings/{ids.cases['listing']}/content", **OF_CASES
    ),
    lambda _: _get(
        "/listing-previews",
        "/listing-previews?trial=EP01&kind=line&from_on=2020-01-01&to_on=2099-01-01",
        **OF_CASES,
    ),
]
AT_EITHER = SITE_ONLY | {"wrong_role": "site_nurse:EP01:012"}
OF_SITE = DESK | {"wrong_role": "site_investigator:EP01:012", "other_unit": "safety_officer:EP01:099"}
TABLE += [
    lambda ids: _post(
        f"{REPORT}/assessments",
        f"/adverse-events/{ids.followed['followed']}/assessments",
        {"kind": "causality", "party": "investigator", "value": ["possible"], "reason": "x"},
        **AT_EITHER,
    ),
    lambda ids: _get(
        f"{REPORT}/follow-up", f"/adverse-events/{ids.followed['followed']}/follow-up", **SITE_ONLY
    ),
    lambda ids: _get(
        f"{REPORT}/simulations",
        f"/adverse-events/{ids.followed['followed']}/simulations?regime=eu-ctr",
        **SITE_ONLY,
    ),
    lambda ids: _post(
        f"{REPORT}/submissions",
        f"/adverse-events/{ids.followed['followed']}/submissions",
        SUBMISSION,
        **OF_SITE,
    ),
    lambda ids: _post(
        "/submissions/{submission_id}/answers",
        f"/submissions/{ids.followed['submission']}/answers",
        ANSWER,
        **OF_SITE,
    ),
    lambda _: _get("/obligations", "/obligations?trial=EP01", **OF_CASES),
    lambda ids: _get(
        "/obligations/{obligation_id}", f"/obligations/{ids.followed['obligation']}", **OF_CASES
    ),
    lambda ids: _post(
        "/obligations/{obligation_id}/endings",
        f"/obligations/{ids.followed['obligation']}/endings",
        {"reason": "x"},
        **OF_SITE,
    ),
    lambda _: _get("/causality-disagreements", "/causality-disagreements?trial=EP01", **OF_CASES),
    lambda _: _post("/reference-versions", "/reference-versions", REFERENCE, **OF_CASES),
    lambda ids: _post(
        "/reference-versions/{reference_id}/approvals",
        f"/reference-versions/{ids.followed['reference']}/approvals",
        APPROVAL,
        **OF_CASES,
    ),
    lambda _: _get("/reference-versions", "/reference-versions?trial=EP01", **DESK_ONLY),
    lambda ids: _get(
        "/reference-versions/{reference_id}/differences",
        f"/reference-versions/{ids.followed['reference']}/differences?trial=EP01",
        **OF_CASES,
    ),
]
NO_IDS = Ids("", "", "", "", "", "", "", "")


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
