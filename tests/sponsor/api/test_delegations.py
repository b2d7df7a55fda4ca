from tests.sponsor.office import Json, Office, created, refused, shown


def line(office: Office, person: str, role: str, **more: object) -> Json:
    return {
        "trial_id": office.trial_id,
        "person": person,
        "role": role,
        "from_at": "2026-01-01T00:00:00Z",
    } | more


async def test_a_delegation_is_granted_published_and_ended(new_office: Office) -> None:
    granted = await new_office.delegate("nurse", "safety_officer")
    path = f"/delegations/{granted['delegation_id']}/endings"

    ended = created(await new_office.manager.post(path, {"reason_code": "left"}))

    assert ended["ended_because"] == "left"
    assert ended["until_at"] is not None
    refused(await new_office.manager.post(path, {"reason_code": "left"}), 409, "delegation_ended")
    said = [e["type"] for e in await new_office.running.published()]
    assert said == ["sponsor.delegation.granted.v1", "sponsor.delegation.ended.v1"]


async def test_an_investigator_delegates_site_roles_at_their_own_site_alone(new_office: Office) -> None:
    await new_office.add_site("012")
    await new_office.add_site("013")
    investigator = new_office.person("pi-012", "site_investigator", "012")

    own = await investigator.post("/delegations", line(new_office, "nurse", "site_nurse", site_number="012"))
    created(own)
    other = line(new_office, "nurse", "site_nurse", site_number="013")
    refused(await investigator.post("/delegations", other), 404, "not_found")
    everywhere = line(new_office, "nurse", "site_nurse")
    refused(await investigator.post("/delegations", everywhere), 403, "forbidden")
    committee = line(new_office, "friend", "src_chair", site_number="012")
    refused(await investigator.post("/delegations", committee), 403, "forbidden")


async def test_an_investigator_ends_site_roles_at_their_own_site_alone(new_office: Office) -> None:
    await new_office.add_site("012")
    await new_office.add_site("013")
    investigator = new_office.person("pi-012", "site_investigator", "012")
    here = await new_office.delegate("nurse", "site_nurse", "012")
    there = await new_office.delegate("nurse", "site_nurse", "013")
    chair = await new_office.delegate("chair", "src_chair")
    body = {"reason_code": "left"}

    created(await investigator.post(f"/delegations/{here['delegation_id']}/endings", body))
    refused(await investigator.post(f"/delegations/{there['delegation_id']}/endings", body), 404, "not_found")
    refused(await investigator.post(f"/delegations/{chair['delegation_id']}/endings", body), 403, "forbidden")


async def test_an_unblinded_person_cannot_also_treat(new_office: Office) -> None:
    await new_office.delegate("both", "unblinded_statistician")

    answer = await new_office.manager.post("/delegations", line(new_office, "both", "medical_monitor"))

    refused(answer, 409, "unblinded_role_conflict")


async def test_the_trial_office_alone_says_that_a_pharmacist_is_unblinded(new_office: Office) -> None:
    await new_office.add_site("012")
    unblinded = line(new_office, "p", "pharmacist", site_number="012", unblinded=True)
    investigator = new_office.person("pi-012", "site_investigator", "012")

    refused(await investigator.post("/delegations", unblinded), 403, "forbidden")
    granted = created(await new_office.manager.post("/delegations", unblinded))

    assert granted["unblinded"] is True
    (said,) = [e for e in await new_office.running.published() if "delegation.granted" in e["type"]]
    assert said["body"]["unblinded"] is True
    nurse = line(new_office, "n", "site_nurse", site_number="012", unblinded=True)
    refused(await new_office.manager.post("/delegations", nurse), 409, "unblinded_role_conflict")


async def test_a_delegation_to_an_unknown_site_or_with_an_end_before_its_start_is_refused(
    new_office: Office,
) -> None:
    unknown = line(new_office, "nurse", "site_nurse", site_number="999")
    backwards = line(new_office, "nurse", "safety_officer", until_at="2025-01-01T00:00:00Z")

    refused(await new_office.manager.post("/delegations", unknown), 422, "site_unknown")
    refused(await new_office.manager.post("/delegations", backwards), 422, "delegation_period_invalid")


async def test_the_log_is_read_in_pages_and_by_investigators_for_their_site(new_office: Office) -> None:
    await new_office.add_site("012")
    await new_office.delegate("chair", "src_chair")
    await new_office.delegate("nurse", "site_nurse", "012")
    await new_office.delegate("monitor", "medical_monitor")
    investigator = new_office.person("pi-012", "site_investigator", "012")

    first = shown(await new_office.manager.get("/delegations", trial=new_office.trial_id, limit=2))
    rest = shown(
        await new_office.manager.get(
            "/delegations", trial=new_office.trial_id, limit=2, cursor=first["next_cursor"]
        )
    )
    own = shown(await investigator.get("/delegations", trial=new_office.trial_id))

    assert [item["person"] for item in first["items"] + rest["items"]] == ["chair", "nurse", "monitor"]
    assert [(item["person"], item["site_number"]) for item in own["items"]] == [("nurse", "012")]
