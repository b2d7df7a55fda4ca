"""Lists, seeds and uploaded tables: long enough, one for each design, used row by row."""

from typing import Any

from tests.enrolment.randomising import (
    SEED,
    arms,
    audit,
    enrolled,
    lists_of,
    prepare,
    randomise,
    replay,
    set_up_randomised,
    statistician,
    upload,
)


async def test_without_a_list_nobody_is_randomised_and_nothing_is_kept(world: Any) -> None:
    await set_up_randomised(world)
    ((participant, _),) = await enrolled(world, 1)

    answer = await randomise(world, participant)

    assert (answer.status_code, answer.json()["code"]) == (409, "randomisation_list_missing")
    assert await world.rows("SELECT id FROM randomised") == []


async def test_a_list_that_is_used_up_is_said(world: Any) -> None:
    await set_up_randomised(world, target=None)
    await prepare(world, rows_per_stratum=1)
    people = await enrolled(world, 5)

    answers = [await randomise(world, participant) for participant, _ in people]

    codes = [answer.json().get("code") for answer in answers]
    used = codes.index("randomisation_list_exhausted")
    assert used in (2, 4)  # the block of the last row asked for is completed
    assert len((await audit(world))["items"]) == used


async def test_a_design_has_one_list_and_it_is_long_enough(world: Any) -> None:
    await set_up_randomised(world, target=10)
    short = await statistician(world).post(f"{lists_of(world)}/lists", {"seed": SEED, "rows_per_stratum": 11})
    assert (short.status_code, short.json()["code"]) == (422, "randomisation_list_invalid")

    prepared = await prepare(world)

    assert (prepared["rows_per_stratum"], "seed" in prepared) == (12, False)
    second = await statistician(world).post(f"{lists_of(world)}/lists", {"seed": SEED})
    assert (second.status_code, second.json()["code"]) == (409, "randomisation_list_exists")
    other = await statistician(world).post("/randomisations/EP01/second/lists", {"seed": SEED})
    assert (other.status_code, other.json()["code"]) == (422, "randomisation_unknown")


async def test_an_uploaded_table_is_used_row_by_row(world: Any) -> None:
    await set_up_randomised(world, target=2)
    assert (await upload(world, ["new", "new", "standard"])).status_code == 201

    for participant, _ in await enrolled(world, 2):
        await randomise(world, participant)

    assert await arms(world) == ["new", "new"]
    assert await replay(world) == {"assignments": 2, "differences": []}


async def test_a_dry_run_names_every_bad_row_and_changes_nothing(world: Any) -> None:
    await set_up_randomised(world, target=10)
    csv = "stratum,row,arm\n,1,new\n,3,new\n,4,other\nrisk=high,1,new"
    checks = f"{lists_of(world)}/list-upload-checks"

    found = (await statistician(world).post(checks, {"csv": csv}, key=None)).json()

    assert (found["usable"], found["rows"]) == (False, 2)
    assert [(one["line"], one["code"]) for one in found["problems"]] == [
        (4, "arm_unknown"),
        (5, "stratum_unknown"),
        (0, "rows_not_gapless"),
        (0, "too_few_rows"),
    ]
    refused = await statistician(world).post(f"{lists_of(world)}/list-uploads", {"csv": csv})
    assert (refused.status_code, refused.json()["problems"]) == (422, found["problems"])
    assert await world.rows("SELECT id FROM unblinded_list") == []
