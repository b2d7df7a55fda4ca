import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.envelope import read_envelope
from shared.watermarks import event_digest


async def test_a_registration_opens_a_pending_window(world: Any) -> None:
    await world.tell(world.enrolment, world.registered(), world.allocated(level=1))

    verdict = await world.verdict()
    assert (verdict["verdict"], verdict["reasons"], verdict["version"]) == ("pending", ["no_first_dose"], 1)
    event = (await world.running.published("safety.dlt-verdict.recorded.v1"))[0]
    assert (event["body"]["cause"], event["body"]["level_allocated"]) == ("registration", 1)
    assert event["scope"] == world.trial_id


async def test_facts_of_a_participant_may_come_before_the_registration(world: Any) -> None:
    """Not from one aggregate, whose order the inbox keeps, but a producer may say them in any order."""
    at = await world.now() - timedelta(hours=1)

    await world.tell(world.enrolment, world.first_dose(at=at), world.doses([at]), world.allocated(level=2))
    early = await world.rows("SELECT * FROM dlt_window")
    await world.tell(world.enrolment, world.registered())

    assert early == []
    verdict = await world.verdict()
    assert (verdict["reasons"], verdict["level_allocated"], verdict["level_received"]) == (
        ["window_open"],
        2,
        1,
    )


async def test_the_protocol_may_come_after_everything_else(quiet_world: Any) -> None:
    world = quiet_world
    await world.treat()
    await world.reported(grade=3, causality="probable", by=world.investigator)
    without = await world.verdict()

    await world.open_trial()

    assert (without["verdict"], without["provisional"], without["reasons"]) == (
        "pending",
        "dlt",
        ["definition_not_known"],
    )
    known = await world.verdict()
    assert (known["verdict"], known["cause"], known["definition"]) == ("dlt", "protocol", "ep01 3")


async def test_the_end_is_the_same_in_whatever_order_the_facts_come(world: Any) -> None:
    at = await world.now() - timedelta(days=5)
    made = {
        "dose": lambda p: world.doses([at], [(at + timedelta(days=1), "toxicity")], participant_id=p),
        "first": lambda p: world.first_dose(p, at=at),
        "end": lambda p: world.ended("progression", at=at + timedelta(days=3), participant_id=p),
        "registered": lambda p: world.registered(p, f"EP01-012-{p}"),
    }
    results = set()

    for n, order in enumerate(itertools.permutations(made)):
        participant = f"order-{n}"
        for name in order:
            await world.tell(world.enrolment, made[name](participant))
        verdict = await world.verdict(participant)
        results.add((verdict["verdict"], tuple(verdict["criteria"]), tuple(verdict["reasons"])))

    assert results == {("not_evaluable", (), ("left_before_window_end_without_dlt",))}


async def test_a_repeated_delivery_changes_nothing(world: Any) -> None:
    await world.treat()
    await world.reported(grade=3, causality="probable")
    before = await world.running.published()

    for producer in (world.sponsor, world.enrolment):
        said = [record for record in world.history if record.topic == producer.topic]
        await producer.deliver(world.inbox(producer.service), *said)

    assert await world.running.published() == before


async def test_a_dose_nobody_authorised_is_recorded_and_wakes_somebody(world: Any) -> None:
    at = await world.treat()

    await world.tell(world.enrolment, world.doses([at + timedelta(minutes=5)], authorised=False))

    assert await world.alert_kinds() == ["dose_without_authorisation"]
    assert await world.rows("SELECT count(*) FROM dose_copy") == [(2,)]


async def test_a_dose_before_the_registration_is_no_exposure_and_moves_no_window(world: Any) -> None:
    await world.treat()
    before = await world.rows("SELECT closes_at, closed_at FROM dlt_window")

    mistyped = await world.now() - timedelta(days=365)
    await world.tell(world.enrolment, world.doses([mistyped], authorised=False))

    assert await world.alert_kinds() == ["dose_without_authorisation"]
    assert await world.rows("SELECT closes_at, closed_at FROM dlt_window") == before
    await world.reported(grade=3, causality="probable")
    assert "dlt" in " ".join(await world.alert_kinds())


