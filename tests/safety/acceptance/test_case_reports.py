"""SAF-22 and SAF-24 of the acceptance checks: what goes to regulators, comes back, is corrected, taken back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.safety.domain.icsr.check import Profile, check_document
from services.safety.domain.icsr.schema_check import SCHEMA_FILE
from services.safety.store.e2b_tables import shipped_standard
from shared.xml_schema import XmlSchema
from tests.oracles import oracle
from tests.safety.cases import (
    DRUG_A,
    FDA_ROUTE,
    bytes_of,
    case_now,
    changed,
    content,
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


# SAF-22: nullification and amendment


async def test_saf_22_a_nullification_keeps_both_numbers_and_needs_its_reason(
    world: World, report: str
) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    await sent(world, route, case["case_id"])
    path = f"/cases/{case['case_id']}/nullifications"
    assert (await posted(world, path, {"reason": " "}, 422))["code"] == "reason_required"

    nullified = await posted(world, path, {"reason": "Entered for another child."})
    assert (nullified["state"], nullified["waits"]) == ("nullified", True)
    said = texts(await bytes_of(world, await sent(world, route, case["case_id"])))

    assert said["C.1.1"] == said["C.1.8.1"] == said["N.2.r.1"] == [case["number"]]
    assert (said["C.1.11.1"], said["C.1.11.2"]) == (["1"], ["Entered for another child."])
    assert (await posted(world, path, {"reason": "again"}, 409))["code"] == "case_nullified"


async def test_saf_22_what_comes_for_a_nullified_number_opens_a_linked_case_under_a_new_one(
    world: World, report: str
) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    await sent(world, route, case["case_id"])
    await posted(world, f"/cases/{case['case_id']}/nullifications", {"reason": "Entered twice."})

    further = await changed(world, case, route)

    assert further["number"] != case["number"]
    assert further["case_id"] != case["case_id"]
    before = await case_now(world, case)
    assert (before["state"], before["version"]) == ("nullified", 2)
    said = texts(await bytes_of(world, await sent(world, route, further["case_id"])))
    assert (said["C.1.1"], said["C.1.10.r"]) == ([further["number"]], [case["number"]])
    amended = {"kind": "amendment", "reason": "x", "route_id": route, "received_on": "2026-01-01"}
    body = amended | {"content": content(report)}
    assert (await posted(world, f"/cases/{case['case_id']}/versions", body, 409))["code"] == "case_nullified"


async def test_saf_22_an_amendment_leaves_the_newest_information_as_it_was(world: World, report: str) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    first = texts(await bytes_of(world, await sent(world, route, case["case_id"])))
    await world.move(await world.now() + timedelta(days=3))

    await changed(world, case, route, "amendment", reason="Sex was typed wrong.", patient={"sex": "1"})
    said = texts(await bytes_of(world, await sent(world, route, case["case_id"])))

    assert (said["C.1.11.1"], said["C.1.11.2"]) == (["2"], ["Sex was typed wrong."])
    for unchanged in ("C.1.1", "C.1.8.1", "C.1.4", "C.1.5"):
        assert said[unchanged] == first[unchanged]
    assert said["C.1.2"] != first["C.1.2"]


async def test_a_follow_up_brings_a_new_date_and_keeps_the_numbers(world: World, report: str) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    first = texts(await bytes_of(world, await sent(world, route, case["case_id"])))
    await world.move(await world.now() + timedelta(days=3))

    await changed(world, case, route, narrative="Recovered.")
    said = texts(await bytes_of(world, await sent(world, route, case["case_id"])))

    assert (said["C.1.1"], said["C.1.4"]) == (first["C.1.1"], first["C.1.4"])
    assert said["C.1.5"] == [(await world.today()).strftime("%Y%m%d")] != first["C.1.5"]
    assert "C.1.11.1" not in said
    assert said["E.i.2.1b"] == first["E.i.2.1b"]


async def test_a_report_that_was_never_sent_is_neither_nullified_nor_sent_as_an_amendment(
    world: World, report: str
) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    path = f"/cases/{case['case_id']}/nullifications"
    assert (await posted(world, path, {"reason": "x"}, 409))["code"] == "case_not_submitted"

    await changed(world, case, route, "amendment", reason="Typed wrong.")
    said = texts(await bytes_of(world, await sent(world, route, case["case_id"])))

    assert "C.1.11.1" not in said


async def test_cases_opened_at_once_have_numbers_of_their_own(world: World) -> None:
    await world.treat()
    route = await route_of(world)
    reports = [await serious_report(world) for _ in range(4)]

    cases = await asyncio.gather(*(opened(world, route, one) for one in reports))

    assert len({case["number"] for case in cases}) == 4
    assert {case["number"][:16] for case in cases} == {"GB-NETWORK-EP01-"}


# SAF-24: export


async def related_to_a_only(world: World, report: str, route: str) -> dict[str, Any]:
    opinions = [
        {"report_id": report, "product": "Palbociclib", "source": "investigator", "value": "probable"},
        {"report_id": report, "product": "Co-trimoxazole", "source": "investigator", "value": "unrelated"},
    ]
    return await opened(world, route, report, opinions=opinions)


async def test_saf_24_a_case_related_to_one_product_and_not_to_another(world: World, report: str) -> None:
    e2br3 = pytest.importorskip("e2br3", reason="the second reader is not installed; nothing was compared")
    route = await route_of(world)
    case = await related_to_a_only(world, report, route)

    raw = await bytes_of(world, await filed(world, route, case["case_id"]))

    found = check_document(raw, Profile.ICH, shipped_standard(), now=await world.now())
    assert found == []
    icsr = e2br3.parse(raw).messages[0].icsr
    [reaction] = icsr.reactions
    assert (reaction.meddra_code, reaction.life_threatening, reaction.hospitalisation) == (
        "10040047",
        True,
        True,
    )
    assert reaction.results_in_death.null_flavor.value == "NI"
    opinions = {
        drug.product_name: [one.result for entry in drug.relatedness for one in entry.assessments]
        for drug in icsr.drugs
    }
    assert opinions == {"Palbociclib": ["Probable"], "Co-trimoxazole": ["Unrelated"]}
    said = texts(raw)
    assert not {"false"} & {text for letter in "abcdef" for text in said[f"E.i.3.2{letter}"]}
    assert said["D.1"] == said["D.2.1"] == ["MSK"]
    assert said["D.1.1.4"] == ["EP01-012-0017"]
    assert "CTCAE 5.0: Sepsis, worst grade 4." in said["H.1"][0]


@pytest.mark.oracle
async def test_saf_24_every_kind_of_file_of_the_service_is_valid_against_the_schema(
    world: World, report: str
) -> None:
    schema = XmlSchema(
        oracle("e2b", "xsd", SCHEMA_FILE, not_checked="files of the service against the schema")
    )
    route, fda = await route_of(world), await route_of(world, FDA_ROUTE)
    case = await related_to_a_only(world, report, route)
    files = [await sent(world, route, case["case_id"])]
    await changed(world, case, route)
    files.append(await sent(world, route, case["case_id"]))
    await changed(world, case, route, "amendment", reason="Typed wrong.")
    files.append(await sent(world, fda, case["case_id"]))
    await posted(world, f"/cases/{case['case_id']}/nullifications", {"reason": "Entered twice."})
    files.append(await sent(world, route, case["case_id"]))

    for file in files:
        assert schema.problems(await bytes_of(world, file)) == []


async def test_saf_24_a_case_without_a_code_is_not_exported(world: World, report: str) -> None:
    route = await route_of(world)
    second = await serious_report(world)
    case = await opened(world, route, report, second, meddra={})
    body = {"route_id": route, "case_ids": [case["case_id"]]}
    assert (await posted(world, "/case-files", body, 409))["code"] == "meddra_not_loaded"

    await changed(world, case, route, meddra={report: {"code": "10040047", "version": "29.0"}})

    assert (await posted(world, "/case-files", body, 409))["code"] == "meddra_code_missing"


async def test_saf_24_a_file_that_breaks_a_rule_is_refused_with_its_findings_and_not_kept(
    world: World, report: str
) -> None:
    route = await route_of(world)
    case = await opened(world, route, report, narrative="", reporters=[])

    refused = await posted(world, "/case-files", {"route_id": route, "case_ids": [case["case_id"]]}, 422)

    assert refused["code"] == "export_rules_failed"
    assert {"H.1", "C.2.r"} <= {one["element"] for one in refused["findings"]}
    assert set(refused["findings"][0]) == {"element", "rule", "severity", "message", "path"}
    assert (await world.officer.get("/case-files", trial="EP01")).json()["items"] == []


async def test_saf_24_a_death_reported_to_fda_without_its_date_is_r0041(world: World) -> None:
    await world.treat()
    fda = await route_of(world, FDA_ROUTE)
    report = await serious_report(world, seriousness=["death"], grade=5, outcome="fatal")
    case = await opened(world, fda, report)

    raw = await bytes_of(world, await filed(world, fda, case["case_id"]))

    assert texts(raw)["D.9.1"] == ["ASKU"]
    without = raw.replace(b'<deceasedTime nullFlavor="ASKU"/>', b"")
    found = check_document(without, Profile.FDA_PREMARKET, shipped_standard(), now=await world.now())
    assert ("D.9.1", "R0041") in {(one.element, one.rule) for one in found}


async def test_saf_24_a_warning_needs_a_signed_reason(world: World, report: str) -> None:
    route = await route_of(world)
    fatal = await serious_report(world, seriousness=["death"], grade=5, outcome="recovering")
    case = await opened(world, route, fatal)

    draft = await filed(world, route, case["case_id"])

    assert (draft["state"], {one["rule"] for one in draft["findings"]}) == ("draft", {"CON-DEATH"})
    path = f"/case-files/{draft['file_id']}"
    assert (await posted(world, f"{path}/sendings", {}, 409))["code"] == "transmission_not_ready"
    assert (await posted(world, f"{path}/validations", {"reason": ""}, 422))["code"] == "reason_required"
    assert (await posted(world, f"{path}/validations", {"reason": "Autopsy pending."}))[
        "state"
    ] == "validated"
    assert (await posted(world, f"{path}/sendings", {}))["state"] == "sent"


# what else must hold


async def test_the_investigators_suspicion_cannot_be_lost_by_product(world: World, report: str) -> None:
    route = await route_of(world)
    opinions = [
        {"report_id": report, "product": name, "source": "investigator", "value": "unrelated"}
        for name in ("Palbociclib", "Co-trimoxazole")
    ]
    body = {"route_id": route, "report_ids": [report], "content": content(report, opinions=opinions)}

    refused = await posted(world, "/cases", body, 409)

    assert refused["code"] == "investigator_causality_protected"


async def test_both_opinions_go_in_when_the_parties_differ(world: World, report: str) -> None:
    route = await route_of(world)
    opinions = [{"report_id": report, "product": "Palbociclib", "source": "sponsor", "value": "unrelated"}]
    case = await opened(world, route, report, opinions=opinions, products=[DRUG_A])

    said = texts(await bytes_of(world, await filed(world, route, case["case_id"])))

    assert said["G.k.9.i.2.r.1"] == ["Investigator", "Sponsor"]
    assert said["G.k.9.i.2.r.3"] == ["Probable", "Unrelated"]


async def test_an_opinion_recorded_by_product_goes_in_whatever_the_desk_entered(
    world: World, report: str
) -> None:
    route = await route_of(world)
    recorded = {
        "kind": "causality",
        "party": "investigator",
        "product": "example",
        "value": ["possible"],
        "reason": "Onset two days after the dose.",
    }
    answer = await world.investigator.post(f"/adverse-events/{report}/assessments", recorded)
    assert answer.status_code == 201, answer.text
    entered = {"report_id": report, "product": "Example", "source": "investigator", "value": "definite"}
    case = await opened(world, route, report, products=[DRUG_A | {"name": "Example"}], opinions=[entered])

    said = texts(await bytes_of(world, await filed(world, route, case["case_id"])))

    assert (said["G.k.9.i.2.r.1"], said["G.k.9.i.2.r.3"]) == (["Investigator"], ["Possible"])


async def test_a_report_belongs_to_one_case(world: World, report: str) -> None:
    route = await route_of(world)
    await opened(world, route, report)

    body = {"route_id": route, "report_ids": [report], "content": content(report)}

    assert (await posted(world, "/cases", body, 409))["code"] == "report_in_another_case"


async def test_a_case_of_two_participants_is_refused(world: World, report: str) -> None:
    await world.treat("participant-2", "EP01-012-0025")
    other = await serious_report(world, participant_number="EP01-012-0025")
    route = await route_of(world)
    body = {"route_id": route, "report_ids": [report, other], "content": content(report, other)}

    assert (await posted(world, "/cases", body, 422))["code"] == "case_of_several_participants"


async def test_what_was_sent_is_not_sent_twice(world: World, report: str) -> None:
    route = await route_of(world)
    case = await opened(world, route, report)
    body = {"route_id": route, "case_ids": [case["case_id"]]}
    await filed(world, route, case["case_id"])
    assert (await posted(world, "/case-files", body, 409))["code"] == "nothing_to_send"


async def test_no_event_tells_what_the_desk_wrote_or_who_it_is_about(world: World, report: str) -> None:
    route = await route_of(world)
    case = await opened(world, route, report, narrative="SECRET-NARRATIVE of Jane")
    await sent(world, route, case["case_id"])

    told = str(await world.running.published())

    assert case["number"] in told
    assert "SECRET" not in told
    assert "Palbociclib" not in told


async def test_the_page_for_print_runs_nothing_that_somebody_wrote(world: World, report: str) -> None:
    route = await route_of(world)
    hostile = "<script>alert(1)</script>\u202e &"
    case = await opened(world, route, report, narrative=hostile)

    page = await world.officer.get(f"/cases/{case['case_id']}/page", route_id=route)

    assert page.status_code == 200, page.text
    assert "<script>" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\u202e &amp;" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert case["number"] in page.text
