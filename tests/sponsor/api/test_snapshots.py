import hashlib
import json
from datetime import timedelta

from shared.clock import server_now
from shared.database import Sql
from shared.testing.running import Running
from tests.sponsor.office import Json, Office, created, recruiting_office, refused, registered_office


async def test_the_frozen_bytes_come_back_exactly_as_they_were_hashed(office: Office) -> None:
    people = await office.enrol("escalation", 1, 2)
    await office.judge(people[:1], "no_dlt", "escalation", 1)
    await office.judge(people[1:], "pending", "escalation", 1)

    snapshot = await office.freeze("escalation")
    answer = await office.chair.get(f"/snapshots/{snapshot['snapshot_id']}")

    assert answer.headers["content-type"] == "application/json"
    assert hashlib.sha256(answer.content).hexdigest() == snapshot["sha256"]
    content = json.loads(answer.content)
    assert {line["participant_id"]: line["verdict"] for line in content["standings"]} == {
        people[0]: "no_dlt",
        people[1]: "pending",
    }
    assert content["recommendation"]["cell"]["n"] == 2
    assert [source["producer"] for source in content["sources"]] == ["enrolment", "safety"]


async def test_a_dosed_participant_without_a_verdict_keeps_a_snapshot_from_being_frozen(
    office: Office,
) -> None:
    [person] = await office.enrol("escalation", 1, 1)

    answer = await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "escalation"})
    assert refused(answer, 409, "verdict_missing")["participants"] == [person]

    await office.judge([person], "pending", "escalation", 1)
    created(await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "escalation"}))


async def test_a_verdict_without_a_registration_keeps_snapshots_of_its_levels_from_being_frozen(
    office: Office,
) -> None:
    heard = office.network
    await heard.hear(heard.verdict("stranger", "pending", "escalation", 2))
    trial = f"/trials/{office.trial_id}/snapshots"

    for part in ("escalation", "expansion"):  # the expansion counts level 2 with its own
        answer = await office.chair.post(trial, {"part": part})
        assert refused(answer, 409, "verdict_unmatched")["participants"] == ["stranger"]

    await heard.hear(heard.registered("stranger", "escalation", 2))
    created(await office.chair.post(trial, {"part": "escalation"}))


async def test_a_part_that_the_protocol_does_not_have_is_refused(office: Office) -> None:
    answer = await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "nowhere"})

    assert refused(answer, 422, "part_unknown")["parts"] == ["escalation", "expansion"]


async def test_without_a_protocol_in_force_nothing_is_frozen(running: Running, protocol: Json) -> None:
    office = await registered_office(running, protocol)
    await office.network.hear()

    answer = await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "escalation"})

    refused(answer, 409, "protocol_version_not_in_force")


async def test_a_source_that_was_never_heard_keeps_snapshots_from_being_frozen(
    running: Running, protocol: Json
) -> None:
    office = await registered_office(running, protocol)
    await office.approve()
    await office.network.enrolment.deliver(running.service.inboxes["enrolment"])

    answer = await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "escalation"})

    assert refused(answer, 503, "snapshot_source_stale")["sources"] == {"safety": "never_heard"}
    assert answer.headers["retry-after"] == "5"


async def test_a_source_older_than_five_minutes_keeps_snapshots_from_being_frozen(
    running: Running, protocol: Json
) -> None:
    office = await recruiting_office(running, protocol)
    trial = f"/trials/{office.trial_id}/snapshots"
    created(await office.chair.post(trial, {"part": "escalation"}))

    await _age_watermarks(running, timedelta(minutes=4))
    created(await office.chair.post(trial, {"part": "escalation"}))
    await _age_watermarks(running, timedelta(minutes=2))
    answer = await office.chair.post(trial, {"part": "escalation"})

    assert refused(answer, 503, "snapshot_source_stale")["sources"] == {"enrolment": "too_old"}


async def test_demonstration_time_makes_no_source_look_old(running: Running, protocol: Json) -> None:
    office = await recruiting_office(running, protocol)

    await running.move_clock((server_now() + timedelta(days=40)).isoformat())

    created(await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "escalation"}))


async def test_a_parked_event_of_the_trial_keeps_snapshots_from_being_frozen(office: Office) -> None:
    heard = office.network
    unreadable = heard.registered("p1", "escalation", 1)
    spoilt = type(unreadable)(
        topic=unreadable.topic,
        partition=unreadable.partition,
        position=unreadable.position,
        headers=unreadable.headers,
        value=b'{"trial_id": 3}',
    )
    await office.running.service.inboxes["enrolment"].receive([spoilt])

    answer = await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": "escalation"})

    assert refused(answer, 503, "snapshot_source_stale")["sources"] == {"enrolment": "event_parked"}
    [event] = await office.running.published("sponsor.event.parked.v1")
    assert (event["scope"], event["body"]["reason"]) == (office.trial_id, "bad_body")


async def _age_watermarks(running: Running, by: timedelta) -> None:
    """Let everything that was heard have been stated this much earlier."""

    statement = Sql(
        "UPDATE producer_position SET closed_at = closed_at - make_interval(secs => $1)",
        "UPDATE producer_position SET closed_at ="
        " strftime('%Y-%m-%dT%H:%M:%f', closed_at, '-' || $1 || ' seconds') || '000Z'",
    )
    await running.service.database.write(lambda tx: tx.fetch(statement, by.total_seconds()))
