"""Why was this trial halted for six hours? One page from the event log alone (issue 6, Done 5)."""

from datetime import datetime, timedelta

from services.sponsor.domain.halt_story import duration_in_words
from shared.clock import format_instant
from tests.sponsor.office import Json, Office, created, refused, shown

PART = "escalation"


async def halted_for_six_hours(office: Office) -> Json:
    """Two toxicities, a halt of the level, receipts of both sites, and restart after six hours by two people."""
    await office.add_site("034")
    await office.green_light()
    decision = await office.decide(PART, "open_level", 1, 6)
    people = await office.enrol(PART, 1, 3, decision=decision)
    await office.judge(people[:2], "dlt", PART, 1)
    body = {
        "trial_id": office.trial_id,
        "scope": {"part": PART, "recruitment": True, "dosing": True},
        "reason_code": "two_dlts_at_level_1",
    }
    halt = created(await office.monitor.post("/halts", body))
    path = f"/halts/{halt['halt_id']}"
    for site, role in (("012", "pharmacist"), ("034", "site_nurse"), ("012", "site_nurse")):
        person = office.person(f"{role}-{site}", role, site)
        created(await person.post(f"{path}/receipts", {"site_number": site}))
    created(await office.chair.post(f"{path}/plans", {"plan": "Treatment of three children is interrupted."}))
    asked = {"reason": "Both resolved, doses were as planned.", "evidence_id": "report-17"}
    created(await office.chair.post(f"{path}/lift-requests", asked))
    at = datetime.fromisoformat(halt["imposed_at"]) + timedelta(hours=6, seconds=5)
    await office.running.move_clock(format_instant(at))
    created(await office.monitor.post(f"{path}/lift-approvals"))
    return halt


async def test_the_story_of_a_halt_names_everybody_the_reason_the_receipts_and_how_long_it_lasted(
    office: Office,
) -> None:
    halt = await halted_for_six_hours(office)

    story = shown(await office.quality.get(f"/halts/{halt['halt_id']}/provenance"))

    imposed, lifted = story["imposed"], story["lifted"]
    assert (imposed["by"], imposed["role"], imposed["reason_code"]) == (
        "monitor",
        "medical_monitor",
        "two_dlts_at_level_1",
    )
    assert (imposed["part"], imposed["recruitment"], imposed["dosing"]) == (PART, True, True)
    assert (story["plan"]["by"], story["plan"]["plan"]) == (
        "chair",
        "Treatment of three children is interrupted.",
    )
    [asked] = story["lift_requests"]
    assert (asked["by"], asked["evidence_id"]) == ("chair", "report-17")
    assert (lifted["by"], lifted["role"]) == ("monitor", "medical_monitor")
    assert (story["lasted"], story["lasted_seconds"] // 60) == ("6 hours", 360)
    assert [(one["site_number"], one["role"]) for one in story["receipts"]] == [
        ("012", "pharmacist"),
        ("034", "site_nurse"),
    ]
    kinds = [one["type"] for one in story["nearby"]]
    assert "sponsor.cohort.held.v1" in kinds
    assert kinds.count("sponsor.dose-decision.signed.v1") == 1


async def test_the_page_of_a_halt_prints_the_same_and_loads_nothing(office: Office) -> None:
    halt = await halted_for_six_hours(office)

    answer = await office.chair.get(f"/halts/{halt['halt_id']}/provenance.html")

    page = answer.text
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for said in (
        "Why was EP01 halted for 6 hours?",
        "two_dlts_at_level_1",
        "monitor as medical monitor",
        "Treatment of three children is interrupted.",
        "evidence report-17",
        "pharmacist-012",
        "site_nurse-034",
    ):
        assert said in page
    assert not any(mark in page for mark in ("<script", "src=", "href=", "url(", "http"))


async def test_a_halt_in_force_says_so_and_that_nobody_has_received_it(office: Office) -> None:
    body = {
        "trial_id": office.trial_id,
        "scope": {"recruitment": True, "dosing": False},
        "reason_code": "x",
    }
    halt = created(await office.monitor.post("/halts", body))

    page = (await office.chair.get(f"/halts/{halt['halt_id']}/provenance.html")).text

    assert "Why is EP01 halted?" in page
    assert "The halt is in force." in page
    assert "None has said so." in page


async def test_a_site_receives_for_itself_alone(office: Office) -> None:
    body = {
        "trial_id": office.trial_id,
        "scope": {"recruitment": True, "dosing": False},
        "reason_code": "x",
    }
    halt = created(await office.monitor.post("/halts", body))
    path = f"/halts/{halt['halt_id']}/receipts"

    elsewhere = await office.person("nurse", "site_nurse", "034").post(path, {"site_number": "012"})
    nowhere = await office.person("nurse", "site_nurse").post(path, {"site_number": "099"})

    refused(elsewhere, 404, "not_found")
    refused(nowhere, 422, "site_unknown")


def test_how_long_it_lasted_is_said_in_whole_units() -> None:
    said = {
        timedelta(hours=6, seconds=59): "6 hours",
        timedelta(days=1, hours=2, minutes=1): "1 day 2 hours 1 minute",
        timedelta(seconds=12): "less than a minute",
    }

    assert {lasted: duration_in_words(lasted) for lasted in said} == said
