from tests.sponsor.office import Office, created, shown

PART = "escalation"


async def test_beside_each_decision_stand_what_its_own_design_and_the_others_recommended(
    office: Office,
) -> None:
    await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3)
    await office.judge(people, "no_dlt", PART, 1)
    await office.decide(PART, "open_level", 2, 6)

    listed = shown(await office.statistician.get("/design-comparisons", trial=office.trial_id))

    first, second = listed["items"]
    assert (first["kind"], first["level"], first["recommendation"]["kind"]) == ("open_level", 1, "stay")
    assert [(one["design"], one["kind"], one["next_level"]) for one in first["others"]] == [
        ("boin", "stay", 1),
        ("crm", "stay", 1),
    ]
    assert (second["level"], second["recommendation"]["kind"]) == (2, "escalate")
    assert [(one["design"], one["kind"], one["next_level"]) for one in second["others"]] == [
        ("boin", "escalate", 2),
        ("crm", "escalate", 2),
    ]
    assert second["others"][0]["cell"]["escalate_if_at_most"] == 0
    assert second["others"][1]["model"]["estimator"] == "plug_in"
    assert [one["dose_if_ended"] for one in second["others"]] == [1, 2]


async def test_the_comparison_is_of_the_frozen_data_whatever_came_later(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3)
    await office.judge(people, "no_dlt", PART, 1)
    await office.decide(PART, "open_level", 2, 6)
    before = shown(await office.statistician.get("/design-comparisons", trial=office.trial_id))

    await office.judge(people[:2], "dlt", PART, 1)
    after = shown(await office.statistician.get("/design-comparisons", trial=office.trial_id))

    assert [one["others"] for one in after["items"]] == [one["others"] for one in before["items"]]


async def test_an_expansion_has_a_boundary_and_no_other_designs_beside_it(office: Office) -> None:
    created(await office.propose("expansion", "hold", 1))

    [one] = shown(await office.statistician.get("/design-comparisons", trial=office.trial_id))["items"]

    assert one["part"] == "expansion"
    assert one["others"] == []


async def test_comparisons_come_in_pages(office: Office) -> None:
    for _ in range(3):
        created(await office.propose(PART, "hold", 1))

    first = shown(await office.statistician.get("/design-comparisons", trial=office.trial_id, limit=2))
    rest = shown(
        await office.statistician.get(
            "/design-comparisons", trial=office.trial_id, limit=2, cursor=first["next_cursor"]
        )
    )

    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
