"""Referrals: sent, acknowledged, decided, replied; seen by the two sites concerned and by nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant


async def body_of(trial: Any, **changed: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "trial": "EP01",
        "site_number": "012",
        "from_site_number": "034",
        "organisation": "Example Children's Hospital",
        "contact_reference": "oncology-secretary",
        "age_years": 7,
        "condition": "neuroblastoma",
        "part": "escalation",
        "urgency": "urgent",
        "sent_at": format_instant(await trial.now() - timedelta(hours=3)),
    }
    return {name: value for name, value in (body | changed).items() if value is not None}


async def referred(trial: Any, **changed: Any) -> dict[str, Any]:
    answer = await trial.ok(trial.nurse("034"), "/referrals", await body_of(trial, **changed))
    referral: dict[str, Any] = answer.json()
    return referral


async def test_a_referral_goes_from_sender_to_reply(trial: Any) -> None:
    referral = await referred(trial)
    path = f"/referrals/{referral['id']}"
    screening = (await trial.screen("012"))["screening_id"]

    seen = (await trial.ok(trial.nurse("012"), f"{path}/acknowledgements")).json()
    outcome = {"outcome": "screening_started", "screening_id": screening}
    decided = (await trial.ok(trial.nurse("012"), f"{path}/outcomes", outcome)).json()
    sent = {"by_way_of": "letter", "sent_at": format_instant(await trial.now())}
    replied = (await trial.ok(trial.nurse("012"), f"{path}/replies", sent)).json()

    states = [one["state"] for one in (referral, seen, decided, replied)]
    assert states == ["received", "acknowledged", "decided", "replied"]
    assert (replied["outcome"], replied["reply_by_way_of"]) == ("screening_started", "letter")
    assert replied["screening_id"] == screening
    assert replied["acknowledged_at"]
    assert replied["reply_sent_at"]


async def test_the_senders_site_sees_the_outcome_and_the_reply_but_not_the_screening(trial: Any) -> None:
    referral = await referred(trial)
    path = f"/referrals/{referral['id']}"
    outcome = {"outcome": "screening_started", "screening_id": (await trial.screen("012"))["screening_id"]}
    await trial.ok(trial.nurse("012"), f"{path}/outcomes", outcome)

    shown = {site: (await trial.nurse(site).get(path)).json() for site in ("012", "034")}

    assert shown["012"]["screening_id"] == outcome["screening_id"]
    assert (shown["034"]["outcome"], shown["034"]["screening_id"]) == ("screening_started", None)


async def test_a_third_site_sees_no_referral_at_all(trial: Any) -> None:
    referral = await referred(trial)

    foreign = await trial.nurse("056").get(f"/referrals/{referral['id']}")
    absent = await trial.nurse("056").get("/referrals/01993f6e-0000-7000-8000-00000000ffff")

    assert foreign.status_code == absent.status_code == 404
    assert foreign.json() | {"request_id": ""} == absent.json() | {"request_id": ""}
    listed = {
        site: (await trial.nurse(site).get("/referrals", trial="EP01")).json()["items"]
        for site in ("012", "034", "056")
    }
    assert [len(listed[site]) for site in ("012", "034", "056")] == [1, 1, 0]
    for act in ("acknowledgements", "outcomes", "replies"):
        bodies = {
            "outcomes": {"outcome": "no_place"},
            "replies": {"by_way_of": "letter", "sent_at": format_instant(await trial.now())},
        }
        for site in ("034", "056"):  # only the receiving site acts on it
            answer = await trial.nurse(site).post(f"/referrals/{referral['id']}/{act}", bodies.get(act))
            assert answer.status_code == 404


async def test_a_referral_from_outside_is_entered_by_the_site_that_received_it(trial: Any) -> None:
    body = await body_of(trial, from_site_number=None, age_years=None, birth_year=2019, part=None)

    answer = await trial.ok(trial.nurse("012"), "/referrals", body)

    assert (answer.json()["from_site_number"], answer.json()["birth_year"]) == ("", 2019)
    assert (await trial.nurse("034").post("/referrals", body)).status_code == 404
    assert (await trial.nurse("034").get("/referrals", trial="EP01")).json()["items"] == []


async def test_events_tell_neither_sender_nor_patient(trial: Any) -> None:
    referral = await referred(trial)
    path = f"/referrals/{referral['id']}"
    await trial.ok(trial.nurse("012"), f"{path}/outcomes", {"outcome": "not_suitable"})
    sent = {"by_way_of": "telephone", "sent_at": format_instant(await trial.now())}
    await trial.ok(trial.nurse("012"), f"{path}/replies", sent)

    events = [it for it in await trial.running.published() if it["type"].startswith("enrolment.referral.")]

    assert [it["type"] for it in events] == [
        "enrolment.referral.received.v1",
        "enrolment.referral.replied.v1",
    ]
    assert events[1]["body"]["outcome"] == "not_suitable"
    for revealing in ("Example", "secretary", "neuroblastoma", "age", '"034"'):
        assert revealing not in str([it["body"] for it in events])


@pytest.mark.parametrize("outcome", ["not_suitable", "no_place", "elsewhere", "withdrawn"])
async def test_an_outcome_is_final(trial: Any, outcome: str) -> None:
    path = f"/referrals/{(await referred(trial))['id']}/outcomes"
    await trial.ok(trial.nurse("012"), path, {"outcome": outcome})

    again = await trial.nurse("012").post(path, {"outcome": "waiting"})

    assert (again.status_code, again.json()["code"]) == (409, "referral_closed")


async def test_one_that_waits_is_replied_decided_anew_and_replied_again(trial: Any) -> None:
    path = f"/referrals/{(await referred(trial))['id']}"
    sent = {"by_way_of": "email", "sent_at": format_instant(await trial.now())}
    nurse = trial.nurse("012")
    early = await nurse.post(f"{path}/replies", sent)
    await trial.ok(nurse, f"{path}/outcomes", {"outcome": "waiting"})
    await trial.ok(nurse, f"{path}/replies", sent)
    twice = await nurse.post(f"{path}/replies", sent)
    await trial.ok(nurse, f"{path}/outcomes", {"outcome": "no_place"})

    replied = await trial.ok(nurse, f"{path}/replies", sent)

    assert [early.json()["code"], twice.json()["code"]] == ["referral_undecided"] * 2
    assert replied.json()["outcome"] == "no_place"


async def test_it_is_acknowledged_once_and_a_decision_acknowledges(trial: Any) -> None:
    path = f"/referrals/{(await referred(trial))['id']}"
    decided = await trial.ok(trial.nurse("012"), f"{path}/outcomes", {"outcome": "waiting"})

    again = await trial.nurse("012").post(f"{path}/acknowledgements")

    assert decided.json()["acknowledged_at"]
    assert (again.status_code, again.json()["code"]) == (409, "referral_acknowledged_already")


async def test_a_screening_belongs_to_the_receiving_site_and_to_one_referral(trial: Any) -> None:
    first, second = [f"/referrals/{(await referred(trial))['id']}/outcomes" for _ in range(2)]
    theirs, own = [(await trial.screen(site))["screening_id"] for site in ("034", "012")]

    def started(screening_id: str) -> dict[str, str]:
        return {"outcome": "screening_started", "screening_id": screening_id}

    assert (await trial.nurse("012").post(first, started(theirs))).status_code == 404
    assert (await trial.nurse("012").post(first, started("nothing"))).status_code == 404
    await trial.ok(trial.nurse("012"), first, started(own))
    again = await trial.nurse("012").post(second, started(own))
    assert (again.status_code, again.json()["code"]) == (409, "referral_closed")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"contact_reference": "tel-02079460000"}, "identifier_in_text"),
        ({"organisation": "Ward 943 476 5919"}, "identifier_in_text"),
        ({"site_number": "999"}, "site_unknown"),
        ({"site_number": "034"}, "site_unknown"),
        ({"part": "phase-two"}, "part_unknown"),
        ({"birth_year": 2019}, "invalid_body"),
        ({"condition": "Neuroblastoma 2019"}, "invalid_body"),
        ({"name": "Alex"}, "invalid_body"),
        ({"outcome": "waiting"}, "invalid_body"),
    ],
)
async def test_what_is_not_taken_is_refused_and_not_repeated(trial: Any, changed: Any, code: str) -> None:
    answer = await trial.nurse("034").post("/referrals", await body_of(trial, **changed))

    assert answer.status_code == 422
    if code != "invalid_body":
        assert answer.json()["code"] == code
    assert str(next(iter(changed.values()))) not in answer.text


async def test_a_time_in_the_future_is_refused(trial: Any) -> None:
    ahead = format_instant(await trial.now() + timedelta(hours=1))
    path = f"/referrals/{(await referred(trial))['id']}"
    await trial.ok(trial.nurse("012"), f"{path}/outcomes", {"outcome": "waiting"})

    sent = await trial.nurse("034").post("/referrals", await body_of(trial, sent_at=ahead))
    replied = await trial.nurse("012").post(f"{path}/replies", {"by_way_of": "email", "sent_at": ahead})

    assert [sent.json()["code"], replied.json()["code"]] == ["time_in_future"] * 2


@pytest.mark.parametrize(
    "body", [{"outcome": "screening_started"}, {"outcome": "waiting", "screening_id": "x"}]
)
async def test_a_screening_is_named_with_its_outcome_and_no_other(trial: Any, body: Any) -> None:
    path = f"/referrals/{(await referred(trial))['id']}/outcomes"

    assert (await trial.nurse("012").post(path, body)).status_code == 422


async def test_referrals_are_listed_a_page_at_a_time_and_by_state(trial: Any) -> None:
    made = [(await referred(trial))["id"] for _ in range(3)]
    await trial.ok(trial.nurse("012"), f"/referrals/{made[1]}/acknowledgements")
    nurse = trial.nurse("012")

    first = (await nurse.get("/referrals", trial="EP01", limit=2)).json()
    second = (await nurse.get("/referrals", trial="EP01", limit=2, cursor=first["next_cursor"])).json()
    unseen = (await nurse.get("/referrals", trial="EP01", state="received")).json()

    assert [it["id"] for it in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None
    assert [it["id"] for it in unseen["items"]] == [made[0], made[2]]
    assert (await nurse.get("/referrals", trial="EP01", state="lost")).status_code == 422
