from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.enrolment.events.place_events import SlotReleasedV1
from shared.clock import server_now
from shared.database import Sql, instant_parameter
from shared.delivery_events import event_parked


async def test_an_event_without_a_known_form_wakes_somebody_once(world: Any) -> None:
    record = replace(world.registered(), value=b'{"trial_id": 1}')

    await world.inbox("enrolment").receive([record])
    await world.inbox("enrolment").receive([record])

    alerts = await world.alerts()
    assert [(alert["kind"], alert["priority"], alert["trial"]) for alert in alerts] == [
        ("unreadable_event", "P1", "EP01")
    ]


async def test_what_is_no_event_at_all_is_one_alert_until_it_is_resolved(world: Any) -> None:
    record = world.registered()
    bad = [replace(record, headers=[("ce_id", b"\xff")], position=n) for n in range(5)]

    await world.inbox("enrolment").receive([replace(one, value=bytes([n])) for n, one in enumerate(bad)])
    first = await world.alerts()
    await world.officer.post(f"/alerts/{first[0]['alert_id']}/acknowledgements", {})
    duty = {
        "trial": "*",
        "person": "officer",
        "role": "duty_officer",
        "from_at": "2026-01-01T00:00:00Z",
        "until_at": "2099-01-01T00:00:00Z",
    }
    assert (
        await world.running.person("m", "trial_manager:*:*").post("/duty-periods", duty)
    ).status_code == 201
    acknowledged = await world.officer.post(f"/alerts/{first[0]['alert_id']}/acknowledgements", {})
    resolved = await world.officer.post(f"/alerts/{first[0]['alert_id']}/resolutions", {})
    await world.inbox("enrolment").receive([replace(bad[0], value=b"new")])

    assert [alert["kind"] for alert in first] == ["unreadable_event"]
    assert (acknowledged.status_code, resolved.status_code) == (201, 201)
    assert len(await world.alerts()) == 2


async def test_a_hole_that_closes_wakes_nobody(world: Any) -> None:
    registered, dosed = world.registered(), world.first_dose(at=server_now())

    await world.inbox("enrolment").receive([dosed])
    await world.running.run_timers()
    await world.inbox("enrolment").receive([registered])

    assert await world.alert_kinds() == []
    assert "window_open" in (await world.verdict())["reasons"]


async def test_a_hole_that_lasts_wakes_somebody_once(world: Any) -> None:
    world.registered()
    await world.inbox("enrolment").receive([world.first_dose(at=server_now())])
    await _age_gaps(world)

    await world.running.run_timers()
    await world.running.run_timers()

    assert await world.alert_kinds() == ["unreadable_event"]


async def test_a_hole_in_what_this_service_ignores_wakes_nobody(world: Any) -> None:
    body = SlotReleasedV1(
        trial_id=world.trial_id,
        slot_id="slot",
        part="escalation",
        level=1,
        site_number="012",
        released_at=server_now(),
    )
    world.say(body, aggregate_id="slot")
    await world.inbox("enrolment").receive([world.say(body, aggregate_id="slot")])
    await _age_gaps(world)

    await world.running.run_timers()

    assert await world.alert_kinds() == []


async def test_another_services_unreadable_event_wakes_somebody(world: Any) -> None:
    for producer in (world.sponsor, world.enrolment):
        body = event_parked(producer.service)(
            producer="safety",
            event_type_parked="safety.dlt-verdict.recorded.v1",
            event_id="event-1",
            scope=world.trial_id,
            reason="bad_body",
        )
        record = producer.event(body, aggregate_id=f"parked-{producer.service}", scope=world.trial_id)
        await world.tell(producer, record)

    alerts = await world.alerts()
    assert [alert["kind"] for alert in alerts] == ["unreadable_event", "unreadable_event"]
    assert {alert["cause_id"] for alert in alerts} == {"sponsor:event-1", "enrolment:event-1"}


async def _age_gaps(world: Any) -> None:
    await world.running.service.database.write(
        lambda tx: tx.fetch(
            Sql("UPDATE aggregate_position SET gap_since = $1 WHERE gap_since IS NOT NULL"),
            instant_parameter(tx, server_now() - timedelta(minutes=2)),
        )
    )
