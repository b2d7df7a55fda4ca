"""Cursors of lists: only their form is checked, so a cursor that some other list gave must do no harm."""

from typing import Any

import pytest

from tests.sponsor.office import Office, shown

LAST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
LISTS = ["trials", "decisions", "delegations", "halts", "recommendations", "meetings", "packs"]


@pytest.mark.parametrize("what", LISTS)
async def test_after_an_id_later_than_every_entry_a_list_is_empty(office: Office, what: str) -> None:
    query: dict[str, Any] = {} if what == "trials" else {"trial": office.trial_id}

    page = shown(await office.manager.get(f"/{what}", cursor=LAST, **query))

    assert (page["items"], page["next_cursor"]) == ([], None)


@pytest.mark.parametrize("what", LISTS)
async def test_a_cursor_of_another_list_begins_after_its_place_in_the_order_of_creation(
    office: Office, what: str
) -> None:
    query: dict[str, Any] = {} if what == "trials" else {"trial": office.trial_id}
    everything = shown(await office.manager.get(f"/{what}", **query))["items"]
    delegations = shown(await office.manager.get("/delegations", trial=office.trial_id, limit=1))

    page = shown(await office.manager.get(f"/{what}", cursor=delegations["next_cursor"], **query))

    assert len(page["items"]) <= len(everything)
    assert all(one in everything for one in page["items"])
