"""Central monitoring of a trial from what the other services announced (S15): numbers, method and words."""

import pytest

from tests.sponsor.office import Json, Office, refused, shown

PART = "escalation"


@pytest.fixture
def protocol(protocol: Json) -> Json:
    """The example with a plan of monitoring."""
    limits = [{"limit": "not_evaluable", "above": "0.10"}]
    return protocol | {"monitoring": {"accrual_per_month": "1.5", "tolerance_limits": limits}}


async def monitoring(office: Office) -> Json:
    return shown(await office.statistician.get("/monitoring", trial=office.trial_id))


def found(listed: list[Json], name: str) -> Json:
    return next(one for one in listed if one["id"] == name)


async def test_the_site_that_reports_too_few_events_is_red_with_its_numbers_and_its_words(
    office: Office,
) -> None:
    heard = office.network
    sites = ["012", *(f"{number:03}" for number in range(101, 106))]
    for site in sites:
        person = (await office.enrol(PART, 1, 1))[0]
        await heard.hear(heard.transferred(person, site))
        for number in range(1 if site == "012" else 7):
            await heard.hear(heard.adverse_event(f"{site}-{number}", person, site_number=site))

    answer = await monitoring(office)

    first = found(answer["indicators"], "K1")
    site = first["sites"][0]
    assert (first["state"], site["site_number"], site["state"]) == ("red", "012", "red")
    assert (site["events"], round(site["expected"], 1), site["tails"]["side"]) == (1, 6.0, "low")
    assert round(site["tails"]["p"], 4) == 0.0099
    assert "P = 0.0099 of so few." in site["words"]
    assert first["method"].startswith("Mid-p Poisson tails")
    assert {one["state"] for one in first["sites"][1:]} == {"none"}
    assert found(answer["indicators"], "K2")["state"] == "insufficient_data"
    assert found(answer["indicators"], "K9")["state"] == "no_source"


async def test_two_of_ten_not_evaluable_warn_early_where_the_protocol_allows_ten_per_cent(
    office: Office,
) -> None:
    people = await office.enrol(PART, 1, 10)
    await office.judge(people[:2], "not_evaluable", PART, 1)
    await office.judge(people[2:], "no_dlt", PART, 1)

    limit = found((await monitoring(office))["tolerance_limits"], "not_evaluable")

    assert (limit["x"], limit["n"], limit["limit"]) == (2, 10, 0.1)
    assert (limit["state"], round(limit["posterior"], 3)) == ("early_warning", 0.857)
    assert limit["words"] == "2 of 10: P(p > 0.1) = 0.857. Early warning."


async def test_a_new_trial_has_too_little_to_say_and_nothing_is_flagged(office: Office) -> None:
    answer = await monitoring(office)

    assert {one["state"] for one in answer["indicators"]} == {"insufficient_data", "no_source"}
    assert {one["state"] for one in answer["tolerance_limits"]} <= {
        "insufficient_data",
        "no_limit",
        "no_source",
    }
    assert [one["site_number"] for one in answer["sites"]] == ["012"]
    assert (answer["accrual"]["registered"], answer["accrual"]["planned"]) == (0, 1.5)


async def test_screenings_and_their_failures_are_counted_by_site_and_reason(office: Office) -> None:
    heard = office.network
    for number in range(4):
        await heard.hear(heard.screened(f"s{number}"))
    await heard.hear(heard.screening_failed("s1", "eligibility"), heard.screening_failed("s2", "no_place"))

    answer = await monitoring(office)

    [site] = answer["sites"]
    assert (site["screened"], site["failed"]) == (4, {"eligibility": 1, "no_place": 1})
    [share] = found(answer["indicators"], "K7")["sites"]
    assert (share["x"], share["n"], share["state"]) == (2, 4, "insufficient_data")


async def test_voided_registrations_and_cleared_reports_count_nowhere(office: Office) -> None:
    heard = office.network
    [person] = await office.enrol(PART, 1, 1)
    await heard.hear(heard.adverse_event("r1", person), heard.adverse_event("r2", None))
    await heard.hear(heard.adverse_event("r2", None, version=2, matched="cleared"))
    [before] = found((await monitoring(office))["indicators"], "K1")["sites"]
    await heard.hear(heard.voided(person))

    answer = await monitoring(office)

    assert before["events"] == 1
    [after] = found(answer["indicators"], "K1")["sites"]
    assert (after["events"], after["exposure"], answer["accrual"]["registered"]) == (0, 0, 0)


async def test_how_late_a_report_came_is_of_its_first_version_alone(office: Office) -> None:
    heard = office.network
    [person] = await office.enrol(PART, 1, 1)
    serious = {"serious": True, "seriousness": ["hospitalisation"]}
    await heard.hear(heard.adverse_event("r1", person, **serious))
    for version in range(2, 27):
        await heard.hear(heard.adverse_event("r1", person, version=version, **serious))

    answer = await monitoring(office)

    [late] = found(answer["indicators"], "K4")["sites"]
    [lag] = found(answer["indicators"], "K3")["sites"]
    assert (late["x"], late["n"]) == (0, 1)
    assert (lag["values"], lag["median"], lag["state"]) == (1, 1, "insufficient_data")
    assert "the protocol states no target" in lag["words"]


async def test_the_monitoring_of_another_trial_is_not_found(office: Office) -> None:
    stranger = office.running.person("stranger", "trial_manager:EP99:*")

    refused(await stranger.get("/monitoring", trial=office.trial_id), 404, "not_found")
