"""Reports that belong together, for tests of routes."""

from typing import Any

SPECIAL = {
    "kind": "medication_error",
    "trial": "EP01",
    "participant_number": "EP01-012-0017",
    "reached": False,
}
SPECIAL_AMENDED = {"reached": True, "harm": "none", "reason": "asked the ward"}


async def related_world(world: Any) -> dict[str, str]:
    """Two reports of one event, a third one, and a medication error, all of the first participant."""
    kept, twin, third = [(await world.reported(by=world.officer))["report_id"] for _ in range(3)]
    answer = await world.officer.post("/special-reports", SPECIAL)
    assert answer.status_code == 201, answer.text
    return {"kept": kept, "twin": twin, "third": third, "special": answer.json()["special_report_id"]}
