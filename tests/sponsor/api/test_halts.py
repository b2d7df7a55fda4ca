import pytest

from tests.sponsor.office import Json, Office, created, refused, shown


def halt(office: Office, **scope: object) -> Json:
    everything: Json = {"recruitment": True, "dosing": True}
    return {"trial_id": office.trial_id, "scope": everything | scope, "reason_code": "unexpected_death"}


async def test_one_person_halts_and_two_lift(office: Office) -> None:
    imposed = created(await office.monitor.post("/halts", halt(office)))
    path = f"/halts/{imposed['halt_id']}"
    request = {"reason": "Reviewed.", "evidence_id": "doc-9"}

    refused(await office.chair.post(f"{path}/lift-approvals"), 409, "lift_not_requested")
    created(await office.monitor.post(f"{path}/lift-requests", request))
    refused(await office.monitor.post(f"{path}/lift-approvals"), 409, "second_person_required")
    refused(await office.chair.post(f"{path}/lift-approvals"), 409, "treatment_plan_required")
    created(await office.chair.post(f"{path}/plans", {"plan": "Nobody is on treatment."}))
    lifted = created(await office.chair.post(f"{path}/lift-approvals"))

    assert (imposed["state"], lifted["state"], lifted["lifted_by"]) == ("in_force", "lifted", "chair")
    refused(await office.chair.post(f"{path}/plans", {"plan": "Too late."}), 409, "halt_not_in_force")
    said = [e["type"] for e in await office.running.published() if ".halt." in e["type"]]
    assert said == ["sponsor.halt.imposed.v1", "sponsor.halt.lifted.v1"]


async def test_the_event_names_the_scope_as_stated(office: Office) -> None:
    created(
        await office.monitor.post(
            "/halts", halt(office, part="escalation", level=2, site_number="012", dosing=False)
        )
    )

    [event] = await office.running.published("sponsor.halt.imposed.v1")

    assert event["body"]["scope"] == {
        "part": "escalation",
        "level": 2,
        "site_number": "012",
        "recruitment": True,
        "dosing": False,
    }


@pytest.mark.parametrize(
    ("scope", "status", "code"),
    [
        ({"recruitment": False, "dosing": False}, 422, "halt_scope_invalid"),
        ({"level": 1}, 422, "halt_scope_invalid"),
        ({"part": "nowhere"}, 422, "part_unknown"),
        ({"part": "escalation", "level": 3}, 422, "level_unknown"),
        ({"site_number": "999"}, 422, "site_unknown"),
    ],
)
async def test_a_halt_of_nothing_is_refused(scope: Json, status: int, code: str, office: Office) -> None:
    refused(await office.monitor.post("/halts", halt(office, **scope)), status, code)


async def test_an_investigator_halts_their_own_site_alone(office: Office) -> None:
    await office.add_site("013")
    investigator = office.person("pi-012", "site_investigator", "012")

    created(await investigator.post("/halts", halt(office, site_number="012")))
    refused(await investigator.post("/halts", halt(office, site_number="013")), 404, "not_found")
    refused(await investigator.post("/halts", halt(office)), 403, "forbidden")


async def test_halts_are_listed_with_everything_about_them(office: Office) -> None:
    first = created(await office.monitor.post("/halts", halt(office)))
    second = created(await office.chair.post("/halts", halt(office, site_number="012")))
    request = {"reason": "Reviewed.", "evidence_id": "doc-9"}
    created(await office.monitor.post(f"/halts/{first['halt_id']}/lift-requests", request))

    listed = shown(await office.chair.get("/halts", trial=office.trial_id))["items"]

    assert [item["halt_id"] for item in listed] == [first["halt_id"], second["halt_id"]]
    assert listed[0]["state"] == "lift_requested"
    assert listed[0]["lift_request"]["requested_by"] == "monitor"
    assert (await office.overview())["halts_in_force"] == [first["halt_id"], second["halt_id"]]
