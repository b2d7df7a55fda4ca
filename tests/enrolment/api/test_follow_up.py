"""Follow-up over HTTP: the schedule, the worklist, attempts and loss, mailings."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.clock import format_instant
from tests.enrolment.protocol_blocks import follow_up

DAY = timedelta(days=1)
FOLLOWED = follow_up("registration", 15)


def on(at: datetime) -> str:
    return str(at.date())


async def contact(trial: Any, participant: str, expect: int = 201, **body: Any) -> dict[str, Any]:
    whole = {"visit": "day-28", "day": 28, "outcome": "done", "happened_on": on(await trial.now())} | body
    path = f"/participants/{participant}/follow-up-contacts"
    answer = await trial.ok(trial.nurse(), path, whole, expect)
    recorded: dict[str, Any] = answer.json()
    return recorded


async def attempt(trial: Any, participant: str, channel: str, *, reached: bool = False) -> None:
    body = {"channel": channel, "attempted_at": format_instant(await trial.now()), "reached": reached}
    await trial.ok(trial.nurse(), f"/participants/{participant}/contact-attempts", body)


async def followed(world: Any, **replaced: Any) -> str:
    """A child of a trial with follow-up for fifteen years from registration."""
    await world.set_up(follow_up=FOLLOWED | replaced)
    return str((await world.enrol())["participant_id"])


# -- the schedule ---------------------------------------------------------------------------------------


async def test_fifteen_years_are_computed_and_nothing_of_them_is_stored_ahead(world: Any) -> None:
    participant = await followed(world)

    entries = await world.entries(participant)

    assert list(entries) == [("day-28", 28), *(("yearly", 365 * year) for year in range(1, 16))]
    assert set(entries.values()) == {"not_yet"}
    assert await world.rows("SELECT id FROM follow_up_contact") == []


async def test_an_entry_is_due_then_overdue_then_recorded_and_the_last_word_counts(world: Any) -> None:
    participant = await followed(world)
    await world.pass_time(28 * DAY)
    assert (await world.entries(participant))[("day-28", 28)] == "due"
    await world.pass_time(8 * DAY)
    assert (await world.entries(participant))[("day-28", 28)] == "overdue"

    missed = await contact(world, participant, outcome="missed")
    done = await contact(world, participant, happened_on=on(await world.now() - 3 * DAY))
    again = await contact(world, participant, happened_on=on(await world.now() - 3 * DAY))

    assert (missed["state"], missed["flags"]) == ("missed", [])
    assert (done["state"], done["flags"]) == ("done", ["corrects_earlier", "late_entry"])
    assert (again["already_recorded"], done["already_recorded"]) == (True, False)
    assert (await world.entries(participant))[("day-28", 28)] == "done"
    assert len(await world.rows("SELECT id FROM follow_up_contact")) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"day": 29}, 422, "follow_up_entry_unknown"),
        ({"visit": "elsewhere"}, 422, "follow_up_entry_unknown"),
        ({"outcome": "missed"}, 409, "follow_up_not_open"),
        ({"happened_on": "2199-01-01"}, 422, "time_in_future"),
    ],
)
async def test_what_cannot_be_true_of_an_entry_is_refused(
    world: Any, body: dict[str, Any], status: int, code: str
) -> None:
    participant = await followed(world)

    assert (await contact(world, participant, status, **body))["code"] == code


async def test_a_changed_protocol_version_changes_future_entries_only(world: Any) -> None:
    participant = await followed(world)
    await world.pass_time(400 * DAY)
    await contact(world, participant, visit="yearly", day=365)
    half_yearly = FOLLOWED["visits"][1] | {
        "every_days": 180,
        "from_days": 180,
        "until_days": 1800,
        "days_before": 0,
    }
    changed = FOLLOWED | {"visits": [FOLLOWED["visits"][0], half_yearly], "years": 5}

    await world.sponsor_says(
        world.approved("2.0", effective_at=await world.now() - timedelta(hours=1), follow_up=changed)
    )

    entries = (await world.shown(f"/participants/{participant}/follow-up"))["entries"]
    named = [(one["visit"], one["day"], one["protocol_version"], one["state"]) for one in entries]
    assert named[:4] == [
        ("day-28", 28, "1.0", "overdue"),
        ("yearly", 365, "1.0", "done"),
        ("yearly", 540, "2.0", "not_yet"),
        ("yearly", 720, "2.0", "not_yet"),
    ]


async def test_follow_up_from_the_end_of_treatment_begins_with_it(world: Any) -> None:
    await world.set_up(follow_up=follow_up("treatment_end", 1))
    participant = (await world.enrol())["participant_id"]
    await world.dose(participant)
    assert await world.entries(participant) == {}
    ended = {"ended_at": format_instant(await world.now()), "reason": "completed"}
    await world.ok(world.investigator(), f"/participants/{participant}/treatment-ends", ended)

    entries = await world.entries(participant)

    assert list(entries) == [("day-28", 28), ("yearly", 365)]
    assert (await world.stand(participant))["state"] == "follow_up"
    await world.pass_time(300 * DAY)
    await contact(world, participant, outcome="missed")
    await world.pass_time(70 * DAY)
    await contact(world, participant, visit="yearly", day=365)
    assert (await world.stand(participant))["state"] == "follow_up"  # its last window is still open
    await world.pass_time(60 * DAY)
    assert (await world.stand(participant))["state"] == "complete"


# -- the worklist ---------------------------------------------------------------------------------------


async def test_a_site_sees_its_own_list_and_the_trial_office_all_of_it(world: Any) -> None:
    first = await followed(world)
    second = (await world.enrol("034"))["participant_id"]
    await world.pass_time(30 * DAY)

    assert [one["participant_id"] for one in await world.worklist(world.nurse())] == [first]
    everything = await world.worklist()
    assert [one["participant_id"] for one in everything] == [first, second]
    assert [(one["visit"], one["state"], one["responsible"]) for one in everything] == [
        ("day-28", "due", "site")
    ] * 2
    soon = await world.worklist(until=on(await world.now() + 365 * DAY))
    assert [(one["visit"], one["state"]) for one in soon] == [("day-28", "due"), ("yearly", "not_yet")] * 2


async def test_the_worklist_is_paged_by_participant(world: Any) -> None:
    await followed(world)
    for _ in range(2):
        await world.enrol("034")
    await world.pass_time(36 * DAY)

    pages, cursor = [], ""
    while True:
        page = await world.shown("/follow-up-worklist", trial=world.code, limit="1", cursor=cursor)
        pages.append([one["participant_number"] for one in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert [len(page) for page in pages] == [1, 1, 1]
    assert len({number for page in pages for number in page}) == 3


async def test_follow_up_survives_the_closing_of_its_site(world: Any) -> None:
    participant = await followed(world)
    await world.sponsor_says(world.site_revoked("012"))
    await world.pass_time(28 * DAY)

    (task,) = await world.worklist()

    assert (task["site_number"], task["responsible"]) == ("012", "trial_office")
    body = {"visit": "day-28", "day": 28, "outcome": "done", "happened_on": on(await world.now())}
    await world.ok(world.manager, f"/participants/{participant}/follow-up-contacts", body)
    assert await world.worklist() == []


async def test_another_sites_participant_answers_like_none(world: Any) -> None:
    participant = await followed(world)
    other = world.investigator("034")

    for path in ("follow-up", "course", "plan-checks", "samples"):
        seen = await other.get(f"/participants/{participant}/{path}")
        unknown = await other.get(f"/participants/nobody/{path}")
        assert (seen.status_code, seen.json()["code"]) == (404, "not_found")
        assert unknown.json() | {"request_id": ""} == seen.json() | {"request_id": ""}
    for path, body in (
        ("contact-attempts", {"channel": "letter", "attempted_at": "2026-01-01T00:00:00Z", "reached": False}),
        ("deaths", {"died_on": "2026-01-01", "cause": "other"}),
        ("losses", {}),
    ):
        assert (await other.post(f"/participants/{participant}/{path}", body)).status_code == 404


# -- loss -----------------------------------------------------------------------------------------------


async def test_a_loss_needs_the_protocols_attempts_and_any_contact_ends_it(world: Any) -> None:
    participant = await followed(world)
    for channel in ("telephone", "telephone"):
        await world.pass_time(DAY)
        await attempt(world, participant, channel)
    too_soon = await world.nurse().post(f"/participants/{participant}/losses", {})
    await world.pass_time(DAY)
    await attempt(world, participant, "letter")

    await world.ok(world.nurse(), f"/participants/{participant}/losses", {})

    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "loss_not_established")
    assert (too_soon.json()["attempts"], too_soon.json()["channels"]) == (2, ["telephone"])
    assert (await world.stand(participant))["state"] == "ltfu"
    (lost,) = await world.running.published("enrolment.participant.lost.v1")
    assert (lost["body"]["attempts"], lost["body"]["channels"]) == (3, ["letter", "telephone"])
    again = await world.nurse().post(f"/participants/{participant}/losses", {})
    assert again.json()["code"] == "lost_already"
    await world.pass_time(27 * DAY)
    await contact(world, participant)
    (found,) = await world.running.published("enrolment.participant.found.v1")
    assert found["body"]["by"] == "follow_up_contact"
    view = await world.shown(f"/participants/{participant}/follow-up")
    assert (view["standing"]["state"], view["losses"][0]["found_by"]) == ("allocated", "follow_up_contact")
    assert len(view["attempts"]) == 3


async def test_an_attempt_that_succeeds_ends_a_loss_and_an_older_visit_does_not(world: Any) -> None:
    participant = await followed(world)
    await world.pass_time(40 * DAY)
    for channel in ("telephone", "email", "letter"):
        await attempt(world, participant, channel)
    await world.ok(world.nurse(), f"/participants/{participant}/losses", {})

    await contact(world, participant, happened_on=on(await world.now() - 10 * DAY))
    still = (await world.stand(participant))["state"]
    await attempt(world, participant, "telephone", reached=True)

    assert (still, (await world.stand(participant))["state"]) == ("ltfu", "allocated")


async def test_a_protocol_that_says_nothing_about_loss_establishes_none(world: Any) -> None:
    participant = await followed(world, lost=None)

    answer = await world.nurse().post(f"/participants/{participant}/losses", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "loss_not_established")


# -- mailings -------------------------------------------------------------------------------------------


async def mail(world: Any, screening: str) -> Any:
    body = {"mailing": "invitation", "sent_on": on(await world.now())}
    return await world.nurse().post(f"/screenings/{screening}/mailings", body)


async def check(world: Any, screening: str, result: str = "no_death_found") -> None:
    body = {"checked_on": on(await world.now()), "result": result}
    await world.ok(world.nurse(), f"/screenings/{screening}/death-checks", body)


async def test_nobody_is_invited_without_a_check_for_deaths_and_nobody_after_an_opt_out(world: Any) -> None:
    await world.set_up(kind="survivor_cohort")
    screening = (await world.screen())["screening_id"]
    assert (await mail(world, screening)).json()["code"] == "death_check_required"
    await check(world, screening)
    assert (await mail(world, screening)).status_code == 201
    await world.pass_time(31 * DAY)
    assert (await mail(world, screening)).json()["code"] == "death_check_required"
    await check(world, screening, "death_found")
    assert (await mail(world, screening)).json()["code"] == "death_check_required"
    await check(world, screening)
    for _ in range(2):
        await world.ok(world.nurse(), f"/screenings/{screening}/opt-outs", {})

    refused = await mail(world, screening)

    assert (refused.status_code, refused.json()["code"]) == (409, "opted_out")
    view = await world.shown(f"/screenings/{screening}/mailings")
    assert ([one["mailing"] for one in view["mailings"]], view["refused"]) == (["invitation"], True)
    assert len(view["checks"]) == 3


async def test_an_opt_out_follows_the_person_into_a_later_screening(world: Any) -> None:
    await world.set_up(kind="survivor_cohort")
    month = {"year": 2015, "month": 5}
    body = {"trial": world.code, "part": world.part, "site_number": "012", "born": month}
    first = (await world.ok(world.nurse(), "/screenings", body)).json()["screening_id"]
    await world.ok(world.nurse(), f"/screenings/{first}/opt-outs", {})
    await world.ok(world.investigator(), f"/screenings/{first}/failures", {"reason_code": "withdrew"})
    second = (await world.ok(world.nurse(), "/screenings", body | {"previous_screening_id": first})).json()
    await check(world, second["screening_id"])

    assert (await mail(world, second["screening_id"])).json()["code"] == "opted_out"


async def test_the_protocol_says_for_how_long_a_check_for_deaths_holds(world: Any) -> None:
    participant = await followed(world, death_check_days=7)
    screening = (await world.shown(f"/participants/{participant}"))["participant"]["screening_id"]
    await check(world, screening)
    await world.pass_time(8 * DAY)

    answer = await mail(world, screening)

    assert answer.json()["code"] == "death_check_required"


async def test_an_opt_out_cancels_questionnaires_for_ever(world: Any) -> None:
    await world.set_up(kind="survivor_cohort")
    participant = (await world.enrol())["participant_id"]
    screening = (await world.shown(f"/participants/{participant}"))["participant"]["screening_id"]

    await world.ok(world.nurse(), f"/screenings/{screening}/opt-outs", {})

    assert set((await world.entries(participant)).values()) == {"cancelled"}
    assert (await world.stand(participant))["mailings_refused"] is True


# -- without treatment ----------------------------------------------------------------------------------


async def test_interviews_of_a_qualitative_study_are_follow_up_without_treatment(world: Any) -> None:
    await world.set_up(kind="qualitative")
    participant = (await world.enrol())["participant_id"]
    assert (await world.stand(participant))["state"] == "follow_up"
    await world.pass_time(28 * DAY)

    recorded = await contact(world, participant, outcome="refused")

    assert recorded["state"] == "refused"
    entries = (await world.shown(f"/participants/{participant}/follow-up"))["entries"]
    assert {entry["kind"] for entry in entries} == {"interview"}
