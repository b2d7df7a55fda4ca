"""Suspending recruitment at a site: one person, a reason, ended by issuing the green light again."""

from shared.testing.running import Running
from tests.sponsor.office import Json, Office, created, refused

REASON = {"reason_code": "staff_changes"}


async def site_of(office: Office) -> Json:
    (site,) = (await office.overview())["sites"]
    found: Json = site
    return found


async def test_one_person_suspends_a_site_with_a_reason_and_everybody_is_told(
    office: Office, running: Running
) -> None:
    answer = created(await office.quality.post(f"/sites/{office.site_id}/suspensions", REASON))

    assert (answer["site_number"], answer["suspended_because"]) == ("012", "staff_changes")
    [event] = await running.published("sponsor.site.suspended.v1")
    assert (event["body"]["site_number"], event["body"]["reason_code"]) == ("012", "staff_changes")
    site = await site_of(office)
    assert (site["suspended_because"], [light["state"] for light in site["green_lights"]]) == (
        "staff_changes",
        ["granted"],
    )
    again = await office.manager.post(f"/sites/{office.site_id}/suspensions", REASON)
    refused(again, 409, "site_suspended")


async def test_issuing_the_green_light_again_by_one_person_ends_the_suspension(
    office: Office, running: Running
) -> None:
    created(await office.manager.post(f"/sites/{office.site_id}/suspensions", REASON))

    light = await office.green_light()

    assert (light["state"], light["signed_by"]) == ("granted", ["manager"])
    site = await site_of(office)
    assert (site["suspended_at"], site["suspended_because"]) == (None, "")
    assert len(await running.published("sponsor.site.green-lit.v1")) == 2
    body = {"protocol_version": office.version, "items": office.checklist()}
    refused(
        await office.manager.post(f"/sites/{office.site_id}/green-lights", body),
        409,
        "green_light_already_granted",
    )
    created(await office.manager.post(f"/sites/{office.site_id}/suspensions", REASON))


async def test_issuing_again_needs_all_the_evidence(office: Office) -> None:
    created(await office.manager.post(f"/sites/{office.site_id}/suspensions", REASON))
    body = {"protocol_version": office.version, "items": office.checklist()[1:]}

    answer = await office.manager.post(f"/sites/{office.site_id}/green-lights", body)

    refused(answer, 409, "evidence_missing")
    assert (await site_of(office))["suspended_because"] == "staff_changes"


async def test_a_site_without_a_green_light_has_nothing_to_suspend(office: Office) -> None:
    dark = await office.add_site("013")

    answer = await office.manager.post(f"/sites/{dark['site_id']}/suspensions", REASON)

    refused(answer, 409, "green_light_not_granted")


async def test_a_suspended_site_that_is_revoked_is_granted_again_by_two(office: Office) -> None:
    created(await office.manager.post(f"/sites/{office.site_id}/suspensions", REASON))
    revocations = f"/sites/{office.site_id}/green-light-revocations"
    created(await office.manager.post(revocations, {"reason_code": "audit"}))

    proposed = await office.green_light()

    assert proposed["state"] == "regrant_proposed"
    assert (await site_of(office))["suspended_at"] is None
    answer = await office.manager.post(f"/sites/{office.site_id}/suspensions", REASON)
    refused(answer, 409, "green_light_not_granted")