async def test_doses_of_many_participants_are_copied_together(world: Any) -> None:
    at = await world.now() - timedelta(hours=1)
    records = []
    for n in range(20):
        records += [world.registered(f"p-{n}", f"EP01-012-1{n:03}"), world.first_dose(f"p-{n}", at=at)]
    await world.tell(world.enrolment, *records)

    await world.tell(world.enrolment, *(world.doses([at], participant_id=f"p-{n}") for n in range(20)))

    assert await world.rows("SELECT count(*) FROM dose_copy WHERE given") == [(20,)]


async def test_a_corrected_dose_replaces_the_earlier_record_of_its_time(world: Any) -> None:
    at = await world.treat()
    later = at + timedelta(minutes=30)

    await world.tell(world.enrolment, world.doses([], [(later, None)]))
    await world.tell(world.enrolment, world.doses([later]))
    await world.tell(world.enrolment, world.doses([], [(later, "logistics"), (later, "toxicity")]))

    rows = await world.rows("SELECT given, missed_because FROM dose_copy ORDER BY at")
    assert [(bool(given), why) for given, why in rows] == [(True, None), (False, "toxicity")]


ENDS = [
    ("progression", "not_evaluable", "none"),
    ("participant_choice", "not_evaluable", "none"),
    ("completed", "pending", "none"),
    ("toxicity", "pending", "dlt"),
    ("death", "pending", "dlt"),
    ("a_new_reason", "not_evaluable", "none"),
]


async def test_what_an_end_of_treatment_means(world: Any) -> None:
    for reason, verdict, provisional in ENDS:
        at = await world.treat(f"p-{reason}", f"EP01-012-{reason}")
        record = world.ended("other", at=at, participant_id=f"p-{reason}")
        value = (record.value or b"").replace(b'"other"', f'"{reason}"'.encode())

        await world.tell(world.enrolment, _with_value(world, record, value))

        now = await world.verdict(f"p-{reason}")
        assert (now["verdict"], now["provisional"]) == (verdict, provisional), reason


def _with_value(world: Any, record: Any, value: bytes) -> Any:
    """The record with another value; the producer's digest follows."""
    envelope = read_envelope(record.headers)
    n, h = world.enrolment._state[record.partition]
    h ^= event_digest(envelope.id, record.value) ^ event_digest(envelope.id, value)
    world.enrolment._state[record.partition] = (n, h)
    return replace(record, value=value)


async def test_a_toxicity_that_ended_treatment_is_explained_by_its_event(world: Any) -> None:
    at = await world.treat()
    await world.tell(world.enrolment, world.ended("toxicity", at=at))
    unexplained = await world.verdict()

    await world.reported(grade=2, causality="probable")

    assert unexplained["reasons"] == [
        "event_missing",
        "left_before_window_end_without_dlt",
    ]
    assert await world.alert_kinds() == ["dlt"]
    explained = await world.verdict()
    assert (explained["verdict"], explained["provisional"]) == ("not_evaluable", "none")


async def test_stopping_treatment_or_visits_ends_the_window_and_going_on_reopens_it(world: Any) -> None:
    at = await world.treat()

    await world.tell(world.enrolment, world.participation({"treatment": "stopped"}, at=at))
    stopped = await world.verdict()
    await world.tell(world.enrolment, world.participation({"treatment": "continues"}, at=at))

    assert (stopped["verdict"], stopped["cause"]) == ("not_evaluable", "participation")
    assert (await world.verdict())["verdict"] == "pending"


async def test_a_later_change_does_not_move_the_day_on_which_treatment_stopped(world: Any) -> None:
    at = await world.treat()
    await world.tell(world.enrolment, world.participation({"treatment": "stopped"}, at=at))
    await world.move(at + timedelta(days=40))

    await world.tell(
        world.enrolment,
        world.participation({"treatment": "stopped", "contact": "stopped"}, at=at + timedelta(days=39)),
    )

    assert (await world.verdict())["verdict"] == "not_evaluable"


async def test_stopping_contact_alone_leaves_the_window_open(world: Any) -> None:
    at = await world.treat()

    await world.tell(world.enrolment, world.participation({"contact": "stopped"}, at=at))

    assert (await world.verdict())["verdict"] == "pending"
