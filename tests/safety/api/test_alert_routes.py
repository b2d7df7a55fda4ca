from typing import Any


async def _alerts(world: Any) -> list[str]:
    await world.treat()
    first = await world.reported(seriousness=["death"], by=world.officer)
    second = await world.reported(seriousness=["hospitalisation"], by=world.officer)
    return [alert["alert_id"] for receipt in (first, second) for alert in receipt["alerts"]]


async def test_the_inbox_lists_alerts_by_trial_and_state(world: Any) -> None:
    await world.on_duty("officer")
    death, hospitalised = await _alerts(world)
    await world.officer.post(f"/alerts/{death}/acknowledgements", {})

    everything = (await world.officer.get("/alerts", trial="EP01")).json()
    raised = (await world.officer.get("/alerts", trial="EP01", state="raised")).json()
    page = (await world.officer.get("/alerts", limit=1)).json()
    rest = (await world.officer.get("/alerts", limit=1, cursor=page["next_cursor"])).json()

    assert [alert["alert_id"] for alert in everything["items"]] == [death, hospitalised]
    assert everything["items"][0]["state"] == "acknowledged"
    assert everything["items"][0]["acknowledged_by"] == "officer"
    assert everything["items"][1]["acknowledge_by"] is not None
    assert [alert["alert_id"] for alert in raised["items"]] == [hospitalised]
    assert [alert["alert_id"] for alert in page["items"] + rest["items"]] == [death, hospitalised]
    assert everything["outside_channel"] == "none"


async def test_an_alert_of_another_trial_is_not_there(world: Any) -> None:
    death, _ = await _alerts(world)
    elsewhere = world.running.person("x", "safety_officer:EP02:*")

    assert (await elsewhere.get(f"/alerts/{death}")).status_code == 404
    assert (await elsewhere.post(f"/alerts/{death}/acknowledgements", {})).status_code == 404
    assert (await elsewhere.get("/alerts")).json()["items"] == []
    assert (await elsewhere.get("/alerts", trial="EP01")).status_code == 404


async def test_an_alert_of_no_trial_is_everybodys(world: Any) -> None:
    everywhere = world.running.person("all", "safety_officer:*:*")
    receipt = await world.reported(
        by=everywhere, trial="NOSUCH", participant_number="x", seriousness=["death"]
    )
    alert_id = receipt["alerts"][0]["alert_id"]
    elsewhere = world.running.person("x", "safety_officer:EP02:*")

    assert (
        await elsewhere.get(f"/alerts/{alert_id}")
    ).status_code == 404  # it named a trial, though none known
    nameless = await world.reported(by=everywhere, trial=None, participant_number="y", seriousness=["death"])
    alert_id = nameless["alerts"][0]["alert_id"]
    assert (await elsewhere.get(f"/alerts/{alert_id}")).status_code == 200
    assert alert_id in [alert["alert_id"] for alert in (await elsewhere.get("/alerts")).json()["items"]]


async def test_a_second_acknowledgement_is_refused(world: Any) -> None:
    await world.on_duty("officer")
    death, _ = await _alerts(world)
    await world.officer.post(f"/alerts/{death}/acknowledgements", {"note": "mine"})

    again = await world.officer.post(f"/alerts/{death}/acknowledgements", {"note": "mine"})

    assert (again.status_code, again.json()["code"]) == (409, "alert_already_acknowledged")


async def test_acknowledging_is_not_resolving(world: Any) -> None:
    await world.on_duty("officer")
    death, _ = await _alerts(world)

    early = await world.officer.post(f"/alerts/{death}/resolutions", {"note": "done"})
    await world.officer.post(f"/alerts/{death}/acknowledgements", {})
    resolved = await world.officer.post(f"/alerts/{death}/resolutions", {"note": "done"})
    twice = await world.officer.post(f"/alerts/{death}/resolutions", {"note": "done"})

    assert (early.status_code, early.json()["code"]) == (409, "alert_not_acknowledged")
    assert resolved.status_code == 201
    assert (twice.status_code, twice.json()["code"]) == (409, "alert_already_resolved")
    shown = await world.alert(death)
    assert (shown["alert"]["state"], [note["what"] for note in shown["notes"]]) == (
        "resolved",
        ["stops_escalation", "resolved"],
    )
    assert (await world.audited()).count("safety.alert.resolved.v1") == 1


async def test_site_staff_may_acknowledge_but_not_read_the_inbox(world: Any) -> None:
    death, _ = await _alerts(world)

    noted = await world.nurse.post(f"/alerts/{death}/acknowledgements", {})

    assert noted.status_code == 201
    assert (await world.nurse.get("/alerts")).status_code == 403


async def test_a_mangled_cursor_is_refused_and_never_answers_that_there_are_no_alerts(world: Any) -> None:
    death, _ = await _alerts(world)
    lists = [("/alerts", {}), ("/adverse-events", {"trial": "EP01"}), ("/dlt-verdicts", {"trial": "EP01"})]
    lists.append(("/duty-periods", {"trial": "EP01"}))

    for path, query in lists:
        for mangled in ("abc", death[:-1], death.upper() + " ", f"{death}x"):
            answer = await world.officer.get(path, cursor=mangled, **query)

            assert answer.status_code == 422, (path, mangled)
            assert [error["path"] for error in answer.json()["errors"]] == ["query.cursor"]
        assert (await world.officer.get(path, cursor=death, **query)).status_code == 200
        assert (await world.officer.get(path, cursor="", **query)).status_code == 200
