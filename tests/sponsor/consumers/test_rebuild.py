"""Building the copies anew from the producers' events: equal rows, and nothing concluded meanwhile."""

from collections.abc import AsyncIterator, Sequence

from services.sponsor.consumers.enrolment_events import ENROLMENT_EVENTS
from services.sponsor.consumers.safety_events import SAFETY_EVENTS
from services.sponsor.store.base import METADATA
from services.sponsor.store.copies import COPIES
from shared.consumer import Projections
from shared.envelope import Record
from shared.rebuild import check_rebuild
from shared.testing.running import Running
from tests.sponsor.consumers.test_order import deliver, shuffled, story
from tests.sponsor.office import Json, Office, created, recruiting_office, refused

PART = "escalation"


async def test_a_rebuild_from_all_events_gives_equal_rows(running: Running, protocol: Json) -> None:
    office = await recruiting_office(running, protocol)
    told = story(office)
    records = [record for own in told.values() for record in own]
    await deliver(office, shuffled(told, 3, within=False), 3)

    async def history(topic: str) -> AsyncIterator[Sequence[Record]]:
        own = [record for record in records if record.topic == topic]
        for first in range(0, len(own), 4):
            yield own[first : first + 4]

    check = await check_rebuild(
        running.service.database,
        METADATA,
        (ENROLMENT_EVENTS, SAFETY_EVENTS),
        Projections(tables=COPIES),
        history,
    )

    assert (check.comparable, check.events) == (True, len(records))
    assert {one.table: one.rows for one in check.differences} == {
        "participant_copy": 6,
        "level_copy": 1,
        "verdict_copy": 5,
        "dose_copy": 6,
        "adverse_event_copy": 3,
        "decision_receipt_copy": 1,
        "screening_copy": 1,
    }
    assert check.differing_rows == 0


async def test_while_copies_are_built_anew_nothing_is_concluded_and_nothing_opened(office: Office) -> None:
    first = await office.decide(PART, "open_level", 1, 6)
    records = [record for own in story(office).values() for record in own]
    await deliver(office, records, 1)
    halfway = created(await office.propose(PART, "hold", 1))
    said = len(await office.running.published())
    snapshot = {"snapshot_id": halfway["snapshot_id"], "text": "x", "level": 1}

    answer = await office.running.operator.post("/delivery/rebuilds")
    assert answer.status_code == 202
    opening = await office.chair.post("/decisions", snapshot | {"kind": "declare_mtd"})
    refused(opening, 503, "snapshot_source_stale")
    freezing = await office.chair.post(f"/trials/{office.trial_id}/snapshots", {"part": PART})
    refused(freezing, 503, "snapshot_source_stale")
    restricted = created(await office.sign(halfway, office.chair, "src_chair"))
    assert restricted["state"] == "in_force"

    for record in records:
        await office.running.service.inboxes[record.topic.partition(".")[0]].receive([record])
    superseded = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert superseded == []
    await office.network.hear()

    kinds = [event["type"] for event in (await office.running.published())[said:]]
    kinds = [kind for kind in kinds if kind != "sponsor.replay.requested.v1"]
    assert kinds == ["sponsor.dose-decision.signed.v1"]
    view = (await office.chair.get(f"/decisions/{first['decision_id']}")).json()
    assert view["state"] == "in_force"


async def test_after_a_rebuild_what_was_missed_is_concluded_once(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    assert (await office.running.operator.post("/delivery/rebuilds")).status_code == 202
    records = [record for own in story(office).values() for record in own]
    for record in records:
        await office.running.service.inboxes[record.topic.partition(".")[0]].receive([record])
    assert await office.running.published("sponsor.cohort.held.v1") == []

    await office.network.hear()

    [held] = await office.running.published("sponsor.cohort.held.v1")
    assert (held["body"]["part"], held["body"]["level"]) == (PART, 1)
    assert (await office.part(PART))["recommendation"]["kind"] == "stop_no_mtd"
