"""Obligations through the routes: proofs, refusals by recipients, endings, upgrades, hosted trials, simulations."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import format_instant

SERIOUS = {"term": "Fatigue", "grade": 2, "seriousness": ["hospitalisation"], "causality": "probable"}
DEATH = {"term": "Sepsis", "grade": 5, "outcome": "fatal", "seriousness": ["death"], "causality": "probable"}


async def obligations(world: Any, report_id: str) -> list[dict[str, Any]]:
    answer = await world.officer.get(f"/adverse-events/{report_id}/follow-up")
    found: list[dict[str, Any]] = answer.json()["obligations"]
    return found


async def send(world: Any, report_id: str, **replaced: Any) -> Any:
    body = {
        "recipients": ["MHRA"],
        "sent_at": format_instant(await world.now()),
        "reference": "portal 7",
        "receipt": "received",
        "file_sha256": "ab" * 32,
    } | replaced
    return await world.officer.post(f"/adverse-events/{report_id}/submissions", body)


async def test_a_report_sent_elsewhere_is_proved_by_time_reference_receipt_and_hash(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)

    incomplete: list[dict[str, Any]] = [
        {"reference": " "},
        {"receipt": ""},
        {"file_sha256": "no"},
        {"recipients": []},
    ]
    for missing in incomplete:
        assert (await send(world, receipt["report_id"], **missing)).status_code == 422
    later = format_instant(await world.now() + timedelta(hours=1))
    assert (await send(world, receipt["report_id"], sent_at=later)).json()["code"] == "time_in_future"
    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["open"]

    assert (await send(world, receipt["report_id"])).status_code == 201
    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["met"]
    (event,) = await world.running.published("safety.obligation.met.v1")
    assert (event["body"]["rule"], event["body"]["in_time"]) == ("uk.susar.other", True)


async def test_a_refused_report_opens_again_what_it_met_and_the_clock_never_stopped(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    (before,) = await obligations(world, receipt["report_id"])
    submission = (await send(world, receipt["report_id"])).json()["submission_id"]
    answer = {"accepted": False, "answered_at": format_instant(await world.now()), "reference": "NACK 1"}

    refused = await world.officer.post(f"/submissions/{submission}/answers", answer)
    again = await world.officer.post(f"/submissions/{submission}/answers", answer)

    assert (refused.status_code, refused.json()["state"]) == (201, "rejected")
    assert again.json()["code"] == "submission_already_answered"
    (after,) = await obligations(world, receipt["report_id"])
    assert (after["obligation_id"], after["state"], after["due_at"], after["met_at"]) == (
        *(before["obligation_id"], "open", before["due_at"], None),
    )


async def test_an_acknowledged_report_stays_met(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    submission = (await send(world, receipt["report_id"])).json()["submission_id"]

    answer = {"accepted": True, "answered_at": format_instant(await world.now()), "reference": "ACK"}
    taken = await world.officer.post(f"/submissions/{submission}/answers", answer)

    assert taken.json()["state"] == "acknowledged"
    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["met"]


async def test_a_late_report_meets_what_was_breached_and_both_times_stay(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    await world.move(await world.now() + timedelta(days=17))

    await send(world, receipt["report_id"])

    (late,) = await obligations(world, receipt["report_id"])
    assert (late["state"], late["in_time"]) == ("met", False)
    assert late["breached_at"] == late["due_at"]
    told = [event["type"] for event in await world.running.published() if "obligation" in event["type"]]
    assert told == [
        "safety.obligation.opened.v1",
        "safety.obligation.breached.v1",
        "safety.obligation.met.v1",
    ]


async def test_becoming_fatal_opens_a_second_obligation_and_never_moves_the_first(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    (first,) = await obligations(world, receipt["report_id"])
    await world.move(await world.now() + timedelta(days=2))

    amended = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/amendments",
        {"verbatim": "died", "aware_at": receipt["aware_at"], "reason": "died", **DEATH},
    )

    assert amended.status_code == 201, amended.text
    found = {one["rule"]: one for one in await obligations(world, receipt["report_id"])}
    assert found.keys() == {"uk.susar.other", "uk.susar.fatal"}
    assert found["uk.susar.other"]["due_at"] == first["due_at"]
    fatal = found["uk.susar.fatal"]
    assert fatal["day_0"] == str((await world.now()).date())
    assert fatal["due_at"] < first["due_at"]


async def test_an_obligation_ends_unmet_only_for_a_signed_reason_and_is_owed_anew_when_it_is_true_again(
    world: Any,
) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    (one,) = await obligations(world, receipt["report_id"])
    path = f"/obligations/{one['obligation_id']}/endings"
    view = {"kind": "causality", "party": "investigator"}
    route = f"/adverse-events/{receipt['report_id']}/assessments"
    await world.investigator.post(route, view | {"value": ["unrelated"], "reason": "virus found"})

    bare = await world.officer.post(path, {"reason": " "})
    ended = await world.officer.post(path, {"reason": "the investigator found another cause"})
    again = await world.officer.post(path, {"reason": "x"})

    assert bare.json()["code"] == "reason_required"
    assert (ended.json()["state"], ended.json()["ended_by"]) == ("void", "officer")
    assert again.json()["code"] == "obligation_ended"
    await world.move(await world.now() + timedelta(days=3))

    await world.investigator.post(route, view | {"value": ["probable"], "reason": "the virus was none"})

    anew = [one for one in await obligations(world, receipt["report_id"]) if one["state"] == "open"]
    assert [one["day_0"] for one in anew] == [str((await world.now()).date())]


async def test_what_was_ended_while_it_was_still_owed_does_not_come_back_by_itself(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    (one,) = await obligations(world, receipt["report_id"])
    await world.officer.post(
        f"/obligations/{one['obligation_id']}/endings", {"reason": "the same event as another report"}
    )

    await world.monitor.post(
        f"/adverse-events/{receipt['report_id']}/assessments",
        {"kind": "causality", "party": "sponsor", "value": ["possible"]},
    )

    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["void"]


async def test_a_cleared_report_owes_nothing(world: Any) -> None:
    receipt = await world.reported(by=world.officer, participant_number="typo", **SERIOUS)
    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["open"]

    for person in (world.officer, world.monitor):
        route = f"/adverse-events/{receipt['report_id']}/clearances"
        assert (await person.post(route, {"reason": "nobody of ours"})).status_code == 201

    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["void"]


async def test_an_event_of_a_hosted_trial_is_forwarded_to_its_sponsor_with_receipt_and_clock(
    quiet_world: Any, protocol_with: Any
) -> None:
    world, document = quiet_world, protocol_with()
    document["trial"] |= {"hosted": True, "legal_sponsor": "Big Pharma Ltd"}
    await world.open_trial(document)
    await world.treat()
    aware = await world.now() - timedelta(hours=3)

    receipt = await world.reported(**(SERIOUS | {"causality": "unrelated"}), aware_at=format_instant(aware))

    (one,) = await obligations(world, receipt["report_id"])
    assert (one["rule"], one["recipient"], one["due_date"]) == ("hosted.forward", "Big Pharma Ltd", None)
    assert one["due_at"] == format_instant(aware + timedelta(hours=24))
    await send(world, receipt["report_id"], recipients=["Big Pharma Ltd"])
    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["met"]


async def test_an_unanswered_seriousness_is_owed_from_its_first_day_once_a_day_is_over(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**(SERIOUS | {"seriousness": None}))
    day_0 = str((await world.now()).date())
    assert await obligations(world, receipt["report_id"]) == []

    await world.move(await world.now() + timedelta(hours=25))
    await world.running.run_timers()

    assert [one["day_0"] for one in await obligations(world, receipt["report_id"])] == [day_0]


async def test_an_answer_within_the_day_that_it_is_not_serious_leaves_nothing_owed(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**(SERIOUS | {"seriousness": None}))

    answer = await world.investigator.post(
        f"/adverse-events/{receipt['report_id']}/amendments",
        {
            **SERIOUS,
            "verbatim": "very tired",
            "onset": (await world.today()).isoformat(),
            "aware_at": receipt["aware_at"],
            "seriousness": [],
            "reason": "seen",
        },
    )

    assert answer.status_code == 201, answer.text
    assert await obligations(world, receipt["report_id"]) == []


async def test_if_aware_now_is_answered_without_writing_anything(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    await world.move(await world.now() + timedelta(days=5))
    await world.running.run_timers()
    before = await world.audited()

    path = f"/adverse-events/{receipt['report_id']}/simulations"
    found = (await world.officer.get(path, regime="us-ind")).json()

    (product,) = found["products"]
    (deadline,) = product["deadlines"]
    assert (product["event_class"], deadline["rule"]) == ("SUSAR", "us.ind.other")
    assert deadline["due_date"] == str((await world.now()).date() + timedelta(days=15))
    assert await world.audited() == before
    assert (await world.officer.get(path, regime="mars")).status_code == 404


async def test_a_later_approval_lists_what_would_have_been_and_changes_nothing(world: Any) -> None:
    await world.treat()
    receipt = await world.reported(**SERIOUS)
    shown = await obligations(world, receipt["report_id"])
    today = str((await world.now()).date())
    issued = {
        "trial": "EP01",
        "product": "example",
        "label": "2",
        "document": "IB 2",
        "issued_on": today,
        "entries": [{"term": "Fatigue", "max_grade": 3}],
    }
    reference = (await world.officer.post("/reference-versions", issued)).json()["reference_id"]
    approval = {"approved_on": today, "reference": "CTA"}
    approved = await world.officer.post(f"/reference-versions/{reference}/approvals", approval)
    twice = await world.officer.post(f"/reference-versions/{reference}/approvals", approval)

    found = await world.officer.get(f"/reference-versions/{reference}/differences", trial="EP01")

    assert (approved.json()["approved_on"], twice.json()["code"]) == (today, "reference_already_approved")
    assert found.json()["items"] == [
        {
            "report_id": receipt["report_id"],
            "product": "example",
            "derived": None,
            "by_this_version": True,
        }
    ]
    assert await obligations(world, receipt["report_id"]) == shown


@pytest.mark.parametrize(
    ("change", "code"),
    [({"product": "other"}, "reference_invalid"), ({"issued_on": "2099-01-01"}, "time_in_future")],
)
async def test_a_reference_version_that_cannot_be_is_refused(
    world: Any, change: dict[str, Any], code: str
) -> None:
    issued = {
        "trial": "EP01",
        "product": "example",
        "label": "1",
        "document": "IB",
        "issued_on": "2026-01-01",
        "entries": [],
    }

    answer = await world.officer.post("/reference-versions", issued | change)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await world.officer.post("/reference-versions", issued)).status_code == 201
    taken = await world.officer.post("/reference-versions", issued)
    assert taken.json()["code"] == "reference_label_taken"


async def test_a_first_dose_that_is_heard_of_later_changes_the_class_and_ends_nothing(world: Any) -> None:
    await world.tell(world.enrolment, world.registered())
    receipt = await world.reported(**SERIOUS, onset=str((await world.today()) - timedelta(days=2)))
    assert [one["state"] for one in await obligations(world, receipt["report_id"])] == ["open"]

    await world.tell(world.enrolment, world.first_dose("participant-1", at=await world.now()))

    shown = (await world.officer.get(f"/adverse-events/{receipt['report_id']}/follow-up")).json()
    assert [one["event_class"] for one in shown["classes"]] == ["SUSAR", "pre_treatment_sae"]
    assert [one["state"] for one in shown["obligations"]] == ["open"]
