from typing import Any


async def test_a_duty_is_planned_listed_and_ended(world: Any) -> None:
    mine = await world.on_duty("officer", name="Officer One")
    everywhere = await world.on_duty("lead", "sponsor_lead", trial="*")
    await world.on_duty("other", trial="EP02")

    listed = (await world.manager.get("/duty-periods", trial="EP01")).json()["items"]
    ended = await world.manager.post(f"/duty-periods/{mine['duty_period_id']}/endings", {})
    again = await world.manager.post(f"/duty-periods/{mine['duty_period_id']}/endings", {})

    assert [period["duty_period_id"] for period in listed] == [
        mine["duty_period_id"],
        everywhere["duty_period_id"],
    ]
    assert listed[0]["name"] == "Officer One"
    assert ended.status_code == 201
    assert ended.json()["ended_at"] is not None
    assert (again.status_code, again.json()["code"]) == (409, "duty_period_ended")
    assert [action for action in await world.audited() if action.startswith("duty")] == [
        "duty-period.planned",
        "duty-period.planned",
        "duty-period.planned",
        "duty-period.ended",
    ]


async def test_the_audit_trail_holds_no_address(world: Any) -> None:
    await world.on_duty("officer", name="Officer One", address="one@hospital.example")

    rows = await world.rows("SELECT details FROM audit WHERE action = 'duty-period.planned'")

    assert b"officer" in bytes(rows[0][0])
    assert b"hospital.example" not in bytes(rows[0][0])


async def test_a_duty_for_every_trial_needs_a_role_for_every_trial(world: Any) -> None:
    period = await world.on_duty("lead", trial="*")
    body = {
        "trial": "*",
        "person": "x",
        "role": "duty_officer",
        "from_at": "2026-01-01T00:00:00Z",
        "until_at": "2027-01-01T00:00:00Z",
    }

    assert (await world.manager.post("/duty-periods", body)).status_code == 404
    answer = await world.manager.post(f"/duty-periods/{period['duty_period_id']}/endings", {})
    assert answer.status_code == 404


NO_SENSE: list[tuple[dict[str, Any], str]] = [
    ({"until_at": "2025-01-01T00:00:00Z"}, "duty_period_invalid"),
    ({"address": "a@b.example\r\nBcc: c@d.example"}, "invalid_request"),
    ({"address": "nobody"}, "invalid_request"),
    ({"role": "king"}, "invalid_request"),
    ({"trial": "EP01 "}, "invalid_request"),
    ({"from_at": "2026-01-01"}, "invalid_request"),
    ({"person": ""}, "invalid_request"),
    ({"order": 0}, "invalid_request"),
]


async def test_a_duty_that_makes_no_sense_is_refused(world: Any) -> None:
    body = {
        "trial": "EP01",
        "person": "x",
        "role": "duty_officer",
        "from_at": "2026-01-01T00:00:00Z",
        "until_at": "2027-01-01T00:00:00Z",
    }

    answers = [await world.manager.post("/duty-periods", body | replaced) for replaced, _ in NO_SENSE]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (422, code) for _, code in NO_SENSE
    ]


async def test_somebody_whose_duty_was_ended_is_not_called(world: Any) -> None:
    period = await world.on_duty("gone")
    await world.on_duty("here", "second_officer")
    await world.manager.post(f"/duty-periods/{period['duty_period_id']}/endings", {})
    await world.treat()
    receipt = await world.reported(seriousness=["death"], by=world.officer)

    await world.running.run_timers()

    steps = (await world.alert(receipt["alerts"][0]["alert_id"]))["steps"]
    assert [step["called"] for step in steps if step["done_at"]] == [[], ["here"]]
