from tests.sponsor.office import Json, Office, refused, shown

PART = "escalation"


async def preview(office: Office, part: str = PART) -> Json:
    return shown(await office.statistician.get("/recommendation-previews", trial=office.trial_id, part=part))


async def test_what_if_the_pending_child_has_a_dlt(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    clear = await office.enrol(PART, 1, 5)
    await office.judge(clear[:4], "no_dlt", PART, 1)
    await office.judge(clear[4:], "dlt", PART, 1)
    [waiting] = await office.enrol(PART, 1, 1)
    await office.judge([waiting], "pending", PART, 1)

    found = await preview(office)

    assert found["present"]["kind"] == "suspend"
    assert [(one["pending"], one["recommendation"]["kind"]) for one in found["outcomes"]] == [
        ([{"part": PART, "level": 1, "pending": 1, "dlt": 0}], "escalate"),
        ([{"part": PART, "level": 1, "pending": 1, "dlt": 1}], "stop_no_mtd"),
    ]
    assert [[one["design"] for one in outcome["others"]] for outcome in found["outcomes"]] == [
        ["boin", "crm"],
        ["boin", "crm"],
    ]


async def test_the_preview_says_what_is_then_recommended(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3)
    await office.judge(people[:2], "no_dlt", PART, 1)
    await office.judge(people[2:], "pending", PART, 1)
    before = await preview(office)

    await office.judge(people[2:], "dlt", PART, 1)
    after = await preview(office)

    assert after["present"] == before["outcomes"][1]["recommendation"]
    assert len(after["outcomes"]) == 1
    assert after["outcomes"][0]["pending"] == []


async def test_an_expansion_is_previewed_by_its_boundary_and_no_other_design(office: Office) -> None:
    found = await preview(office, "expansion")

    assert found["outcomes"][0]["others"] == []


async def test_a_part_that_the_protocol_does_not_have_has_no_preview(office: Office) -> None:
    answer = await office.statistician.get("/recommendation-previews", trial=office.trial_id, part="nowhere")

    refused(answer, 422, "part_unknown")
