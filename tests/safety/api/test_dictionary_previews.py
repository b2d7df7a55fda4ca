"""Before a version that pins the next CTCAE is adopted, everybody can see what it would change, and nothing changes."""

from datetime import timedelta
from typing import Any

import pytest


@pytest.fixture
def six(protocol_with: Any) -> Any:
    """The next protocol version, which pins CTCAE 6.0."""
    document = protocol_with(ctcae="6.0+2026-01-20", protocol_version="2.0")
    head = document["dlt"]["dlt_definition"]
    head |= {"version": 4, "protocol_version": "2.0", "ctcae": "6.0+2026-01-20"}
    return document


async def previewed(world: Any, **query: Any) -> dict[str, Any]:
    asked = {"trial": "EP01", "protocol_version": "2.0"} | query
    answer = await world.officer.get("/dictionary-previews", **asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def neutropenia(world: Any, **stated: Any) -> Any:
    return await world.reported(
        term="Neutrophil count decreased", grade=4, causality="possible", ctcae="5.0", **stated
    )


async def test_a_dlt_that_rests_on_a_value_would_flip(world: Any, six: Any) -> None:
    await world.treat()
    receipt = await neutropenia(world, laboratory=[{"value": "0.3", "unit": "10^9/L"}])
    await world.move(await world.now() + timedelta(days=6))
    await world.running.run_timers()
    await world.tell(world.sponsor, world.approved(six))

    found = await previewed(world)

    assert (found["protocol_version"], found["dictionary"]) == ("2.0", "6.0+2026-01-20")
    [window] = found["items"]
    assert window["flips"] is True
    assert (window["now"]["verdict"], window["then"]["verdict"]) == ("dlt", "pending")
    [event] = window["events"]
    assert event == {
        "report_id": receipt["report_id"],
        "term": "Neutrophil count decreased",
        "grade": 4,
        "to_term": "Neutrophil count decreased",
        "to_soc": "Investigations",
        "to_grade": 3,
        "other_specify": "",
        "change": "clarification",
        "by_value": True,
    }


async def test_looking_ahead_changes_no_grade_and_no_verdict(world: Any, six: Any) -> None:
    await world.treat()
    receipt = await neutropenia(world)
    await world.tell(world.sponsor, world.approved(six))
    before = (
        await world.verdict(),
        (await world.officer.get(f"/adverse-events/{receipt['report_id']}")).json(),
    )

    await previewed(world)

    after = await world.verdict(), (await world.officer.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert after == before
    assert after[1]["versions"][0]["content"]["term"] == "Neutrophil count decreased"


async def test_whoever_keeps_term_grade_and_verdict_is_left_out(world: Any, six: Any) -> None:
    await world.treat()
    await world.reported(term="Fatigue", grade=2)
    await world.tell(world.sponsor, world.approved(six))

    assert (await previewed(world))["items"] == []


async def test_a_version_with_the_same_dictionary_changes_nothing(world: Any) -> None:
    await world.treat()
    await neutropenia(world)

    assert (await previewed(world, protocol_version="1.0"))["items"] == []


async def test_a_page_says_where_the_next_begins(world: Any, six: Any) -> None:
    participant_id = "01993f6e-0000-7000-8000-000000000001"
    await world.treat(participant_id)
    await neutropenia(world)
    await world.tell(world.sponsor, world.approved(six))

    first = await previewed(world, limit=1)
    second = await previewed(world, limit=1, cursor=first["next_cursor"])

    assert first["next_cursor"] == participant_id
    assert (second["items"], second["next_cursor"]) == ([], None)


async def test_an_unknown_version_or_trial_is_not_found(world: Any) -> None:
    unknown = await world.officer.get("/dictionary-previews", trial="EP01", protocol_version="9.9")

    assert unknown.status_code == 404
