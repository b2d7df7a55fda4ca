"""Registrations: what is kept of each attempt, and what is said."""

from typing import Any


async def test_a_refusal_names_every_failing_guard_and_is_kept_with_its_inputs(
    trial: Any, codes_of: Any
) -> None:
    screening_id = (await trial.screen())["screening_id"]
    slot_id = await trial.reserve(screening_id)
    rows = await trial.running.audit_rows()

    answer = await trial.register(screening_id, slot_id)

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert codes_of(answer) == [
        "consent_missing",
        "assent_decision_required",
        "eligibility_incomplete",
        "judgement_missing",
    ]
    assert answer.json()["code"] == "consent_missing"
    kept = (
        await trial.investigator().get(f"/registrations/{answer.json()['registration_id']}/guards")
    ).json()
    assert (kept["code"], kept["participant_id"]) == ("consent_missing", None)
    assert [one["number"] for one in kept["results"]] == [1, 2, *range(3, 11), 10, 11, 12, 12, *range(13, 25)]
    assert all(one["inputs"] for one in kept["results"] if one["number"] not in (22,))
    actions = [row[0] for row in await trial.rows("SELECT action FROM audit ORDER BY id")][rows:]
    assert actions == ["age.stated", "registration.refused"]


async def test_a_refusal_is_not_kept_under_its_idempotency_key(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    body = {"screening_id": screening_id, "slot_id": slot_id}
    await trial.sponsor_says(trial.halt("halt-1"))
    refused = await trial.investigator().post("/registrations", body, key="one-key")
    await trial.sponsor_says(trial.lifted("halt-1"))

    answer = await trial.investigator().post("/registrations", body, key="one-key")
    again = await trial.investigator().post("/registrations", body, key="one-key")

    assert (refused.status_code, answer.status_code) == (409, 201)
    assert again.content == answer.content
    assert (await trial.types()).count("participant.registered") == 1


async def test_the_results_of_a_success_are_kept_too(trial: Any) -> None:
    registered = await trial.enrol()

    kept = (await trial.manager.get(f"/registrations/{registered['registration_id']}/guards")).json()

    assert (kept["code"], kept["participant_id"]) == ("", registered["participant_id"])
    assert all(one["passed"] for one in kept["results"])
    cohort = next(one for one in kept["results"] if one["guard"] == "cohort")
    assert (cohort["inputs"]["cell"], cohort["inputs"]["output"]) == ([0, 0, 0], "same")
    assert registered["rule_cell"] == "n=0 dlt=0 pending=0: same"


async def test_a_screening_that_changed_since_it_was_read_is_not_registered(
    trial: Any, codes_of: Any
) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    version = (await trial.investigator().get(f"/screenings/{screening_id}")).json()["version"]
    await trial.eligible(screening_id)

    answer = await trial.register(screening_id, slot_id, version=version)

    assert codes_of(answer) == ["version_conflict"]
    answer = await trial.register(
        screening_id, slot_id, version=version + 2
    )  # the refusal kept an age statement
    assert answer.status_code == 201, answer.text


async def test_a_registered_child_cannot_be_registered_again(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.register(screening_id, slot_id)

    answer = await trial.register(screening_id, slot_id)

    assert (answer.status_code, answer.json()["code"]) == (409, "screening_ended")


async def test_numbers_are_issued_here_and_never_taken(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    answer = await trial.register(screening_id, slot_id, participant_number="EP01-012-0078")

    assert answer.status_code == 422
    numbers = [(await trial.enrol(site))["participant_number"] for site in ("012", "012", "034")]
    assert [number[:12] for number in numbers] == ["EP01-012-001", "EP01-012-002", "EP01-034-001"]


async def test_an_unknown_slot_or_screening_is_not_found(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)

    assert (await trial.register(screening_id, "unknown")).status_code == 404
    assert (await trial.register("unknown", slot_id)).status_code == 404


async def test_the_recruitment_cap_of_a_site_is_kept(trial: Any, codes_of: Any) -> None:
    await trial.sponsor_says(trial.green_lit("012", "1.0", 1))
    await trial.enrol("012")
    screening_id = await trial.ready("012")

    answer = await trial.register(screening_id, await trial.reserve(screening_id))

    assert codes_of(answer) == ["cap_reached"]


async def test_everything_that_changed_has_one_audit_row_and_the_chains_hold(trial: Any) -> None:
    registered = await trial.enrol()
    await trial.authorise(registered["participant_id"])
    await trial.dose(registered["participant_id"])
    await trial.sponsor_says(trial.halt("halt-1"), trial.lifted("halt-1"))

    audit = (await trial.running.operator.get("/delivery/audit")).json()

    assert audit["ok"] is True
    events = await trial.rows("SELECT count(*) FROM outbox")
    announced = await trial.rows("SELECT count(*) FROM audit WHERE event_id IS NOT NULL")
    assert announced[0][0] == events[0][0]
    roles = await trial.rows(
        "SELECT DISTINCT actor_role FROM audit WHERE action = 'enrolment.participant.registered.v1'"
    )
    assert [row[0] for row in roles] == ["site_investigator"]


async def test_nothing_that_names_a_child_is_published(trial: Any) -> None:
    registered = await trial.enrol()
    await trial.dose(registered["participant_id"])

    told = str(await trial.running.published())

    assert "born" not in told
    assert "birth" not in told


async def test_the_screening_target_leaves_no_room_for_more(world: Any) -> None:
    document = world.approved()[0].protocol.model_dump(mode="json", by_alias=True)
    parts = [part | ({"target": 1} if part["part"] == "escalation" else {}) for part in document["parts"]]
    await world.set_up(parts=parts)
    await world.ready()

    answer = await world.investigator().post(
        "/screenings",
        {"trial": "EP01", "part": "escalation", "site_number": "012", "born": {"year": 2013, "month": 1}},
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "target_reached")
