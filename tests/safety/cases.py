"""Cases in the tests: a route, a content, files and what regulators answer. All invented."""

import base64
from typing import Any

from services.safety.domain.icsr.report_values import Block, read_report
from services.safety.domain.icsr.xml_reader import read_document
from services.safety.store.e2b_tables import shipped_standard
from tests.safety.world import World

ROUTE: dict[str, Any] = {
    "trial": "EP01",
    "name": "MHRA",
    "profile": "ich",
    "batch_receiver": "MHRA",
    "message_receiver": "MHRA",
    "sender": "NETWORK",
    "sender_type": "3",
    "organisation": "Trials Office",
    "country": "GB",
    "number_prefix": "GB-NETWORK",
    "study_name": "EP01",
    "study_number": "EP01-2026",
    "registrations": [{"number": "1012345", "country": "GB"}],
}
FDA_ROUTE = ROUTE | {
    "name": "FDA",
    "profile": "fda-premarket",
    "batch_receiver": "ZZFDA_PREMKT",
    "message_receiver": "CDER_IND",
    "ind_number": "123456",
}
DRUG_A: dict[str, Any] = {
    "name": "Palbociclib",
    "role": "1",
    "substances": ["palbociclib"],
    "dosage": "75 mg/m2",
    "action": "1",
}
DRUG_B: dict[str, Any] = {"name": "Co-trimoxazole", "role": "1", "blinded": True, "action": "4"}

Json = dict[str, Any]


def content(*report_ids: str, **changes: Any) -> Json:
    """What the desk says of these reports: coded, one reporter, two products."""
    return {
        "expedited": True,
        "narrative": "Invented course of an invented child.",
        "meddra": {report: {"code": "10040047", "version": "29.0"} for report in report_ids},
        "reporters": [{"qualification": "1", "country": "GB", "organisation": "Site 012"}],
        "products": [DRUG_A, DRUG_B],
        "patient": {"age": "7", "age_unit": "a", "age_group": "3", "sex": "2"},
    } | changes


async def posted(world: World, path: str, body: Json, status: int = 201) -> Json:
    answer = await world.officer.post(path, body)
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


async def route_of(world: World, body: Json = ROUTE) -> str:
    route: str = (await posted(world, "/case-routes", body))["route_id"]
    return route


async def serious_report(world: World, **stated: Any) -> str:
    """A life-threatening event, suspected by the investigator, of a treated participant."""
    said: Json = {
        "term": "Sepsis",
        "verbatim": "sepsis",
        "grade": 4,
        "seriousness": ["life_threatening", "hospitalisation"],
        "causality": "probable",
        "outcome": "recovering",
    } | stated
    report: str = (await world.reported(**said))["report_id"]
    return report


async def opened(world: World, route_id: str, *report_ids: str, **changes: Any) -> Json:
    body = {
        "route_id": route_id,
        "report_ids": list(report_ids),
        "content": content(*report_ids, **changes),
    }
    return await posted(world, "/cases", body)


async def filed(world: World, route_id: str, *case_ids: str) -> Json:
    return await posted(world, "/case-files", {"route_id": route_id, "case_ids": list(case_ids)})


async def sent(world: World, route_id: str, *case_ids: str) -> Json:
    file = await filed(world, route_id, *case_ids)
    return await posted(world, f"/case-files/{file['file_id']}/sendings", {"reference": "gateway-1"})


async def changed(
    world: World, case: Json, route_id: str, kind: str = "follow_up", *, reason: str = "", **changes: Any
) -> Json:
    shown = (await world.officer.get(f"/cases/{case['case_id']}")).json()
    body = {
        "route_id": route_id,
        "kind": kind,
        "received_on": (await world.today()).isoformat(),
        "reason": reason,
        "content": content(*shown["report_ids"], **changes),
    }
    return await posted(world, f"/cases/{case['case_id']}/versions", body)


async def bytes_of(world: World, file: Json) -> bytes:
    answer = await world.officer.get(f"/case-files/{file['file_id']}/content")
    assert answer.status_code == 200, answer.text
    return answer.content


async def acknowledged(world: World, raw: bytes) -> Json:
    return await posted(world, "/acknowledgements", {"content": base64.b64encode(raw).decode()})


def acknowledgement(batch: str, code: str, **messages: str) -> bytes:
    """An acknowledgement as regulators write them; keyword arguments are targets (`_` for `-`) and codes."""
    prefix = "2.16.840.1.113883.3.989.2.1.3"
    parts = "".join(
        f'<MCCI_IN000002UV01><id root="{prefix}.19" extension="1"/><acknowledgement typeCode="{said}">'
        f'<targetMessage><id root="{prefix}.1" extension="{target.replace("_", "-")}"/></targetMessage>'
        "<acknowledgementDetail><text>R0041; D.9.1 must be provided</text></acknowledgementDetail>"
        "</acknowledgement></MCCI_IN000002UV01>"
        for target, said in messages.items()
    )
    return (
        f'<MCCI_IN200101UV01 xmlns="urn:hl7-org:v3"><id root="{prefix}.20" extension="ack-1"/>{parts}'
        f'<acknowledgement typeCode="{code}"><targetBatch><id root="{prefix}.22" extension="{batch}"/>'
        "</targetBatch></acknowledgement></MCCI_IN200101UV01>"
    ).encode()


async def case_world(world: World) -> dict[str, str]:
    """Ids of a route, a case that may be changed, one to nullify, and files to validate, send, and read."""
    route = await route_of(world)
    reports = [await serious_report(world) for _ in range(4)]
    cases = [await opened(world, route, report) for report in reports[:3]]
    draft_of = await opened(
        world, route, await serious_report(world, seriousness=["death"], outcome="recovering", grade=5)
    )
    await sent(world, route, cases[1]["case_id"])
    ready, draft = (
        await filed(world, route, cases[2]["case_id"]),
        await filed(world, route, draft_of["case_id"]),
    )
    return {
        "route": route,
        "free_report": reports[3],
        "report": reports[0],
        "case": cases[0]["case_id"],
        "sent_case": cases[1]["case_id"],
        "ready": ready["file_id"],
        "draft": draft["file_id"],
        "today": (await world.today()).isoformat(),
    }


async def case_now(world: World, case: Json) -> Json:
    answer = await world.officer.get(f"/cases/{case['case_id']}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()["case"]
    return found


def texts(raw: bytes) -> dict[str, list[str]]:
    """Every value of a file, by element."""
    root: Block = read_report(read_document(raw, roots=("MCCI_IN200100UV01",)), shipped_standard().fda)
    found: dict[str, list[str]] = {}
    for block in root.every():
        for number, value in block.values.items():
            found.setdefault(number, []).append(value.text or value.null_flavor)
    return found
