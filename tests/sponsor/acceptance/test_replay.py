"""S13: the whole journal told again, aggregates shuffled, some events twice: byte-equal read models."""

import hashlib
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.sponsor.app import definition
from services.sponsor.store.base import METADATA
from services.sponsor.store.copies import COPIES
from shared.database import Database
from shared.envelope import Record
from shared.ledger import table_rows
from shared.testing.running import Running, running_service, settings_for_tests
from shared.testing.stores import any_store
from tests.sponsor.conftest import migrate
from tests.sponsor.consumers.test_order import deliver, shuffled
from tests.sponsor.network import AT
from tests.sponsor.office import Json, Office, recruiting_office

PART = "escalation"
CHILDREN = 9


def journal(office: Office, seed: int) -> dict[str, list[Record]]:
    """A trial drawn from a seed, as records per aggregate: what nine children, safety and two sites may do."""
    rng, heard = Random(seed), office.network
    told: dict[str, list[Record]] = {}
    for number in range(CHILDREN):
        child, level = f"child-{number}", 1 + number % 2
        own = told[child] = [heard.registered(child, PART, level), heard.allocated(child, PART, level)]
        if rng.random() < 0.2:
            own.append(heard.voided(child))
            continue
        own += [
            heard.dosed(child, PART, level),
            heard.doses(child, (AT, None), (AT.replace(hour=10), "toxicity")),
        ]
        later = [
            partial(heard.dose_voided, child, AT),
            partial(heard.first_dose_corrected, child, PART, AT.replace(hour=11)),
            partial(heard.transferred, child, "034"),
            partial(heard.ended, child),
        ]
        own += [act() for act in rng.sample(later, rng.randint(0, len(later)))]
        window = told.setdefault(f"window-{child}", [])
        for _ in range(rng.randint(1, 3)):
            verdict = rng.choice(["pending", "no_dlt", "dlt", "not_evaluable"])
            window.append(heard.verdict(child, verdict, PART, level))
        window.append(heard.window_closed(child))
    for number in range(12):
        report, child = f"report-{number}", f"child-{rng.randrange(CHILDREN)}"
        own = told[report] = [heard.adverse_event(report, child if rng.random() < 0.8 else None)]
        for version in range(2, 2 + rng.randint(0, 2)):
            own.append(heard.adverse_event(report, child, version=version, grade=rng.randint(1, 5)))
    told["decision"] = [heard.decision_received("decision-1", site) for site in ("012", "034")]
    told["level"] = [heard.level_opened(PART, 1, "decision-1"), heard.level_closed(PART, 1)]
    return told


async def read_models(store: Database, trial_id: str) -> bytes:
    """Every copy, row by row; the trial's own id, which is new in each store, is taken out."""
    copies = await store.read(lambda tx: table_rows(tx, METADATA, COPIES))
    lines = [
        f"{name}|{row.replace(trial_id, 'trial')}" for name in sorted(copies) for row in sorted(copies[name])
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_s13_the_journal_told_in_any_order_and_twice_gives_byte_equal_read_models(
    store_kind: Any, store_server: Any, tmp_path: Path, protocol: Json, seed: int
) -> None:
    found = []
    for turn in range(4):
        async with (
            any_store(store_kind, tmp_path / str(turn), store_server, "sponsor", migrate) as store,
            running_service(definition(settings_for_tests("sponsor")), store) as running,
        ):
            office = await recruiting_office(running, protocol)
            told = journal(office, seed)
            plain = [record for own in told.values() for record in own]
            first = plain if turn == 0 else shuffled(told, 10 * seed + turn, within=False)
            await deliver(office, first, turn)
            once = await read_models(store, office.trial_id)
            said = len(await running.published())

            await deliver(office, shuffled(told, 20 * seed + turn, within=False), turn)

            assert await read_models(store, office.trial_id) == once
            assert len(await running.published()) == said
            found.append(hashlib.sha256(once).hexdigest())

    assert len(set(found)) == 1


async def test_the_read_models_of_one_journal_are_not_those_of_another(
    running: Running, store: Database, office: Office
) -> None:
    told = journal(office, 4)
    records = [record for own in told.values() for record in own]
    await deliver(office, records[:-1], 1)
    before = await read_models(store, office.trial_id)

    await deliver(office, records[-1:], 1)

    assert await read_models(store, office.trial_id) != before
