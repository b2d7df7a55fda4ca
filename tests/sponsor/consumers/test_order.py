"""Whatever order aggregates arrive in, and however often: the same copies, conclusions and held levels."""

from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.sponsor.app import definition
from services.sponsor.store.base import METADATA
from services.sponsor.store.copies import COPIES
from shared.envelope import Record
from shared.ledger import table_rows
from shared.testing.running import running_service, settings_for_tests
from shared.testing.stores import any_store
from tests.sponsor.conftest import migrate
from tests.sponsor.network import AT
from tests.sponsor.office import Json, Office, recruiting_office

PART = "escalation"


def story(office: Office) -> dict[str, list[Record]]:
    """Records per aggregate: six children at level 1, one of them voided, two DLTs, one of them late.

    With doses, one of them an error; three reports, each amended, one matched only then; a failed screening; a receipt.
    """
    heard = office.network
    told: dict[str, list[Record]] = {}
    for number in range(6):
        person = f"p{number}"
        told[person] = [heard.registered(person, PART, 1), heard.allocated(person, PART, 1)]
        if number == 5:
            told[person].append(heard.voided(person))
            continue
        told[person] += [heard.dosed(person, PART, 1), *doses(office, person, number), heard.ended(person)]
        window = told.setdefault(f"window-{person}", [])
        window.append(heard.verdict(person, "pending", PART, 1))
        if number in (0, 1):
            window.append(heard.verdict(person, "no_dlt", PART, 1))
        if number in (1, 2):
            window.append(heard.verdict(person, "dlt", PART, 1))
        if number == 3:
            window.append(heard.verdict(person, "not_evaluable", PART, 1))
        window.append(heard.window_closed(person))
    for number in range(3):
        who = f"p{number}"
        told[f"report-{number}"] = [
            heard.adverse_event(f"report-{number}", who if number else None),
            heard.adverse_event(f"report-{number}", who, version=2, grade=3),
        ]
    told["screening"] = [heard.screened("s1"), heard.screening_failed("s1", "eligibility")]
    told["decision"] = [heard.decision_received("d1")]
    told["level"] = [heard.level_opened(PART, 1, "d1"), heard.level_closed(PART, 1)]
    return told


def doses(office: Office, person: str, number: int) -> list[Record]:
    """The first child's doses: one of them was an error, one is given after all."""
    if number:
        return [office.network.doses(person, (AT + timedelta(days=1), None))]
    second = AT + timedelta(days=2)
    return [
        office.network.doses(person, (AT + timedelta(days=1), None), (second, "toxicity")),
        office.network.dose_voided(person, second),
        office.network.doses(person, (second, None)),
    ]


def shuffled(told: dict[str, list[Record]], seed: int, *, within: bool) -> list[Record]:
    """All records in a random order; with `within`, not even an aggregate's own order is kept."""
    rng = Random(seed)
    if within:
        records = [record for own in told.values() for record in own]
        rng.shuffle(records)
        return records
    left = {name: list(own) for name, own in told.items()}
    records = []
    while left:
        name = rng.choice(sorted(left))
        records.append(left[name].pop(0))
        if not left[name]:
            del left[name]
    return records


async def deliver(office: Office, records: list[Record], seed: int) -> None:
    """Hand the records over in batches of random size, some of them twice."""
    rng = Random(seed)
    inboxes = office.running.service.inboxes
    waiting = list(records)
    while waiting:
        batch = [waiting.pop(0) for _ in range(min(len(waiting), rng.randint(1, 5)))]
        batch += rng.sample(batch, rng.randint(0, len(batch)))
        for producer, inbox in inboxes.items():
            await inbox.receive([record for record in batch if record.topic.startswith(producer)])
    await office.network.hear()


async def conclusions(office: Office) -> tuple[Any, Any]:
    """Everything that may not depend on the order: copies, overview without ids of our own, open decisions."""
    database = office.running.service.database
    copies = await database.read(lambda tx: table_rows(tx, METADATA, COPIES))
    copies = {name: [row.replace(office.trial_id, "trial") for row in rows] for name, rows in copies.items()}
    parts = (await office.overview())["parts"]
    for part in parts:
        said = part["recommendation"]
        part["recommendation"] = {
            key: said[key] for key in ("kind", "next_level", "reasons", "closed_levels", "cell", "counts")
        }
        part["decisions_in_force"] = [
            (decision["kind"], decision["level"]) for decision in part["decisions_in_force"]
        ]
    return copies, parts


@pytest.mark.parametrize("within", [False, True])
async def test_any_order_of_events_leads_to_the_same_conclusions(
    store_kind: Any, store_server: Any, tmp_path: Path, protocol: Json, within: bool
) -> None:
    found = []
    for seed in range(4):
        folder = tmp_path / str(seed)
        async with (
            any_store(store_kind, folder, store_server, "sponsor", migrate) as store,
            running_service(definition(settings_for_tests("sponsor")), store) as running,
        ):
            office = await recruiting_office(running, protocol)
            await office.decide(PART, "open_level", 1, 6)
            told = story(office)
            plain = [record for own in told.values() for record in own]
            await deliver(office, plain if seed == 0 else shuffled(told, seed, within=within), seed)
            found.append(await conclusions(office))

    for one in found[1:]:
        assert one == found[0]
    escalation = found[0][1][0]
    assert escalation["recommendation"]["kind"] == "stop_no_mtd"
    assert [level["held"] for level in escalation["levels"]] == ["eliminated", None]


async def test_the_whole_story_told_again_raises_nothing(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    records = [record for own in story(office).values() for record in own]
    await deliver(office, records, 1)
    said, rows = len(await office.running.published()), await office.running.audit_rows()

    await deliver(office, records, 2)

    assert len(await office.running.published()) == said
    assert await office.running.audit_rows() == rows


async def test_a_decision_is_superseded_once_however_often_its_data_change(office: Office) -> None:
    decision = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=decision)
    await office.judge(people, "no_dlt", PART, 1)
    await office.decide(PART, "open_level", 2, 6)

    for verdict in ("dlt", "no_dlt", "dlt"):
        await office.judge(people[:1], verdict, PART, 1)

    superseded = await office.running.published("sponsor.dose-decision.superseded.v1")
    assert [event["body"]["reason"] for event in superseded] == ["late_dlt"]
