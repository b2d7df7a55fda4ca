from typing import Any


async def test_each_participants_verdict_is_listed_with_its_basis(world: Any) -> None:
    await world.treat()
    await world.treat("participant-2", "EP01-012-0025")
    receipt = await world.reported(grade=3, causality="possible")

    body = (await world.officer.get("/dlt-verdicts", trial="EP01")).json()

    first, second = body["items"]
    assert (first["participant_number"], first["verdict"], first["criteria"]) == (
        "EP01-012-0017",
        "dlt",
        ["nonhaem-g3"],
    )
    assert (first["definition"], first["dictionary"], first["convention"]) == (
        "ep01 3",
        "5.0+0",
        "day_difference",
    )
    assert first["findings"][0]["events"] == [[receipt["report_id"], 1]]
    assert (second["verdict"], second["reasons"]) == ("pending", ["window_open"])
    assert second["next_check_at"] == second["closes_at"]


async def test_pages_follow_each_other(world: Any) -> None:
    await world.treat()
    await world.treat("participant-2", "EP01-012-0025")

    page = (await world.officer.get("/dlt-verdicts", trial="EP01", limit=1)).json()
    rest = (
        await world.officer.get("/dlt-verdicts", trial="EP01", limit=1, cursor=page["next_cursor"])
    ).json()
    end = (await world.officer.get("/dlt-verdicts", trial="EP01", limit=1, cursor=rest["next_cursor"])).json()

    numbers = [one["participant_number"] for one in page["items"] + rest["items"]]
    assert numbers == ["EP01-012-0017", "EP01-012-0025"]
    assert end == {"items": [], "next_cursor": None}


async def test_site_staff_see_the_verdicts_of_their_site(world: Any) -> None:
    await world.treat()
    elsewhere = world.running.person("nurse-2", "site_nurse:EP01:099")

    assert len((await world.nurse.get("/dlt-verdicts", trial="EP01")).json()["items"]) == 1
    assert (await elsewhere.get("/dlt-verdicts", trial="EP01")).json()["items"] == []
    assert (await elsewhere.get("/participants/participant-1/dlt-verdicts")).status_code == 404


async def test_the_history_keeps_every_version(world: Any) -> None:
    await world.treat()
    await world.reported(grade=3, causality=None, by=world.nurse)
    await world.reported(grade=5, term="Sepsis", causality="probable")

    body = (await world.officer.get("/participants/participant-1/dlt-verdicts")).json()

    assert [(one["version"], one["verdict"], one["provisional"]) for one in body["versions"]] == [
        (1, "pending", "none"),
        (2, "pending", "dlt"),
        (3, "dlt", "none"),
    ]
    assert body["dlt_verdict"]["version"] == 3


async def test_no_route_takes_a_verdict(world: Any) -> None:
    await world.treat()

    answer = await world.officer.post("/dlt-verdicts", {"participant_id": "participant-1", "verdict": "dlt"})

    assert answer.status_code == 405


async def test_the_network_is_no_trial(world: Any) -> None:
    answer = await world.running.person("all", "safety_officer:*:*").get("/dlt-verdicts", trial="NOSUCH")

    assert answer.status_code == 404
