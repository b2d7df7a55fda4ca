"""What the sponsor concludes from what enrolment and safety say, event by event."""

from dataclasses import replace

from shared.database import Sql
from shared.envelope import Record
from shared.testing.running import Running
from tests.sponsor.office import Json, Office, recruiting_office, shown

PART = "escalation"


async def counts(office: Office, level: int = 1) -> tuple[int, ...]:
    """(enrolled, evaluable, DLTs, pending, not evaluable)."""
    found = (await office.part(PART))["levels"][level - 1]
    return tuple(found[name] for name in ("enrolled", "evaluable", "dlt", "pending", "not_evaluable"))


async def raised(office: Office) -> int:
    return len(await office.running.published("sponsor.recommendation.raised.v1"))


async def test_a_registered_child_who_is_not_dosed_is_pending(office: Office) -> None:
    heard = office.network
    await heard.hear(heard.registered("p1", PART, 1))

    assert await counts(office) == (1, 0, 0, 1, 0)


async def test_a_child_voided_before_the_first_dose_counts_nowhere(office: Office) -> None:
    heard = office.network
    await heard.hear(heard.registered("p1", PART, 1), heard.registered("p2", PART, 1))
    await heard.hear(heard.voided("p1"))

    assert await counts(office) == (1, 0, 0, 1, 0)


async def test_a_dose_given_outweighs_a_voided_registration(office: Office) -> None:
    heard = office.network
    await heard.hear(heard.registered("p1", PART, 1), heard.voided("p1"), heard.dosed("p1", PART, 1))

    assert await counts(office) == (1, 0, 0, 1, 0)


async def test_a_child_who_is_not_evaluable_leaves_the_count_but_stays_enrolled(office: Office) -> None:
    people = await office.enrol(PART, 1, 3)
    await office.judge(people[:1], "not_evaluable", PART, 1)
    await office.judge(people[1:], "no_dlt", PART, 1)

    assert await counts(office) == (3, 2, 0, 0, 1)
    said = (await office.part(PART))["recommendation"]
    assert (said["kind"], said["cell"]["n"]) == ("stay", 2)


async def test_an_answer_about_somebody_not_dosed_is_not_believed(office: Office) -> None:
    heard = office.network
    await heard.hear(heard.registered("p1", PART, 1), heard.verdict("p1", "no_dlt", PART, 1))
    assert await counts(office) == (1, 0, 0, 1, 0)

    await heard.hear(heard.dosed("p1", PART, 1))
    assert await counts(office) == (1, 1, 0, 0, 0)


async def test_a_verdict_that_is_not_known_here_counts_as_pending(office: Office) -> None:
    people = await office.enrol(PART, 1, 1)
    record = office.network.verdict(people[0], "no_dlt", PART, 1)
    value = (record.value or b"").replace(b'"no_dlt"', b'"excused"')
    await office.running.service.inboxes["safety"].receive([_with_value(record, value)])

    assert await counts(office) == (1, 0, 0, 1, 0)


async def test_a_provisional_dlt_is_read_both_ways_and_the_more_cautious_holds(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3)
    await office.judge(people[:1], "dlt", PART, 1)
    await office.judge(people[1:2], "pending", PART, 1, provisional="dlt")
    await office.judge(people[2:], "no_dlt", PART, 1)

    part = await office.part(PART)

    assert part["recommendation"]["kind"] == "stop_no_mtd"
    assert "provisional_dlt" in part["recommendation"]["reasons"]
    assert (part["levels"][0]["provisional_dlt"], part["levels"][0]["held"]) == (1, "eliminated")


async def test_levels_are_shown_as_enrolment_says_they_are(office: Office) -> None:
    heard = office.network
    assert [level["state"] for level in (await office.part(PART))["levels"]] == ["not_opened", "not_opened"]

    await heard.hear(heard.level_opened(PART, 1, "d1"))
    assert (await office.part(PART))["levels"][0]["state"] == "open"
    await heard.hear(heard.level_closed(PART, 1))
    assert (await office.part(PART))["levels"][0]["state"] == "closed"


async def test_the_same_state_raises_nothing_twice(office: Office) -> None:
    people = await office.enrol(PART, 1, 2)
    await office.judge(people, "no_dlt", PART, 1)
    said = await raised(office)

    await office.judge(people, "no_dlt", PART, 1)
    await office.network.hear(office.network.ended(people[0]), office.network.allocated(people[0], PART, 1))

    assert await raised(office) == said


async def test_a_recommendation_event_says_what_was_read_and_what_for(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3)
    await office.judge(people, "no_dlt", PART, 1)

    event = (await office.running.published("sponsor.recommendation.raised.v1"))[-1]["body"]

    assert (event["kind"], event["level"], event["next_level"]) == ("escalate", 1, 2)
    assert event["counts"] == [[1, 3, 0, 0], [2, 0, 0, 0]]
    assert event["design"] == "rolling_six@2008.1"
    assert len(event["table_sha256"]) == 64


