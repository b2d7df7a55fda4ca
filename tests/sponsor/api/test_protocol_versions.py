from copy import deepcopy

import pytest

from shared.testing.running import Running
from tests.sponsor.office import Json, Office, created, refused, registered_office, shown

APPROVAL = {"reference": "CR-1", "approved_on": "2026-02-27"}


def version(protocol: Json, name: str) -> Json:
    later = deepcopy(protocol)
    later["protocol_version"] = later["dlt"]["dlt_definition"]["protocol_version"] = name
    return later


async def test_the_uploader_cannot_approve_and_somebody_else_can(new_office: Office) -> None:
    path = f"/protocol-versions/{new_office.version_id}/approvals"

    refused(await new_office.manager.post(path, APPROVAL), 409, "second_person_required")
    answer = created(await new_office.quality.post(path, APPROVAL))

    assert (answer["approved"], answer["approved_by"]) == (True, "quality")
    refused(await new_office.quality.post(path, APPROVAL), 409, "protocol_version_approved")


async def test_the_approved_protocol_travels_whole_and_exactly_as_uploaded(
    new_office: Office, protocol: Json
) -> None:
    await new_office.approve()

    [event] = await new_office.running.published("sponsor.protocol-version.approved.v3")

    body = event["body"]
    assert (event["aggregate_id"], event["scope"]) == (new_office.version_id, new_office.trial_id)
    assert body["protocol"] == protocol
    assert (body["trial_code"], body["approval_reference"], body["approved_on"]) == (
        "EP01",
        "CR-1",
        "2026-02-27",
    )


async def test_the_first_recommendations_are_raised_when_a_protocol_takes_effect(new_office: Office) -> None:
    await new_office.approve()

    raised = await new_office.running.published("sponsor.recommendation.raised.v1")

    said = {e["body"]["part"]: (e["body"]["kind"], e["body"]["next_level"]) for e in raised}
    assert said == {"escalation": ("stay", 1), "expansion": ("stay", 1)}
    assert all(event["body"]["level"] is None for event in raised)
    assert {event["body"]["design"] for event in raised} == {"rolling_six@2008.1", "monitoring_boundary"}


@pytest.mark.parametrize(
    "dates",
    [
        {"approved_on": "2999-01-01"},
        {"approved_on": "2026-02-27", "last_day": "2026-02-26"},
        {
            "approved_on": "2026-02-27",
            "effective_at": "2026-03-02T00:00:00Z",
            "previous_sunset_at": "2026-03-01T00:00:00Z",
        },
    ],
)
async def test_an_approval_with_impossible_dates_is_refused(dates: Json, new_office: Office) -> None:
    path = f"/protocol-versions/{new_office.version_id}/approvals"

    refused(
        await new_office.quality.post(path, {"reference": "CR-1"} | dates), 422, "approval_period_invalid"
    )


async def test_a_later_version_keeps_code_zone_and_kind(new_office: Office, protocol: Json) -> None:
    path = f"/trials/{new_office.trial_id}/protocol-versions"
    moved = version(protocol, "1.1") | {"zone": "Europe/Paris"}
    renamed = version(protocol, "1.1")
    renamed["trial"]["code"] = "EP02"

    assert refused(await new_office.manager.post(path, moved), 409, "protocol_identity_changed")[
        "changed"
    ] == ["zone"]
    assert refused(await new_office.manager.post(path, renamed), 409, "protocol_identity_changed")[
        "changed"
    ] == ["code"]
    refused(await new_office.manager.post(path, protocol), 409, "protocol_version_taken")
    assert created(await new_office.manager.post(path, version(protocol, "1.1")))["approved"] is False


async def test_a_version_approved_for_later_takes_effect_at_its_instant(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    approval = APPROVAL | {"effective_at": "2999-01-01T00:00:00Z"}
    created(await office.quality.post(f"/protocol-versions/{office.version_id}/approvals", approval))
    assert (await office.overview())["protocol_version_in_force"] is None
    assert await running.published("sponsor.recommendation.raised.v1") == []

    await running.move_clock("2999-01-01T00:00:01Z")

    assert (await office.overview())["protocol_version_in_force"] == "1.0"
    raised = len(await running.published("sponsor.recommendation.raised.v1"))
    await running.run_timers()
    assert raised == len(await running.published("sponsor.recommendation.raised.v1")) == 2


async def test_a_modified_rule_applies_from_its_own_approval_on(office: Office, protocol: Json) -> None:
    later = version(protocol, "2.0")
    later["parts"][0]["design"]["cells"] = [{"n": 3, "dlt": 0, "pending": 0, "decision": "same"}]
    uploaded = created(await office.manager.post(f"/trials/{office.trial_id}/protocol-versions", later))
    decision = await office.decide("escalation", "open_level", 1, places=6)
    people = await office.enrol("escalation", 1, 3, decision=decision)
    await office.judge(people, "no_dlt", "escalation", 1)
    assert (await office.part("escalation"))["recommendation"]["kind"] == "escalate"

    path = f"/protocol-versions/{uploaded['protocol_version_id']}/approvals"
    created(await office.quality.post(path, APPROVAL))

    said = (await office.part("escalation"))["recommendation"]
    assert (said["kind"], said["next_level"], said["protocol_version"]) == ("stay", 1, "2.0")
    shown_decision = shown(await office.chair.get(f"/decisions/{decision['decision_id']}"))
    assert shown_decision["state"] == "in_force"
