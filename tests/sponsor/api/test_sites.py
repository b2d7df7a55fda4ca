from tests.sponsor.office import Office, created, refused


async def test_a_site_number_belongs_to_one_site_of_a_trial(new_office: Office) -> None:
    site = await new_office.add_site("012")
    body = {key: site[key] for key in ("site_number", "organisation", "country", "zone")}

    answer = await new_office.manager.post(
        f"/trials/{new_office.trial_id}/sites", body | {"principal_investigator": "pi"}
    )

    refused(answer, 409, "site_number_taken")


async def test_a_green_light_needs_an_approved_version_and_every_item(new_office: Office) -> None:
    await new_office.add_site()
    path = f"/sites/{new_office.site_id}/green-lights"
    body = {"protocol_version": "1.0", "items": new_office.checklist()[:-2]}
    refused(await new_office.manager.post(path, body), 409, "protocol_version_not_in_force")
    await new_office.approve()

    problem = refused(await new_office.manager.post(path, body), 409, "evidence_missing")

    assert problem["missing"] == ["laboratories", "document_versions"]
    assert (await new_office.green_light())["state"] == "granted"
    [event] = await new_office.running.published("sponsor.site.green-lit.v1")
    assert (event["body"]["site_number"], event["body"]["protocol_version"]) == ("012", "1.0")


async def test_the_principal_investigator_cannot_sign_their_own_green_light(new_office: Office) -> None:
    await new_office.approve()
    await new_office.add_site("012")
    investigator = new_office.person("pi-012", "sponsor_qa")

    answer = await investigator.post(
        f"/sites/{new_office.site_id}/green-lights",
        {"protocol_version": "1.0", "items": new_office.checklist()},
    )

    refused(answer, 409, "signer_is_site_pi")


async def test_a_revocation_is_immediate_and_granting_again_takes_two_people(office: Office) -> None:
    revocations = f"/sites/{office.site_id}/green-light-revocations"
    grants = f"/sites/{office.site_id}/green-lights"
    body = {"protocol_version": "1.0", "items": office.checklist()}

    created(await office.quality.post(revocations, {"reason_code": "pharmacy_not_ready"}))
    refused(await office.quality.post(revocations, {"reason_code": "again"}), 409, "green_light_not_granted")
    proposed = created(await office.manager.post(grants, body))
    refused(await office.manager.post(grants, body), 409, "second_person_required")
    granted = created(await office.quality.post(grants, body))

    assert (proposed["state"], granted["state"]) == ("regrant_proposed", "granted")
    assert granted["signed_by"] == ["manager", "quality"]
    said = [e["type"] for e in await office.running.published() if e["type"].startswith("sponsor.site.")]
    assert said == ["sponsor.site.green-lit.v1", "sponsor.site.revoked.v1", "sponsor.site.green-lit.v1"]


async def test_another_protocol_version_is_no_way_around_a_revocation(office: Office) -> None:
    later = (await office.running.published("sponsor.protocol-version.approved.v3"))[0]["body"]["protocol"]
    later["protocol_version"] = later["dlt"]["dlt_definition"]["protocol_version"] = "1.1"
    uploaded = created(await office.manager.post(f"/trials/{office.trial_id}/protocol-versions", later))
    approvals = f"/protocol-versions/{uploaded['protocol_version_id']}/approvals"
    created(await office.quality.post(approvals, {"reference": "CR-2", "approved_on": "2026-02-28"}))
    created(
        await office.quality.post(
            f"/sites/{office.site_id}/green-light-revocations", {"reason_code": "pharmacy_not_ready"}
        )
    )

    answer = await office.manager.post(
        f"/sites/{office.site_id}/green-lights", {"protocol_version": "1.1", "items": office.checklist()}
    )

    assert created(answer)["state"] == "regrant_proposed"
