"""Cursors of lists: only their form is checked, so a cursor that some other list gave must do no harm."""

from typing import Any

import pytest

LAST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
LISTS = ["adverse-events", "alerts", "dlt-verdicts", "duty-periods", "stopping-rule-crossings"]


@pytest.mark.parametrize("what", LISTS)
async def test_a_cursor_of_another_list_begins_after_its_place_in_the_order_of_creation(
    world: Any, what: str
) -> None:
    await world.treat()
    await world.on_duty("officer")
    before = await world.reported(seriousness=["death"], by=world.officer)
    person = world.running.person("reader", "safety_officer:*:*", "trial_manager:*:*")
    everything = (await person.get(f"/{what}", trial="EP01")).json()["items"]

    page = await person.get(f"/{what}", trial="EP01", cursor=before["report_id"])
    end = await person.get(f"/{what}", trial="EP01", cursor=LAST)

    assert page.status_code == 200
    assert all(one in everything for one in page.json()["items"])
    assert (end.status_code, end.json()["items"], end.json()["next_cursor"]) == (200, [], None)
