"""Trials with stopping rules: protocols, participants with and without events, and what is watched."""

from datetime import datetime, timedelta
from typing import Any

from services.sponsor.events.published import HaltImposedV1, HaltLiftedV1, HaltScopeV1
from tests.safety.protocol import protocol

REFERENCE = {
    "kind": "beta-binomial",
    "participants": 30,
    "p0": "0.2",
    "alpha": "0.1",
    "prior": ["0.6", "2.4"],
}
DLT_RATE: dict[str, Any] = {
    "id": "dlt-rate",
    "version": 1,
    "scope": {"part": "escalation"},
    "event": {"kind": "dlt"},
    "boundary": REFERENCE,
    "action": "Stop recruitment until the committee has met.",
}


def number_of(place: int) -> str:
    """A participant number for each place; safety takes it as it is said."""
    return f"EP01-012-{place:03d}0"


async def treat_many(world: Any, count: int, *, first: int = 1) -> datetime:
    """Register participants in turn, a minute apart, and give each the first dose; the first dose's time."""
    at: datetime = await world.now() - timedelta(hours=1)
    for place in range(first, first + count):
        participant_id = f"participant-{place}"
        when = at + timedelta(minutes=place)
        await world.tell(
            world.enrolment,
            world.registered(participant_id, number_of(place)),
            world.first_dose(participant_id, at=when),
            world.doses([when + timedelta(hours=k) for k in range(4)], participant_id=participant_id),
        )
    return at


async def toxic(world: Any, place: int, **stated: Any) -> dict[str, Any]:
    """A confirmed DLT of a participant, today."""
    receipt: dict[str, Any] = await world.reported(
        participant_number=number_of(place),
        term="Rash maculo-papular",
        grade=3,
        causality="probable",
        **stated,
    )
    return receipt


async def crossings(world: Any) -> list[dict[str, Any]]:
    answer = await world.officer.get("/stopping-rule-crossings", trial="EP01")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def watched(world: Any) -> list[dict[str, Any]]:
    answer = await world.officer.get("/stopping-rules", trial="EP01")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def close_windows(world: Any, since: datetime) -> None:
    """Move on to the day after every window that began by an hour after `since`, and look at them."""
    await world.move(since + timedelta(days=30))
    await world.running.run_timers()


def imposed(world: Any, crossing_id: str, at: datetime) -> Any:
    """The sponsor's halt that stands for a crossing."""
    scope = HaltScopeV1(part="escalation", level=None, site_number=None, recruitment=True, dosing=False)
    body = HaltImposedV1(
        trial_id=world.trial_id,
        halt_id=crossing_id,
        scope=scope,
        reason_code="stopping_rule_crossed",
        imposed_at=at,
    )
    return world.sponsor.event(body, aggregate_id=crossing_id, scope=world.trial_id)


def lifted(world: Any, crossing_id: str, at: datetime) -> Any:
    """Two people have lifted the halt that stands for a crossing."""
    body = HaltLiftedV1(trial_id=world.trial_id, halt_id=crossing_id, lifted_at=at)
    return world.sponsor.event(body, aggregate_id=crossing_id, scope=world.trial_id)


JUDGED = "participant-9"


def judged_protocol() -> dict[str, Any]:
    """Version 2.0: a DLT by judgement, and a rule that the first event crosses."""
    document = protocol(protocol_version="2.0")
    document["dlt"]["dlt_definition"]["protocol_version"] = "2.0"
    document["dlt"]["criteria"].append({"id": "by-judgement", "kind": "judgement"})
    document["stopping_rules"] = [DLT_RATE | {"boundary": {"kind": "table", "stops_at": [1, 1]}}]
    return document


async def sign(world: Any, participant_id: str = JUDGED, **stated: Any) -> Any:
    """An investigator's judgement, today."""
    body = {"criterion": "by-judgement", "occurred_on": (await world.today()).isoformat(), "reason": "x"}
    return await world.investigator.post(f"/participants/{participant_id}/dlt-judgements", body | stated)


async def judged_and_crossed(world: Any) -> dict[str, str]:
    """A judgement that waits, and a crossing by another one that was confirmed."""
    await world.tell(world.sponsor, world.approved(judged_protocol()))
    at: datetime = await world.now() - timedelta(hours=1)
    registered = world.registered(JUDGED, number_of(99), version="2.0")
    await world.tell(world.enrolment, registered, world.first_dose(JUDGED, at=at))
    signed = [(await sign(world)).json()["judgement_id"] for _ in range(2)]
    chair = world.running.person("chair", "src_chair:EP01:*")
    await chair.post(f"/dlt-judgements/{signed[0]}/decisions", {"confirmed": True, "reason": "seen"})
    [crossing] = await crossings(world)
    return {"judgement": signed[1], "crossing": crossing["crossing_id"], "judged": JUDGED}
