import json
from typing import Any

import pytest

from services.sponsor.commands.protocol_document import document_sha256
from shared.testing.running import Running
from tests.sponsor.office import Json, Office, created, refused, registered_office, shown


def manager(running: Running) -> Any:
    return running.person("manager", "trial_manager:*:*")


async def test_a_trial_is_registered_in_set_up_with_its_first_version(
    running: Running, protocol: Json
) -> None:
    answer = created(await manager(running).post("/trials", protocol))

    assert (answer["code"], answer["state"], answer["protocol_version"]) == ("EP01", "setup", "1.0")
    overview = shown(await manager(running).get(f"/trials/{answer['trial_id']}"))
    assert overview["protocol_version_in_force"] is None
    assert overview["versions"][0]["protocol_sha256"] == answer["protocol_sha256"]
    assert overview["parts"] == []
    assert await running.published() == []


def test_layout_and_key_order_do_not_change_the_hash_of_a_protocol_file(protocol: Json) -> None:
    shuffled = json.loads(json.dumps(dict(reversed(protocol.items())), indent=4))

    assert document_sha256(shuffled) == document_sha256(protocol)
    assert document_sha256(protocol | {"protocol_version": "1.1"}) != document_sha256(protocol)


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (lambda p: p.pop("zone"), "zone"),
        (lambda p: p["trial"].pop("title"), "trial.title"),
        (lambda p: p.update(shoe_size=3), "shoe_size"),
        (lambda p: p.update(zone="Europe/Atlantis"), "zone"),
        (lambda p: p["parts"][0]["levels"][1].update(dose=75), "parts.0.levels.1.dose"),
        (lambda p: p["parts"][0].update(start_level=9), "parts.0.start_level"),
        (lambda p: p["parts"][0]["design"].update(version="2009.1"), "parts.0.design"),
        (
            lambda p: p["parts"][0]["design"].update(
                cells=[{"n": 9, "dlt": 0, "pending": 0, "decision": "same"}]
            ),
            "parts.0.design",
        ),
        (
            lambda p: p["parts"][0]["design"].update(
                cells=[{"n": 3, "dlt": 2, "pending": 2, "decision": "same"}]
            ),
            "parts.0.design.cells.0",
        ),
        (
            lambda p: p["parts"][1]["monitoring"].update(close_if_dlts_at_least={"3": 3, "4": 2}),
            "parts.1.monitoring",
        ),
        (
            lambda p: p["parts"][1]["monitoring"].update(close_if_dlts_at_least={"3": "3"}),
            "parts.1.monitoring.close_if_dlts_at_least.3",
        ),
        (lambda p: p["dlt"]["criteria"][0].pop("grade_at_least"), "dlt.criteria.0.grade_at_least"),
        (lambda p: p["dlt"]["criteria"][1].update(kind="other"), "dlt.criteria.1"),
        (lambda p: p["decision"].update(minimum_signers=1), "decision.minimum_signers"),
    ],
)
async def test_every_error_of_a_protocol_file_is_named_by_its_path(
    spoil: Any, path: str, running: Running, protocol: Json
) -> None:
    spoil(protocol)

    problem = refused(await manager(running).post("/trials", protocol), 422, "invalid_request")

    assert [error["path"] for error in problem["errors"]] == [path]


async def test_all_errors_of_a_protocol_file_come_together(running: Running, protocol: Json) -> None:
    protocol["zone"] = "nowhere"
    protocol["parts"][0]["start_level"] = 9
    protocol["parts"][0]["design"] = None
    protocol["dlt"]["criteria"][0]["grade_at_least"] = 6

    problem = refused(await manager(running).post("/trials", protocol), 422, "invalid_request")

    paths = {error["path"] for error in problem["errors"]}
    assert paths == {"zone", "parts.0.start_level", "parts.0.design", "dlt.criteria.0.grade_at_least"}
    assert "nowhere" not in json.dumps(problem)


async def test_a_code_belongs_to_one_trial(running: Running, protocol: Json) -> None:
    created(await manager(running).post("/trials", protocol))

    refused(await manager(running).post("/trials", protocol), 409, "trial_code_taken")


async def test_a_retry_with_the_same_key_registers_the_trial_once(running: Running, protocol: Json) -> None:
    first = await manager(running).post("/trials", protocol, key="k1")
    again = await manager(running).post("/trials", protocol, key="k1")

    assert created(first) == created(again)
    assert again.headers["idempotent-replay"] == "true"


async def test_a_manager_of_one_trial_cannot_register_another(running: Running, protocol: Json) -> None:
    person = running.person("manager", "trial_manager:EP99:*")

    refused(await person.post("/trials", protocol), 404, "not_found")


async def test_somebody_sees_the_trials_of_their_grants_alone_page_by_page(
    running: Running, protocol: Json
) -> None:
    for number in range(1, 5):
        trial = protocol["trial"] | {"code": f"EP0{number}"}
        created(await manager(running).post("/trials", protocol | {"trial": trial}))
    reader = running.person("reader", "inspector:EP02:*", "src_member:EP03:*", "src_member:EP04:*")

    first = shown(await reader.get("/trials", limit=2))
    second = shown(await reader.get("/trials", limit=2, cursor=first["next_cursor"]))

    assert [item["code"] for item in first["items"]] == ["EP02", "EP03"]
    assert [item["code"] for item in second["items"]] == ["EP04"]
    assert second["next_cursor"] is None


