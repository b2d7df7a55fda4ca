"""Transfers: the receiving investigator accepts, visibility follows, consent is taken anew (part of A16)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant


async def published(trial: Any, event: str) -> list[dict[str, Any]]:
    return [one for one in await trial.running.published() if one["type"] == f"enrolment.{event}"]


async def test_a_transfer_waits_for_the_receiving_investigator(trial: Any) -> None:
    participant_id = (await trial.enrol("012"))["participant_id"]
    body = {"to_site_number": "034", "reason_code": "family_moved"}
    proposed = (await trial.ok(trial.manager, f"/participants/{participant_id}/transfers", body)).json()
    path = f"/transfers/{proposed['transfer_id']}/acceptances"

    for person, status in (
        (trial.investigator("012"), 404),
        (trial.investigator("056"), 404),
        (trial.nurse("034"), 403),
        (trial.manager, 403),
        (trial.running.person("visitor", "site_investigator:EP01:034"), 403),
    ):
        assert (await person.post(path)).status_code == status
    second = await trial.manager.post(f"/participants/{participant_id}/transfers", body)
    assert second.json()["code"] == "transfer_proposed_already"
    assert (await trial.manager.get(f"/participants/{participant_id}")).json()["participant"][
        "site_number"
    ] == "012"
    assert (await trial.investigator("034").get(f"/participants/{participant_id}")).status_code == 404
    await trial.ok(trial.investigator("034"), path)
    assert (await trial.investigator("034").post(path)).json()["code"] == "transfer_not_open"


async def test_visibility_follows_a_transfer(trial: Any) -> None:
    registered = await trial.enrol("012")
    participant_id = registered["participant_id"]
    before = (await trial.manager.get(f"/participants/{participant_id}")).json()["participant"]

    await trial.transfer(participant_id, "034")

    paths = (
        f"/participants/{participant_id}",
        f"/screenings/{before['screening_id']}",
        f"/registrations/{registered['registration_id']}/guards",
    )
    assert [(await trial.investigator("034").get(path)).status_code for path in paths] == [200] * 3
    assert [(await trial.investigator("012").get(path)).status_code for path in paths] == [404] * 3
    (event,) = await published(trial, "participant.transferred.v1")
    assert event["body"]["participant_number"] == before["number"]
    assert (event["body"]["from_site_number"], event["body"]["to_site_number"]) == ("012", "034")
    dose = {"administrations": [{"at": format_instant(await trial.now()), "given": True}]}
    assert (
        await trial.investigator("012").post(f"/participants/{participant_id}/doses", dose)
    ).status_code == 404
    await trial.ok(trial.investigator("034"), f"/participants/{participant_id}/doses", dose)
    await trial.board_matches_events()


async def test_no_dose_is_authorised_until_the_receiving_site_has_taken_consent(
    trial: Any, codes_of: Any
) -> None:
    participant_id = (await trial.enrol("012"))["participant_id"]
    assert (await trial.authorise(participant_id, "012")).status_code == 201
    await trial.pass_time(timedelta(hours=2))
    await trial.transfer(participant_id, "034")
    await trial.freshen()

    refused = await trial.authorise(participant_id, "034")

    assert refused.status_code == 409
    assert codes_of(refused) == ["consent_missing"]
    (shown,) = (await trial.investigator("034").get("/transfers", trial="EP01")).json()["items"]
    assert (shown["state"], shown["consent_due"]) == ("accepted", True)
    await trial.re_consent(participant_id, "034")
    assert (await trial.authorise(participant_id, "034")).status_code == 201
    (shown,) = (await trial.investigator("034").get("/transfers", trial="EP01")).json()["items"]
    assert shown["consent_due"] is False


@pytest.mark.parametrize(("act", "state"), [("declinings", "declined"), ("withdrawals", "withdrawn")])
async def test_a_transfer_that_is_not_accepted_changes_nothing(trial: Any, act: str, state: str) -> None:
    participant_id = (await trial.enrol("012"))["participant_id"]
    body = {"to_site_number": "034", "reason_code": "family_moved"}
    proposed = (await trial.ok(trial.manager, f"/participants/{participant_id}/transfers", body)).json()
    person = trial.investigator("034") if act == "declinings" else trial.manager

    ended = await trial.ok(person, f"/transfers/{proposed['transfer_id']}/{act}")

    assert ended.json() == {"transfer_id": proposed["transfer_id"], "state": state}
    assert (await trial.investigator("012").get(f"/participants/{participant_id}")).status_code == 200
    assert not await published(trial, "participant.transferred.v1")
    await trial.transfer(participant_id, "056")  # another may be proposed


async def test_a_transfer_needs_a_site_that_is_open_for_the_part(trial: Any) -> None:
    participant_id = (await trial.enrol("012"))["participant_id"]
    await trial.sponsor_says(trial.site_revoked("034"))

    async def propose(site: str) -> Any:
        body = {"to_site_number": site, "reason_code": "family_moved"}
        return (await trial.manager.post(f"/participants/{participant_id}/transfers", body)).json()["code"]

    assert await propose("034") == "site_not_activated"
    assert await propose("999") == "site_unknown"
    assert await propose("012") == "transfer_not_possible"
    await trial.ok(trial.manager, f"/participants/{participant_id}/voidings", {"reason_code": "wrong_child"})
    assert await propose("056") == "registration_voided"