async def test_a_reaction_is_caused_by_the_event_that_it_follows(office: Office) -> None:
    heard = office.network
    await heard.hear(heard.registered("p1", PART, 1))

    rows = await office.running.service.database.read(lambda tx: tx.fetch(_CAUSES))

    assert [row[0] for row in rows if row[1] == "sponsor.recommendation.raised.v1"][-1] is not None
    assert rows[-1][2] == "service:sponsor"


# -- holds ----------------------------------------------------------------------------------------------


async def holds(office: Office) -> list[tuple[str, int, str]]:
    return [
        (event["type"].split(".")[2], event["body"]["level"], event["body"].get("reason", ""))
        for event in await office.running.published()
        if event["type"].startswith("sponsor.cohort.")
    ]


async def test_a_level_waiting_for_answers_is_held_and_released_by_them(office: Office) -> None:
    decision = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 6, decision=decision)
    assert await holds(office) == [("held", 1, "suspend")]

    await office.judge(people, "no_dlt", PART, 1)

    assert await holds(office) == [("held", 1, "suspend"), ("released", 1, "")]


async def test_a_level_found_intolerable_is_held_until_a_decision_that_knows_it(office: Office) -> None:
    await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3)
    await office.judge(people, "no_dlt", PART, 1)
    await office.decide(PART, "open_level", 2, 6)
    people = await office.enrol(PART, 2, 2)
    await office.judge(people, "dlt", PART, 2)
    assert await holds(office) == [("held", 2, "eliminated")]

    await office.decide(PART, "open_level", 1, 3)

    assert await holds(office) == [("held", 2, "eliminated")]
    assert [level["held"] for level in (await office.part(PART))["levels"]] == [None, "eliminated"]


async def test_nothing_is_held_before_a_decision_has_opened_anything(office: Office) -> None:
    people = await office.enrol(PART, 1, 2)
    await office.judge(people, "dlt", PART, 1)

    assert await holds(office) == []


async def test_a_dlt_of_somebody_not_registered_holds_the_level_until_the_registration_comes(
    office: Office,
) -> None:
    await office.decide(PART, "open_level", 1, 6)
    heard = office.network
    await heard.hear(heard.verdict("stranger", "dlt", PART, 1))
    assert await holds(office) == [("held", 1, "unmatched_dlt")]
    said = (await office.part(PART))["recommendation"]
    assert (said["cell"]["n"], said["cell"]["dlt"]) == (1, 1)

    await heard.hear(heard.registered("stranger", PART, 1), heard.dosed("stranger", PART, 1))

    assert await holds(office) == [("held", 1, "unmatched_dlt"), ("released", 1, "")]


# -- late data ------------------------------------------------------------------------------------------


async def test_a_dlt_in_the_expansion_counts_the_escalations_children_too(
    running: Running, replayed_protocol: Json
) -> None:
    office = await recruiting_office(running, replayed_protocol)
    heard = office.network
    for number in range(3):
        person = f"p{number}"
        await heard.hear(heard.registered(person, "stratum-1", 2), heard.dosed(person, "stratum-1", 2))
    await heard.hear(*(heard.verdict(f"p{number}", "dlt", "stratum-1", 2) for number in range(3)))

    said = (await office.part("stratum-1-expansion"))["recommendation"]

    assert (said["kind"], said["cell"]["dlt"], said["reasons"]) == ("eliminate", 3, ["boundary_crossed"])


async def test_a_second_trial_is_left_alone(running: Running, protocol: Json) -> None:
    one = await recruiting_office(running, protocol)
    other = await recruiting_office(running, protocol | {"trial": protocol["trial"] | {"code": "EP02"}})
    before = shown(await other.manager.get("/recommendations", trial=other.trial_id))

    await one.enrol(PART, 1, 2)

    assert shown(await other.manager.get("/recommendations", trial=other.trial_id)) == before


async def test_events_of_a_trial_that_is_not_known_here_are_kept_and_change_nothing(office: Office) -> None:
    heard = office.network
    unknown = type(heard)(office.running, "0190-unknown", heard.enrolment, heard.safety)

    await unknown.hear(unknown.registered("p1", PART, 1), unknown.verdict("p1", "dlt", PART, 1))

    assert await counts(office) == (0, 0, 0, 0, 0)
    parked = await office.running.operator.get("/delivery/parked")
    assert parked.json()["items"] == []


def _with_value(record: Record, value: bytes) -> Record:
    return replace(record, value=value)


_CAUSES = Sql(
    "SELECT o.causation_id, o.type, a.actor FROM outbox o JOIN audit a ON a.event_id = o.event_id ORDER BY o.seq"
)
