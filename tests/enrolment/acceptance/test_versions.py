"""Which protocol version binds a registration: green lights per version, and the end of the version before."""

from datetime import timedelta
from typing import Any

from shared.clock import format_instant
from tests.enrolment.protocol import part_file

DAY = timedelta(days=1)


async def set_up(trial: Any, *, sunset: Any = None) -> None:
    """A sample study on version 1.0 at two sites; version 2.0 adds a part, and only site 012 is lit for it."""
    samples, blood = part_file("samples", "cohort"), part_file("blood", "cohort")
    await trial.set_up(kind="sample_study", sites=("012", "034"), parts=[samples])
    await trial.sponsor_says(
        trial.approved("2.0", effective_at=trial.started, sunset=sunset, parts=[samples, blood]),
        trial.green_lit("012", "2.0"),
    )


async def test_a_part_that_only_the_new_version_has_needs_the_green_light_for_it(world: Any) -> None:
    trial = world
    await set_up(trial)
    body = {"trial": trial.code, "part": "blood", "born": {"year": 2015, "month": 1}}

    without = await trial.investigator("034").post("/screenings", body | {"site_number": "034"})
    child = await trial.ready("012", part="blood", version="2.0")
    registered = await trial.register(child)

    assert (without.status_code, without.json()["code"]) == (409, "site_not_activated")
    assert (registered.status_code, registered.json()["protocol_version"]) == (201, "2.0")


async def test_a_part_of_a_version_that_is_lit_no_more_registers_nobody(world: Any, codes_of: Any) -> None:
    trial = world
    await set_up(trial)
    child = await trial.ready("012", part="blood", version="2.0")
    await trial.sponsor_says(trial.site_revoked("012"))
    await trial.sponsor_says(trial.green_lit("012", "1.0"))

    answer = await trial.register(child)

    assert codes_of(answer)[0] == "site_not_activated"


async def test_a_site_not_yet_lit_for_the_new_version_goes_on_with_the_old_one_until_its_sunset(
    world: Any, codes_of: Any
) -> None:
    trial = world
    sunset = await trial.now() + 3 * DAY
    await set_up(trial, sunset=sunset)
    early, late = await trial.ready("034"), await trial.ready("034")

    before = await trial.register(early, site="034")
    await trial.running.operator.post("/demonstration-clock", {"move_to": format_instant(sunset)})
    await trial.freshen()
    after = await trial.register(late, site="034")

    assert (before.status_code, before.json()["protocol_version"]) == (201, "1.0")
    assert (after.status_code, codes_of(after)) == (409, ["version_sunset"])


async def test_a_site_lit_for_the_new_version_uses_it_alone(world: Any, codes_of: Any) -> None:
    trial = world
    await set_up(trial)
    on_the_old_form: str = (await trial.screen("012"))["screening_id"]

    refused = await trial.consent(on_the_old_form, expect=422)
    child = await trial.ready("012", version="2.0")
    registered = await trial.register(child)

    assert refused.json()["code"] == "document_unknown"
    assert (registered.status_code, registered.json()["protocol_version"]) == (201, "2.0")
