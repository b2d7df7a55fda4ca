"""A participant who moves is the same participant: matched by id, counted once, at the new site."""

from typing import Any

from shared.database import Sql
from tests.sponsor.office import Office

PART = "escalation"


async def test_a_transfer_changes_the_site_of_the_copy_and_nothing_that_is_counted(office: Office) -> None:
    heard = office.network
    registered, transferred = heard.registered("p1", PART, 1), heard.transferred("p1", "034")
    await office.running.service.inboxes["enrolment"].receive([registered])
    before = await _copy(office)

    await office.running.service.inboxes["enrolment"].receive([transferred])

    after = await _copy(office)
    assert (before["site_number"], after["site_number"]) == ("012", "034")
    assert after["version"] == 2
    assert after | {"site_number": "", "version": 0} == before | {"site_number": "", "version": 0}


async def _copy(office: Office) -> dict[str, Any]:
    names = ("participant_id", "participant_number", "site_number", "part", "level", "decision_id", "version")
    statement = Sql(f"SELECT {', '.join(names)} FROM participant_copy")
    (row,) = await office.running.service.database.read(lambda tx: tx.fetch(statement))
    return dict(zip(names, row, strict=True))
