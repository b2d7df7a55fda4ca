"""A protocol of a kind of trial that this release does not know."""

from typing import Any


async def test_a_protocol_of_an_unknown_kind_is_parked_and_nobody_is_registered_meanwhile(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    body, aggregate = trial.approved("2.0")
    stated = body.protocol.trial.model_copy(update={"kind": "registry"})
    protocol = body.protocol.model_copy(update={"trial": stated})

    await trial.sponsor_says((body.model_copy(update={"protocol": protocol}), aggregate))
    answer = await trial.register(screening_id, slot_id)

    (parked,) = await trial.running.published("enrolment.event.parked.v1")
    assert parked["body"]["event_type_parked"] == "sponsor.protocol-version.approved.v3"
    assert (answer.status_code, answer.json()["reason"]) == (503, "event_parked")