async def test_operations_and_site_staff_do_not_read_trials(new_office: Office) -> None:
    for role in ("operations", "site_nurse", "pharmacist", "archivist"):
        person = new_office.person("somebody", role)
        refused(await person.get(f"/trials/{new_office.trial_id}"), 403, "forbidden")
        refused(await person.get("/trials"), 403, "forbidden")


# -- opening, pausing, closing --------------------------------------------------------------------------


async def test_opening_lists_every_missing_item_by_name(running: Running, protocol: Json) -> None:
    protocol["trial"]["registry_ids"] = []
    office = await registered_office(running, protocol)
    opening = f"/trials/{office.trial_id}/openings"

    nothing = refused(await office.manager.post(opening, {}), 409, "evidence_missing")
    assert nothing["missing"] == ["current_approval", "approved_document_versions"]
    assert nothing["approvals"] == ["combined_review"]

    await office.approve()
    unstaffed = refused(await office.manager.post(opening, {}), 409, "evidence_missing")
    assert unstaffed["missing"] == [
        "registration",
        "chief_investigator",
        "medical_monitor",
        "quorum_possible",
    ]

    await office.delegate_committee()
    created(await office.manager.post(opening, {"registration_due_on": "2999-01-01"}))
    assert (await office.overview())["state"] == "open"


async def test_an_investigator_of_one_site_is_not_the_chief_investigator(new_office: Office) -> None:
    await new_office.approve()
    await new_office.add_site()
    await new_office.delegate("chair", "src_chair")
    await new_office.delegate("monitor", "medical_monitor")
    await new_office.delegate("investigator", "site_investigator", "012")

    answer = await new_office.manager.post(f"/trials/{new_office.trial_id}/openings", {})

    assert refused(answer, 409, "evidence_missing")["missing"] == ["chief_investigator"]


async def test_a_halt_keeps_a_trial_from_opening(new_office: Office) -> None:
    await new_office.approve()
    await new_office.delegate_committee()
    scope = {"recruitment": True, "dosing": False}
    halt = created(
        await new_office.monitor.post(
            "/halts", {"trial_id": new_office.trial_id, "scope": scope, "reason_code": "x"}
        )
    )

    answer = await new_office.manager.post(f"/trials/{new_office.trial_id}/openings", {})

    problem = refused(answer, 409, "evidence_missing")
    assert (problem["missing"], problem["halts"]) == (["no_halt"], [halt["halt_id"]])


async def test_a_paused_trial_opens_again_with_evidence_and_a_closed_one_never(office: Office) -> None:
    trial = f"/trials/{office.trial_id}"
    refused(await office.manager.post(f"{trial}/openings", {}), 409, "trial_not_in_setup")
    created(await office.manager.post(f"{trial}/pauses", {"reason_code": "drug_supply"}))
    refused(await office.manager.post(f"{trial}/pauses", {"reason_code": "again"}), 409, "trial_not_open")
    refused(await office.manager.post(f"{trial}/openings", {}), 409, "evidence_missing")
    created(await office.manager.post(f"{trial}/openings", {"evidence_id": "doc-7"}))
    created(await office.manager.post(f"{trial}/closings", {"reason_code": "complete"}))
    refused(await office.manager.post(f"{trial}/closings", {"reason_code": "complete"}), 409, "trial_closed")
    refused(await office.manager.post(f"{trial}/openings", {}), 409, "trial_not_in_setup")

    said = [e["type"].split(".")[2] for e in await office.running.published() if ".trial." in e["type"]]
    assert said == ["opened", "paused", "opened", "closed"]
    assert (await office.overview())["state"] == "closed"


LISTS = ("/decisions", "/delegations", "/halts", "/recommendations")


async def test_lists_take_the_code_of_a_trial_as_well_as_its_id(office: Office) -> None:
    created(await office.monitor.post("/halts", {"trial_id": office.trial_id, "reason_code": "x"} | HALTED))

    for path in LISTS:
        by_id = shown(await office.monitor.get(path, trial=office.trial_id))
        assert shown(await office.monitor.get(path, trial="EP01")) == by_id

    assert len(shown(await office.monitor.get("/halts", trial="EP01"))["items"]) == 1
    elsewhere = office.running.person("m", "medical_monitor:EP99:*")
    refused(await elsewhere.get("/halts", trial="EP01"), 404, "not_found")
    refused(await office.monitor.get("/halts", trial="NOSUCH"), 404, "not_found")


async def test_a_mangled_cursor_is_refused_and_never_answers_an_empty_list(office: Office) -> None:
    for path in LISTS:
        answer = await office.monitor.get(path, trial=office.trial_id, cursor="abc")

        assert answer.status_code == 422
        assert [error["path"] for error in answer.json()["errors"]] == ["query.cursor"]
    refused(await office.monitor.get("/trials", cursor="abc"), 422, "invalid_request")


async def test_every_method_of_a_path_is_named_to_who_uses_another(office: Office) -> None:
    answer = await office.running.client.request("DELETE", "/sponsor/api/v1/halts")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


HALTED = {"scope": {"recruitment": True, "dosing": True}}
