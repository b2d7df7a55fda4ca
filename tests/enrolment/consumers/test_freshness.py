"""Without fresh news of sponsor and safety nobody is registered and no dose is authorised; all else goes on."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from shared.clock import server_now
from shared.database import Sql, Tx, instant_parameter

_AGE = Sql("UPDATE producer_position SET closed_at = $1 WHERE topic = $2")


async def silent_for(trial: Any, producer: str, seconds: float) -> None:
    """Let the last statement of a producer be so old, as if its relay had stopped."""

    async def age(tx: Tx) -> None:
        at = instant_parameter(tx, server_now() - timedelta(seconds=seconds))
        await tx.fetch(_AGE, at, f"{producer}.events.v1")

    await trial.running.service.database.write(age)


@pytest.mark.parametrize("producer", ["sponsor", "safety"])
async def test_when_watermarks_stop_registration_is_refused_and_resumes_by_itself(
    trial: Any, producer: str
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await silent_for(trial, producer, 61)

    answer = await trial.register(screening_id, slot_id)

    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "trial_state_unknown")
    assert answer.headers["retry-after"] == "5"
    assert (body["producer"], body["reason"]) == (producer, "too_old")
    assert 61 <= body["age_seconds"] < 70
    assert [guard["code"] for guard in body["guards"]] == ["trial_state_unknown"]  # nothing else is said
    await trial.freshen()
    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_just_under_the_limit_is_fresh(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await silent_for(trial, "safety", 50)

    assert (await trial.register(screening_id, slot_id)).status_code == 201


async def test_a_dose_is_not_authorised_on_old_news_but_recorded_all_the_same(trial: Any) -> None:
    participant = (await trial.enrol())["participant_id"]
    await silent_for(trial, "safety", 61)

    answer = await trial.authorise(participant)

    assert (answer.status_code, answer.json()["code"], answer.json()["producer"]) == (
        503,
        "trial_state_unknown",
        "safety",
    )
    recorded = await trial.dose(participant)
    assert recorded["authorised"] is False


async def test_screening_consent_and_reservation_never_ask_for_news(trial: Any) -> None:
    await silent_for(trial, "sponsor", 3600)
    await silent_for(trial, "safety", 3600)

    screening_id = await trial.ready()

    await trial.reserve(screening_id)


async def test_a_service_that_has_heard_nothing_registers_nobody(world: Any) -> None:
    await world.sponsor_says(
        world.approved(),
        world.opened(),
        world.green_lit("012"),
        world.delegated("investigator-012", "site_investigator", "012"),
        world.decision("decision-1"),
    )
    screening_id = await world.ready()
    slot_id = await world.reserve(screening_id)

    answer = await world.register(screening_id, slot_id)

    assert (answer.status_code, answer.json()["producer"], answer.json()["reason"]) == (
        503,
        "safety",
        "never_heard",
    )


async def test_a_refusal_for_lack_of_news_is_counted_and_kept(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await silent_for(trial, "safety", 61)

    answer = await trial.register(screening_id, slot_id)

    counter = trial.running.service.metrics.refused_unknown_state_total
    assert counter.labels("safety")._value.get() == 1
    kept = await trial.investigator().get(f"/registrations/{answer.json()['registration_id']}/guards")
    assert kept.json()["code"] == "trial_state_unknown"
    assert [one["guard"] for one in kept.json()["results"]] == ["duty", "freshness"]


class HaltImposedV2(BaseModel):
    """A version that this service does not know."""

    event_type: ClassVar[str] = "sponsor.halt.imposed.v2"

    trial_id: str


async def test_a_halt_that_cannot_be_read_stops_its_own_trial_and_says_so(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    await trial.sponsor_says((HaltImposedV2(trial_id=trial.trial_id), "halt-9"))

    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["producer"], answer.json()["reason"]) == (
        503,
        "sponsor",
        "event_parked",
    )
    (parked,) = await trial.running.published("enrolment.event.parked.v1")
    assert parked["scope"] == trial.trial_id
    assert (parked["body"]["producer"], parked["body"]["event_type_parked"], parked["body"]["reason"]) == (
        "sponsor",
        "sponsor.halt.imposed.v2",
        "unknown_type",
    )


async def test_another_trial_is_not_stopped_by_it(trial: Any) -> None:
    other = type(trial)(
        trial.running,
        trial_id="01993f6e-0000-7000-8000-0000000000e2",
        code="EP02",
        sponsor=trial.sponsor,
        safety=trial.safety,
    )
    await other.set_up(sites=("012",), decide=False)
    await other.sponsor_says(other.decision("decision-of-another"))
    screening_id = await other.ready()
    slot_id = await other.reserve(screening_id)

    await trial.sponsor_says((HaltImposedV2(trial_id=trial.trial_id), "halt-9"))

    assert (await other.register(screening_id, slot_id)).status_code == 201


@pytest.mark.parametrize(
    "spoil",
    [
        {"cohort_rule": None},
        {"kind": "open_the_lot", "cohort_rule": None},
    ],
)
async def test_a_decision_that_makes_no_sense_is_parked_and_nobody_is_registered(
    trial: Any, spoil: dict[str, Any]
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    body, name = trial.decision("decision-2", level=2)
    spoilt = body.model_construct(**(body.model_dump() | spoil))

    await trial.sponsor_says((spoilt, name))

    answer = await trial.register(screening_id, slot_id)
    assert (answer.status_code, answer.json()["reason"]) == (503, "event_parked")
    assert (await trial.level(1))["state"] == "open"
