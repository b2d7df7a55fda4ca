"""From a hospital's report to a flagged committee pack, through all three services, within five seconds."""

from time import monotonic
from typing import Any

from shared.testing.stores import wait_until
from tests.journeys.world import Trial, World

PART = "stratum-1"
SECONDS = 5.0


async def frozen_pack(trial: Trial) -> dict[str, Any]:
    """The pack that is frozen with a new snapshot."""
    manager = trial.office.manager
    snapshot = await manager.post("sponsor", f"/trials/{trial.office.trial_id}/snapshots", {"part": PART})
    packs = (await manager.get("sponsor", "/packs", trial=trial.office.code))["items"]
    found: dict[str, Any] = next(one for one in packs if one["snapshot_id"] == snapshot["snapshot_id"])
    return found


async def test_a_report_at_a_hospital_flags_the_committees_pack_within_five_seconds(world: World) -> None:
    trial = await world.opened_trial()
    child = await trial.dosed()
    await trial.stage.quiet()
    pack = await frozen_pack(trial)
    path = f"/packs/{pack['pack_id']}"

    async def outdated() -> bool:
        return (await trial.office.manager.get("sponsor", path))["outdated"] is not None

    assert not await outdated()
    began = monotonic()
    await trial.hospitals.report_toxicity(child)
    await wait_until(outdated, seconds=SECONDS, what="the flag of the pack")

    assert monotonic() - began < SECONDS
    because = (await trial.office.manager.get("sponsor", path))["outdated"]["because"]
    assert [one["kind"] for one in because] == ["adverse_event_added"]
    verified = await trial.office.manager.get("sponsor", f"{path}/verification")
    assert verified["equal"] is True


async def test_a_sites_receipt_given_to_enrolment_shows_beside_the_sponsors_decision(world: World) -> None:
    trial = await world.opened_trial()
    decisions = await trial.office.manager.get("sponsor", "/decisions", trial=trial.office.code)
    decision = decisions["items"][0]["decision_id"]
    investigator = trial.investigator("001")

    await investigator.post("enrolment", f"/decisions/{decision}/receipts", {"site_number": "001"})
    await trial.stage.quiet()

    shown = await trial.office.manager.get("sponsor", f"/decisions/{decision}")
    site = next(one for one in shown["circulation"] if one["site_number"] == "001")
    assert (site["received_by_role"], site["in_force_at"]) == ("site_investigator", shown["in_force_at"])
