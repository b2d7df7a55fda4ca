"""Re-screening: a failed screening keeps its number, and the next one of the same person is linked to it."""

from typing import Any


async def published(trial: Any, event: str) -> list[dict[str, Any]]:
    return [one for one in await trial.running.published() if one["type"] == f"enrolment.{event}"]


async def failed(trial: Any, site: str = "012") -> dict[str, Any]:
    screening: dict[str, Any] = await trial.screen(site)
    path = f"/screenings/{screening['screening_id']}/failures"
    await trial.ok(trial.investigator(site), path, {"reason_code": "organ_function"})
    return screening


async def again(trial: Any, previous: str, site: str = "012", month: int = 0) -> Any:
    shown = (await trial.rows(f"SELECT born_year, born_month FROM screening WHERE id = '{previous}'"))[0]
    born = {"year": shown[0], "month": month or shown[1]}
    body = {"trial": "EP01", "part": "escalation", "site_number": site, "born": born}
    return await trial.investigator(site).post("/screenings", body | {"previous_screening_id": previous})


async def test_a_failed_screening_keeps_its_number_and_the_next_one_is_linked(trial: Any) -> None:
    before = await failed(trial)

    after = (await again(trial, before["screening_id"])).json()

    assert after["screening_number"] != before["screening_number"]
    me = trial.investigator()
    first = (await me.get(f"/screenings/{before['screening_id']}")).json()
    second = (await me.get(f"/screenings/{after['screening_id']}")).json()
    assert (first["state"], first["screening_number"]) == ("failed", before["screening_number"])
    assert (first["previous_screening_id"], first["next_screening_id"]) == (None, after["screening_id"])
    assert (second["previous_screening_id"], second["next_screening_id"]) == (before["screening_id"], None)
    *_, event = await published(trial, "screening.started.v1")
    assert event["body"]["previous_screening_id"] == before["screening_id"]


async def test_a_screening_follows_only_one_that_ended_at_the_site_of_the_same_person(trial: Any) -> None:
    running = (await trial.screen())["screening_id"]
    ended = (await failed(trial))["screening_id"]
    theirs = (await failed(trial, "034"))["screening_id"]
    month = (await trial.rows(f"SELECT born_month FROM screening WHERE id = '{ended}'"))[0][0]

    assert (await again(trial, running)).json()["code"] == "previous_screening_not_ended"
    other_child = await again(trial, ended, month=month % 12 + 1)
    assert (other_child.status_code, other_child.json()["code"]) == (422, "previous_screening_mismatch")
    assert (await again(trial, theirs)).status_code == 404
    assert (await again(trial, ended)).status_code == 201
    assert (await again(trial, ended)).json()["code"] == "previous_screening_not_ended"


async def test_a_re_screening_is_of_the_same_person_by_hash_too(trial: Any) -> None:
    first = (await trial.screen())["screening_id"]
    await trial.identify(first, "child-1")
    await trial.ok(trial.investigator(), f"/screenings/{first}/failures", {"reason_code": "organ_function"})
    second = (await again(trial, first)).json()["screening_id"]

    assert (await trial.identify(second, "child-2")).json()["code"] == "previous_screening_mismatch"
    assert (await trial.identify(second, "child-1")).status_code == 201
