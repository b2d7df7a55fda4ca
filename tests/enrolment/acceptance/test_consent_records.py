"""Uses of samples by themselves, and consents that were recorded wrongly."""

from typing import Any

from shared.clock import format_instant
from tests.enrolment.consents import OWN, sign


async def register(trial: Any, screening_id: str) -> Any:
    slot_id = await trial.reserve(screening_id) if trial.has_levels else None
    return await trial.register(screening_id, slot_id)


# -- uses of samples ------------------------------------------------------------------------------------


async def test_each_use_of_samples_is_consented_to_by_itself_and_may_change_later(world: Any) -> None:
    trial = world
    await trial.set_up(kind="sample_study")
    screening_id = (await trial.screen())["screening_id"]
    uses = {"this-study": True, "later-studies": False}
    await sign(trial, f"/screenings/{screening_id}", sample_uses=uses)
    await trial.assent(screening_id)
    await trial.eligible(screening_id)
    participant = (await register(trial, screening_id)).json()["participant_id"]
    path = f"/participants/{participant}"
    change = {"uses": {"later-studies": True}, "decided_at": format_instant(await trial.now())}

    await trial.ok(trial.nurse(), f"{path}/sample-use-changes", change)

    shown = (await trial.nurse().get(f"{path}/consents")).json()["sample_uses"]
    assert shown == {"this-study": True, "later-studies": True}
    unknown = await trial.nurse().post(f"{path}/sample-use-changes", change | {"uses": {"sale": True}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "sample_use_unknown")
    stop = {"elements": {"sample_use": "stopped"}, "by": "participant_or_parent"}
    await trial.ok(trial.nurse(), f"{path}/participation-changes", stop)
    shown = (await trial.nurse().get(f"{path}/consents")).json()["sample_uses"]
    assert shown == {"this-study": False, "later-studies": False}


# -- corrections ----------------------------------------------------------------------------------------


async def test_a_consent_recorded_wrongly_stays_beside_the_one_that_corrects_it(
    trial: Any, codes_of: Any
) -> None:
    screening_id = (await trial.screen(age=13))["screening_id"]
    wrong = (await sign(trial, f"/screenings/{screening_id}", **OWN)).json()["consent_id"]
    await trial.assent(screening_id)
    await trial.eligible(screening_id)
    slot_id = await trial.reserve(screening_id)
    assert codes_of(await trial.register(screening_id, slot_id)) == ["consent_wrong_person"]
    right = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": format_instant(await trial.now()),
        "reason": "the mother signed; the wrong form was chosen on the screen",
    }
    path = f"/screenings/{screening_id}/consents/{wrong}/corrections"

    corrected = (await trial.ok(trial.investigator(), path, right)).json()

    assert corrected["flagged_registration_id"] is None
    shown = (await trial.investigator().get(f"/screenings/{screening_id}")).json()["consents"]
    assert [(one["id"], one["superseded_by"]) for one in shown] == [
        (wrong, corrected["consent_id"]),
        (corrected["consent_id"], ""),
    ]
    assert (await trial.register(screening_id, slot_id)).status_code == 201
    again = await trial.investigator().post(path, right)
    assert (again.status_code, again.json()["code"]) == (409, "consent_superseded")
    assert "wrong form" not in str(await trial.running.published())


async def test_a_registration_that_rested_on_a_corrected_consent_stands_and_is_flagged(trial: Any) -> None:
    registered = await trial.enrol()
    shown = await trial.investigator().get(f"/participants/{registered['participant_id']}")
    screening_id = shown.json()["participant"]["screening_id"]
    (wrong,) = (await trial.investigator().get(f"/screenings/{screening_id}")).json()["consents"]
    signed_at = format_instant(await trial.now())
    right = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "personal_legal_representative",
        "capacity_note": "parents_in_theatre",
        "signed_at": signed_at,
        "reason": "the grandmother signed",
    }

    corrected = await trial.ok(
        trial.investigator(), f"/screenings/{screening_id}/consents/{wrong['id']}/corrections", right
    )

    registration = registered["registration_id"]
    assert corrected.json()["flagged_registration_id"] == registration
    guards = (await trial.investigator().get(f"/registrations/{registration}/guards")).json()
    assert [(one["flag"], one["about"]) for one in guards["flags"]] == [("consent_corrected", wrong["id"])]
    (event,) = await trial.running.published("enrolment.registration.flagged.v1")
    assert event["body"]["registration_id"] == registration


async def test_a_consent_of_another_screening_cannot_be_corrected_here(trial: Any) -> None:
    first, second = await trial.ready(), await trial.ready()
    (consent,) = (await trial.investigator().get(f"/screenings/{first}")).json()["consents"]
    body = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": format_instant(await trial.now()),
        "reason": "x",
    }

    for screening_id, consent_id in ((second, consent["id"]), (first, "none")):
        path = f"/screenings/{screening_id}/consents/{consent_id}/corrections"
        assert (await trial.investigator().post(path, body)).status_code == 404
    path = f"/screenings/{first}/consents/{consent['id']}/corrections"
    assert (await trial.investigator("034").post(path, body)).status_code == 404
