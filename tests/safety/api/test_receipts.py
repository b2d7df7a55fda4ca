"""What a report's receipt tells a reporter who may not read the record."""

from typing import Any

import pytest


async def test_a_reporter_from_another_site_gets_a_receipt_and_no_record(world: Any) -> None:
    await world.treat()
    died = (await world.today()).isoformat()
    await world.reported(grade=5, term="Sepsis", outcome="fatal", death_on=died, seriousness=["death"])
    elsewhere = world.running.person("nurse-2", "site_nurse:EP01:099")

    receipt = await world.reported(
        by=elsewhere, grade=5, term="Sepsis", outcome="fatal", seriousness=["death"]
    )

    assert receipt["receipt_only"] is True
    kept = await world.officer.get(f"/adverse-events/{receipt['report_id']}")
    assert "reporter_of_another_site" in kept.json()["adverse_event"]["flags"]
    assert kept.json()["adverse_event"]["matched"] == "matched"
    assert (await elsewhere.get(f"/adverse-events/{receipt['report_id']}")).status_code == 404
    assert (await elsewhere.get("/adverse-events", trial="EP01")).json()["items"] == []


@pytest.mark.parametrize("grants", [(), ("site_nurse:EP99:012",), ("site_investigator:EP01:099",)])
async def test_a_receipt_does_not_tell_a_stranger_whether_a_participant_exists(
    world: Any, grants: tuple[str, ...]
) -> None:
    await world.treat()
    stranger = world.running.person("stranger", *grants)
    guesses = [
        {},
        {"participant_number": "EP01-012-9999"},
        {"participant_number": "EP01-012-9999", "site_number": "099"},
        {"trial": "NOSUCH"},
    ]

    receipts = [await world.reported(by=stranger, seriousness=["death"], **guess) for guess in guesses]

    assert [receipt.keys() for receipt in receipts] == [{"report_id", "receipt_only", "received_at"}] * 4
    assert {receipt["receipt_only"] for receipt in receipts} == {True}
    assert len(await world.rows("SELECT id FROM adverse_event")) == 4
    assert await world.alert_kinds() == ["death"] * 4


async def test_somebody_without_any_role_may_report(world: Any) -> None:
    await world.treat()

    answer = await world.report(by=world.running.person("parent"))

    assert answer.status_code == 201
    assert answer.json()["receipt_only"] is True


async def test_staff_learn_at_once_that_a_number_of_their_own_site_is_unknown(world: Any) -> None:
    await world.treat()

    slip = await world.reported(by=world.nurse, participant_number="EP01-012-9999", seriousness=["death"])
    typo = await world.reported(by=world.nurse, participant_number="not-a-number", seriousness=["death"])

    assert (slip["receipt_only"], slip["matched"]) == (False, "unmatched")
    assert typo.keys() == {"report_id", "receipt_only", "received_at"}
