"""One child from screening to treatment, over HTTP alone."""

from typing import Any


async def test_a_child_is_screened_registered_dosed_and_followed(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    registered = await trial.register(screening_id, slot_id)

    assert registered.status_code == 201, registered.text
    body = registered.json()
    assert body["participant_number"].startswith("EP01-012-001")
    assert (body["level"], body["decision_id"], body["confirmation"]["dose"]) == (1, "decision-1", "10")
    authorised = await trial.authorise(body["participant_id"])
    assert authorised.status_code == 201, authorised.text
    recorded = await trial.dose(body["participant_id"])
    assert (recorded["authorised"], recorded["first_dose_at"] is not None) == (True, True)
    assert await trial.types() == [
        "dose-level.opened",
        *["slot.opened"] * 6,
        "screening.started",
        "consent.recorded",
        "consent.recorded",
        "eligibility.signed",
        "slot.reserved",
        "participant.registered",
        "participant.allocated",
        "first-dose.recorded",
        "dose.recorded",
    ]
    await trial.board_matches_events()
