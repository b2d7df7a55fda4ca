"""SAF-24 of the acceptance checks, the other way round: what regulators answer, and files that others send."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant
from tests.oracles import oracle
from tests.safety.cases import (
    ROUTE,
    acknowledged,
    acknowledgement,
    bytes_of,
    case_now,
    filed,
    opened,
    posted,
    route_of,
    sent,
    serious_report,
    texts,
)
from tests.safety.world import World


@pytest.fixture
async def report(world: World) -> str:
    await world.treat()
    return await serious_report(world)


async def test_saf_24_a_negative_answer_puts_the_case_back_into_the_queue(world: World, report: str) -> None:
    await world.on_duty("officer")
    route = await route_of(world)
    case = await opened(world, route, report)
    file = await sent(world, route, case["case_id"])
    assert (await case_now(world, case))["waits"] is False

    number = case["number"].replace("-", "_")
    answer = await acknowledged(world, acknowledgement(file["number"], "AE", **{number: "CR"}))

    assert (answer["state"], answer["decided"]) == ("matched", {case["number"]: False})
    after = await case_now(world, case)
    assert (after["state"], after["waits"]) == ("open", True)
    assert "case_file_rejected" in await world.alert_kinds()
    shown = (await world.officer.get(f"/case-files/{file['file_id']}")).json()
    assert shown["file"]["state"] == "rejected"
    assert shown["file"]["cases"][0]["details"] == ["R0041", "D.9.1 must be provided"]
    queue = (await world.officer.get("/cases", trial="EP01", waiting="true")).json()["items"]
    assert [one["case_id"] for one in queue] == [case["case_id"]]
    said = texts(await bytes_of(world, await sent(world, route, case["case_id"])))
    assert said["C.1.1"] == [case["number"]]
    assert "C.1.11.1" not in said


async def test_saf_24_one_rejected_message_of_a_batch_rejects_that_case_only(
    world: World, report: str
) -> None:
    route = await route_of(world)
    good, bad = (
        await opened(world, route, report),
        await opened(world, route, await serious_report(world)),
    )
    file = await sent(world, route, good["case_id"], bad["case_id"])
    accepted, rejected = good["number"].replace("-", "_"), bad["number"].replace("-", "_")

    answer = await acknowledged(
        world,
        acknowledgement(file["number"], "AE", **{f"x {accepted}": "CA", f"21ec {rejected}": "CR"}),
    )

    assert answer["decided"] == {good["number"]: True, bad["number"]: False}
    assert (await case_now(world, good))["waits"] is False
    assert (await case_now(world, bad))["waits"] is True


async def test_an_answer_that_comes_twice_changes_nothing_and_alerts_once(world: World, report: str) -> None:
    await world.on_duty("officer")
    route = await route_of(world)
    case = await opened(world, route, report)
    file = await sent(world, route, case["case_id"])
    raw = acknowledgement(file["number"], "AR")

    first, second = await acknowledged(world, raw), await acknowledged(world, raw)

    assert (first["decided"], second["decided"]) == ({case["number"]: False}, {})
    assert (await world.alert_kinds()).count("case_file_rejected") == 1


@pytest.mark.parametrize("raw", [acknowledgement("nobody-sent-this", "AA"), b"<!DOCTYPE x><a/>", b"\x00"])
async def test_an_answer_that_fits_nothing_is_kept_apart_and_wakes_somebody(world: World, raw: bytes) -> None:
    await world.on_duty("officer")

    answer = await acknowledged(world, raw)

    assert (answer["state"], answer["file_id"]) == ("quarantined", None)
    assert await world.alert_kinds() == ["acknowledgement_unknown"]
    [[kept]] = await world.rows("SELECT content FROM case_acknowledgement")
    assert bytes(kept) == raw


async def test_an_answer_to_a_file_that_was_not_sent_is_kept_apart(world: World, report: str) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    file = await filed(world, route, case["case_id"])

    assert (await acknowledged(world, acknowledgement(file["number"], "AA")))["state"] == "quarantined"


@pytest.mark.oracle
async def test_fdas_own_acknowledgement_is_read(world: World) -> None:
    raw = oracle(
        "e2b", "instances", "R3ack-positive.ack", not_checked="FDA's sample acknowledgement"
    ).read_bytes()

    assert (await acknowledged(world, raw))["state"] == "quarantined"
    assert await world.rows("SELECT code FROM case_acknowledgement") == [("AA",)]


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["1", "3", "4", "5-1", "6"])
async def test_fdas_sample_reports_are_taken_in_and_judged(world: World, name: str) -> None:
    await world.on_duty("officer")
    path = oracle("e2b", "instances", f"FAERS2022Scenario{name}.xml", not_checked="FDA's sample reports")
    body = {"content": base64.b64encode(path.read_bytes()).decode()}
    everyone = world.running.person("desk", "safety_officer:*:*")

    answer = await everyone.post("/received-case-files", body)

    assert answer.status_code == 201, answer.text
    received = answer.json()
    assert received["verdict"] == "invalid"
    assert received["cases"][0]["number"].startswith("US-APHARMA-")
    assert await world.alert_kinds() == ["case_file_received"]


async def test_saf_24_the_duty_is_met_by_sending_and_runs_on_after_a_rejection(world: World) -> None:
    await world.treat()
    route = await route_of(world)
    report = await serious_report(world)
    case = await opened(world, route, report)

    async def owed() -> list[Any]:
        return await world.rows(
            "SELECT state, due_date FROM obligation WHERE rule = 'uk.susar.fatal' AND recipient = 'MHRA'"
        )

    [(state, due)] = await owed()
    assert (state, due) == ("open", (await world.today() + timedelta(days=7)).isoformat())
    file = await sent(world, route, case["case_id"])
    assert await owed() == [("met", due)]
    await world.move(await world.now() + timedelta(days=2))

    await acknowledged(world, acknowledgement(file["number"], "AR"))

    assert await owed() == [("open", due)]
    await sent(world, route, case["case_id"])
    assert await owed() == [("met", due)]


async def test_where_acceptance_is_what_counts_sending_alone_meets_nothing(world: World) -> None:
    await world.treat()
    route = await route_of(world, ROUTE | {"met_by": "acceptance"})
    report = await serious_report(world)
    case = await opened(world, route, report)
    file = await sent(world, route, case["case_id"])

    async def states() -> set[str]:
        return {
            row[0] for row in await world.rows("SELECT state FROM obligation WHERE rule = 'uk.susar.fatal'")
        }

    assert await states() == {"open"}
    number = case["number"].replace("-", "_")
    await acknowledged(world, acknowledgement(file["number"], "AA", **{number: "CA"}))
    assert await states() == {"met"}


async def test_a_refused_file_opens_nothing_that_others_were_told_by_another_way(
    quiet_world: World, protocol_with: Any
) -> None:
    world = quiet_world
    await world.open_trial(protocol_with(reporting_regimes=["us-ind"]))
    await world.treat()
    route = await route_of(world, ROUTE | {"name": "FDA"})
    report = await serious_report(world)
    case = await opened(world, route, report)
    file = await sent(world, route, case["case_id"])
    letter = {
        "recipients": ["investigators"],
        "sent_at": format_instant(await world.now()),
        "reference": "letter",
        "receipt": "confirmed",
        "file_sha256": file["sha256"],
    }
    await posted(world, f"/adverse-events/{report}/submissions", letter)

    await acknowledged(world, acknowledgement(file["number"], "AR"))

    owed = dict(await world.rows("SELECT recipient, state FROM obligation WHERE rule = 'us.ind.fatal'"))
    assert owed == {"FDA": "open", "investigators": "met"}
