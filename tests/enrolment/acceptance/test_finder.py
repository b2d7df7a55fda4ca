"""The trial finder: live, searchable, in three formats, and with nothing about any one participant."""

import csv
import io
from typing import Any

import pytest

FINDER = {
    "treatment_type": "targeted therapy",
    "conditions": ["Neuroblastoma"],
    "markers": ["ALK"],
    "plain_title": "A new tablet for neuroblastoma",
    "plain_summary": "This trial looks for the right dose of <b>a tablet</b>.",
    "who_to_ask": "Your consultant or the research nurse",
}


@pytest.fixture
async def listed(world: Any) -> Any:
    """A trial with an entry in the finder and two places."""
    await world.set_up(places=2, finder=FINDER)
    return world


async def found(world: Any, **query: Any) -> list[dict[str, Any]]:
    referrer = world.running.person("referrer", "referrer:*:*")
    answer = await referrer.get("/trial-finder", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def escalation(world: Any) -> dict[str, Any]:
    [trial] = await found(world)
    part: dict[str, Any] = next(one for one in trial["parts"] if one["part"] == "escalation")
    return trial | part


async def test_the_finder_shows_what_is_free_at_this_moment(listed: Any) -> None:
    assert (await escalation(listed))["slots_open"] == 2

    first = await listed.ready()
    await listed.reserve(first)
    second = await listed.ready("034")
    await listed.reserve(second, "034")
    third = await listed.ready("056")
    await listed.request(third, "056")

    shown = await escalation(listed)
    assert (shown["slots_open"], shown["waiting"]) == (0, 1)
    assert shown["status"] == "open_no_place_free"


async def test_a_halt_is_in_the_finder_as_soon_as_it_is_heard(listed: Any) -> None:
    await listed.sponsor_says(listed.halt())

    [trial] = await found(listed)

    assert trial["status"] == "paused"
    assert trial["recruitment_paused_since"]
    assert trial["dosing_paused_since"]
    assert {site["status"] for site in trial["sites"]} == {"paused"}


async def test_a_closed_trial_stays_listed(listed: Any) -> None:
    await listed.sponsor_says(listed.closed())

    assert [trial["status"] for trial in await found(listed)] == ["closed_results_awaited"]


async def test_a_pending_window_names_a_date_and_nobody(listed: Any) -> None:
    registered = await listed.enrol()
    await listed.dose(registered["participant_id"])

    shown = await escalation(listed)
    [trial] = await found(listed)

    assert len(shown["expected_openings"]) == 1
    text = str(trial)
    assert registered["participant_id"] not in text
    assert registered["participant_number"] not in text
    assert registered["screening_number"] not in text


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ({"condition": "neuro"}, 1),
        ({"condition": "sarcoma"}, 0),
        ({"age": 17}, 1),
        ({"age": 18}, 0),
        ({"marker": "alk"}, 1),
        ({"marker": "BRAF"}, 0),
        ({"location": "hospital"}, 1),
        ({"location": "FR"}, 0),
        ({"status": "open"}, 1),
        ({"status": "paused"}, 0),
    ],
)
async def test_the_finder_is_searched(listed: Any, query: dict[str, Any], hits: int) -> None:
    assert len(await found(listed, **query)) == hits


async def test_a_trial_without_an_entry_is_not_listed(trial: Any) -> None:
    assert await found(trial) == []


async def test_where_the_sponsor_shows_no_counts_none_are_shown(world: Any) -> None:
    await world.set_up(finder=FINDER | {"slots_shown": False})

    shown = await escalation(world)

    assert (shown["slots_open"], shown["waiting"], shown["expected_openings"]) == (None, None, [])


async def test_a_site_says_whom_to_speak_to_and_no_event_repeats_it(listed: Any) -> None:
    before = await listed.types()
    body = {
        "trial": listed.code,
        "site_number": "012",
        "conditions": ["Ganglioneuroblastoma"],
        "principal_investigator": {"role": "consultant", "name": "A. Person", "email": "a@hospital.test"},
        "contacts": [{"role": "research nurse", "telephone": "+44 113 000 0000"}],
        "note": "=1+1",
    }
    await listed.ok(listed.nurse(), "/finder-entries", body)

    [trial] = await found(listed, condition="ganglio")
    site = next(one for one in trial["sites"] if one["site_number"] == "012")
    assert site["principal_investigator"]["name"] == "A. Person"
    assert site["contacts"][0]["role"] == "research nurse"
    assert await listed.types() == before


async def test_a_site_speaks_for_itself_alone(listed: Any) -> None:
    body = {"trial": listed.code, "site_number": "034"}

    foreign = await listed.nurse("012").post("/finder-entries", body)
    unknown = await listed.manager.post("/finder-entries", body | {"site_number": "999"})

    assert (foreign.status_code, unknown.status_code) == (404, 404)


async def test_the_csv_has_a_line_for_each_site_and_no_cell_that_a_spreadsheet_runs(listed: Any) -> None:
    await listed.ok(
        listed.nurse(), "/finder-entries", {"trial": listed.code, "site_number": "012", "note": "=1+1"}
    )

    answer = await listed.manager.get("/trial-finder.csv")

    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [line["trial_code"] for line in lines] == [listed.code] * 3
    assert lines[0]["site_note"] == "'=1+1"
    assert lines[0]["slots_open"] == "2"


async def test_the_page_is_complete_and_escapes_what_others_wrote(listed: Any) -> None:
    answer = await listed.manager.get("/trial-finder.html")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert "A new tablet for neuroblastoma" in answer.text
    assert "&lt;b&gt;a tablet&lt;/b&gt;" in answer.text
    assert "<script" not in answer.text


async def test_the_finder_is_for_people_who_are_logged_in(listed: Any) -> None:
    answer = await listed.running.client.get("/enrolment/api/v1/trial-finder")

    assert answer.status_code == 401
