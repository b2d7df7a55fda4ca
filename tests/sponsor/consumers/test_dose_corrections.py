"""First doses that enrolment corrected or voided after a decision was signed on them."""

from datetime import timedelta

from shared.database import Sql
from tests.sponsor.network import AT
from tests.sponsor.office import Json, Office, shown

PART = "escalation"


async def decided(office: Office) -> tuple[Json, list[str]]:
    """A decision in force on three children of level 1 without toxicity."""
    first = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=first)
    await office.judge(people, "no_dlt", PART, 1)
    return await office.decide(PART, "open_level", 2, 6), people


async def view(office: Office, decision: Json) -> Json:
    return shown(await office.chair.get(f"/decisions/{decision['decision_id']}"))


async def superseded(office: Office) -> list[str]:
    events = await office.running.published("sponsor.dose-decision.superseded.v1")
    return [event["aggregate_id"] for event in events]


async def test_a_corrected_first_dose_is_named_beside_the_decision_that_rests_on_it(office: Office) -> None:
    decision, people = await decided(office)
    assert (await view(office, decision))["first_doses_changed"] == []

    await office.network.hear(office.network.first_dose_corrected(people[0], PART, AT + timedelta(days=2)))

    seen = await view(office, decision)
    assert (seen["state"], seen["first_doses_changed"]) == ("in_force", people[:1])
    assert await superseded(office) == []


async def test_a_window_that_opens_again_supersedes_the_decision_that_rests_on_its_answer(
    office: Office,
) -> None:
    decision, people = await decided(office)
    heard = office.network

    await heard.hear(heard.first_dose_corrected(people[0], PART, AT + timedelta(days=8)))
    await heard.hear(heard.verdict(people[0], "pending", PART, 1))

    assert (await view(office, decision))["state"] == "superseded"
    assert decision["decision_id"] in await superseded(office)


async def test_a_voided_first_dose_supersedes_the_decision_without_another_verdict(office: Office) -> None:
    """An answer about somebody who was not dosed is not believed, so the count is another one."""
    decision, people = await decided(office)

    await office.network.hear(office.network.first_dose_voided(people[0], PART))

    seen = await view(office, decision)
    assert (seen["state"], seen["first_doses_changed"]) == ("superseded", people[:1])
    level = (await office.part(PART))["levels"][0]
    assert (level["enrolled"], level["evaluable"], level["pending"]) == (3, 2, 1)


async def test_a_dose_voided_before_its_registration_leaves_nobody_counted(office: Office) -> None:
    heard = office.network
    people = await office.enrol(PART, 1, 1)

    await heard.hear(heard.first_dose_voided(people[0], PART), heard.voided(people[0]))

    level = (await office.part(PART))["levels"][0]
    assert (level["enrolled"], level["pending"]) == (0, 0)


async def test_a_window_that_is_open_again_has_no_end_in_the_copy(office: Office) -> None:
    heard = office.network
    people = await office.enrol(PART, 1, 1)
    await heard.hear(heard.verdict(people[0], "no_dlt", PART, 1), heard.window_closed(people[0]))

    await heard.hear(heard.window_reopened(people[0]))

    rows = await office.running.service.database.read(
        lambda tx: tx.fetch(Sql("SELECT closed_at, verdict FROM verdict_copy"))
    )
    assert [tuple(row) for row in rows] == [(None, "no_dlt")]
