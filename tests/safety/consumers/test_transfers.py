"""A participant moves to another site: that site reports and reads, the one before no longer does."""

from typing import Any

from services.enrolment.events.people_events import ParticipantTransferredV1
from shared.clock import server_now
from tests.safety.heard import NUMBER


def transferred(world: Any, to: str = "034") -> Any:
    body = ParticipantTransferredV1(
        trial_id=world.trial_id,
        participant_id="participant-1",
        participant_number=NUMBER,
        from_site_number="012",
        to_site_number=to,
        zone="America/New_York",
        transferred_at=server_now(),
    )
    return world.say(body)


def investigator(world: Any, site: str) -> Any:
    return world.running.person(f"dr-{site}", f"site_investigator:EP01:{site}")


async def test_the_receiving_site_reads_the_window_and_reports_and_the_one_before_does_not(
    world: Any,
) -> None:
    await world.treat()
    earlier = await world.reported()

    await world.tell(world.enrolment, transferred(world))

    new, old = investigator(world, "034"), investigator(world, "012")
    later = await world.reported(by=new, site_number="034")
    paths = [
        "/participants/participant-1/dlt-verdicts",
        f"/adverse-events/{earlier['report_id']}",
        f"/adverse-events/{later['report_id']}",
    ]
    assert [(await new.get(path)).status_code for path in paths] == [200, 200, 200]
    assert [(await old.get(path)).status_code for path in paths] == [404, 404, 404]
    matched = await world.rows("SELECT participant_id, site_number FROM adverse_event ORDER BY id")
    assert [tuple(row) for row in matched] == [("participant-1", "034")] * 2
    assert (await world.audited()).count("report.moved") == 1


async def test_a_transfer_moves_no_window(world: Any) -> None:
    await world.treat()
    before = await world.verdict()

    await world.tell(world.enrolment, transferred(world))

    assert await world.verdict() == before | {"site_number": "034"}
    assert await world.rows("SELECT zone FROM participant_copy") == [("Europe/London",)]


async def test_a_report_by_number_is_matched_after_a_transfer(world: Any) -> None:
    await world.treat()
    await world.tell(world.enrolment, transferred(world), transferred(world, "056"))

    reported = await world.reported(by=investigator(world, "056"), site_number="056")

    assert reported["matched"] == "matched"
