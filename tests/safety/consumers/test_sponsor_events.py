from datetime import timedelta
from typing import Any

import pytest

from services.sponsor.events.published import (
    CommitteePackOutdatedV1,
    DoseDecisionSupersededV1,
    HaltImposedV1,
    HaltScopeV1,
)
from shared.clock import server_now


async def test_a_definition_that_its_dictionary_does_not_fit_is_told_once(
    quiet_world: Any, protocol_with: Any
) -> None:
    world, document = quiet_world, protocol_with()
    document["dlt"]["criteria"].append({"id": "odd", "term": "Feeling odd", "grade_at_least": 3})

    await world.open_trial(document)
    await world.tell(world.sponsor, world.approved(document))

    assert await world.alert_kinds() == ["definition_problem"]
    rows = await world.rows("SELECT problems FROM definition_check")
    assert rows == [("[\"odd: no term 'Feeling odd'\"]",)]
    assert (await world.audited()).count("dlt-definition.checked") == 1


async def test_a_patch_of_the_dictionary_that_is_not_shipped_is_told(
    quiet_world: Any, protocol_with: Any
) -> None:
    world, document = quiet_world, protocol_with(ctcae="5.0+7")
    document["dlt"]["dlt_definition"]["ctcae"] = "5.0+7"

    await world.open_trial(document)

    assert await world.alert_kinds() == ["definition_problem"]


async def test_a_sound_definition_is_checked_in_silence(world: Any) -> None:
    assert await world.alert_kinds() == []
    assert await world.rows("SELECT problems FROM definition_check") == [("[]",)]


async def test_participants_keep_the_definition_of_the_version_they_were_registered_under(
    world: Any, protocol_with: Any
) -> None:
    await world.treat()
    newer = protocol_with(protocol_version="2.0")
    newer["dlt"] = newer["dlt"] | {
        "dlt_definition": {"id": "ep01", "version": 4, "protocol_version": "2.0", "ctcae": "5.0+0"},
        "criteria": [{"id": "any-g1", "any_term": True, "grade_at_least": 1}],
    }

    await world.tell(world.sponsor, world.approved(newer))
    await world.reported(grade=2, causality="probable")

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["definition"]) == ("pending", "ep01 3")


async def test_a_halt_wakes_the_duty_officer(world: Any) -> None:
    body = HaltImposedV1(
        trial_id=world.trial_id,
        halt_id="halt-1",
        scope=HaltScopeV1(part=None, level=None, site_number=None, recruitment=True, dosing=True),
        reason_code="safety",
        imposed_at=server_now(),
    )

    await world.tell(world.sponsor, world.sponsor.event(body, aggregate_id="halt-1", scope=world.trial_id))

    alerts = await world.alerts()
    assert [(alert["kind"], alert["priority"], alert["cause_id"]) for alert in alerts] == [
        ("halt", "P1", "halt-1")
    ]


@pytest.mark.parametrize(("reason", "alerted"), [("late_dlt", 1), ("withdrawn", 0)])
async def test_a_decision_on_data_that_changed_is_told_and_one_withdrawn_is_not(
    world: Any, reason: str, alerted: int
) -> None:
    body = DoseDecisionSupersededV1(
        trial_id=world.trial_id,
        decision_id="decision-1",
        part="escalation",
        level=2,
        reason=reason,
        superseded_at=server_now(),
    )

    await world.tell(
        world.sponsor, world.sponsor.event(body, aggregate_id="decision-1", scope=world.trial_id)
    )

    told = [(alert["kind"], alert["priority"], alert["cause_id"]) for alert in await world.alerts()]
    assert told == [("decision_superseded", "P2", "decision-1")] * alerted


async def test_an_outdated_pack_is_told_once(world: Any) -> None:
    body = CommitteePackOutdatedV1(
        trial_id=world.trial_id,
        pack_id="pack-1",
        snapshot_id="snapshot-1",
        part="escalation",
        n=1,
        decisions=[],
        because=["adverse_event_added"],
        reports=["report-1"],
        outdated_at=server_now(),
    )

    await world.tell(world.sponsor, world.sponsor.event(body, aggregate_id="pack-1", scope=world.trial_id))

    told = [(alert["kind"], alert["priority"], alert["cause_id"]) for alert in await world.alerts()]
    assert told == [("pack_outdated", "P2", "pack-1")]


async def test_the_sites_zone_codes_a_report_on_somebody_not_known(world: Any) -> None:
    await world.tell(world.sponsor, world.green_lit("044", "Pacific/Auckland"))
    now = await world.now()
    tomorrow_there = (now + timedelta(hours=24)).date()

    nobody: dict[str, Any] = {"by": world.officer, "participant_number": "x"}
    here = await world.reported(**nobody, site_number="012", onset=tomorrow_there.isoformat())
    there = await world.reported(
        **nobody, site_number="044", onset=(now + timedelta(hours=13)).date().isoformat()
    )

    assert "time_in_future" in [query["code"] for query in here["queries"]]
    assert "time_in_future" not in [query["code"] for query in there["queries"]]
