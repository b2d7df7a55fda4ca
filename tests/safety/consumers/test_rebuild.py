from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from shared.consumer import Consumer
from shared.envelope import Record
from shared.rebuild import begin_rebuild, check_rebuild


async def _history_of_a_trial(world: Any) -> None:
    at = await world.treat()
    await world.tell(
        world.enrolment,
        world.allocated(),
        world.consented(at=at - timedelta(days=5)),
        world.consented(at=at - timedelta(days=6)),
        world.doses([at + timedelta(minutes=1)], [(at + timedelta(minutes=2), "toxicity")]),
        world.doses([at + timedelta(minutes=2)]),
        world.participation({"treatment": "stopped"}, at=at),
        world.participation({"treatment": "stopped", "contact": "stopped"}, at=at + timedelta(minutes=5)),
        world.registered("participant-2", "EP01-012-0025"),
        world.voided("participant-2"),
        world.registered_without_level("participant-3", "EP01-012-0033"),
        world.course_step("infusion", at=at, outcome="failed"),
        world.course_step("infusion", at=at),
    )
    await world.tell(world.sponsor, world.delegation_ended())
    await world.reported(grade=3, causality="probable")


def _replay(world: Any) -> Any:
    async def read(topic: str) -> AsyncIterator[Sequence[Record]]:
        for record in world.history:
            if record.topic == topic:
                yield [record]

    return read


async def test_a_rebuild_gives_equal_copies(world: Any) -> None:
    await _history_of_a_trial(world)
    definition = world.running.service.definition
    consumers: list[Consumer] = list(definition.consumers)

    check = await check_rebuild(
        world.running.service.database, definition.metadata, consumers, definition.projections, _replay(world)
    )

    assert check.comparable
    assert check.events == len(world.history)
    assert check.differing_rows == 0
    assert {one.table: one.rows for one in check.differences} == {
        "protocol_copy": 1,
        "reporting_copy": 1,
        "stopping_rules_copy": 1,
        "site_copy": 1,
        "delegation_copy": 1,
        "consent_copy": 1,
        "participant_copy": 3,
        "course_copy": 2,
        "dose_copy": 3,
        "course_step_copy": 1,
    }


async def test_a_rebuild_for_real_repeats_no_alert_and_changes_no_verdict(world: Any) -> None:
    await _history_of_a_trial(world)
    before = await world.running.published()
    verdict = await world.verdict()
    service = world.running.service

    await service.database.write(lambda tx: begin_rebuild(tx, "safety", service.definition.projections))
    await world.running.run_timers()
    receipt = await world.reported(by=world.officer, seriousness=["hospitalisation"])
    for producer in (world.enrolment, world.sponsor):
        said = [record for record in world.history if record.topic == producer.topic]
        await producer.deliver(world.inbox(producer.service), *said)

    assert receipt["matched"] == "unmatched"
    after = (await world.running.published())[len(before) :]
    assert [event["type"] for event in after].count("safety.adverse-event.amended.v1") == 1
    assert not any(event["type"] == "safety.dlt-verdict.recorded.v1" for event in after)
    rows = await world.rows("SELECT matched FROM adverse_event ORDER BY id")
    assert rows == [("matched",), ("matched",)]
    assert {k: v for k, v in (await world.verdict()).items() if k != "findings"} == {
        k: v for k, v in verdict.items() if k != "findings"
    }


async def test_nothing_is_concluded_from_copies_that_are_half_rebuilt(world: Any) -> None:
    at = await world.now() - timedelta(days=3)
    first = [world.registered(), world.first_dose(at=at)]
    missed = world.doses([at], [(at + timedelta(days=n), "toxicity") for n in (1, 2)])
    await world.tell(world.enrolment, *first, missed)
    before = await world.verdict()
    service = world.running.service
    await service.database.write(lambda tx: begin_rebuild(tx, "safety", service.definition.projections))
    sponsors = [record for record in world.history if record.topic == world.sponsor.topic]

    await world.inbox("sponsor").receive(sponsors)
    await world.inbox("enrolment").receive(first)
    receipt = await world.reported(grade=1)
    meanwhile = await world.verdict()
    await world.enrolment.deliver(world.inbox("enrolment"), missed)
    await world.sponsor.deliver(world.inbox("sponsor"))

    assert (before["verdict"], before["criteria"]) == ("dlt", ["missed"])
    assert receipt["matched"] == "matched"
    assert (meanwhile["verdict"], meanwhile["version"]) == ("dlt", before["version"])
    assert (await world.verdict())["version"] == before["version"]
