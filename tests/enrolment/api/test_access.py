"""Who may do what: every route against nobody, the wrong role, the wrong trial and the wrong site."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.clock import format_instant, server_now
from shared.delivery_api import router as delivery_router
from shared.demonstration_api import router as demonstration_router
from shared.health import health_router
from shared.testing.access import Access, assert_access, routes_of
from tests.enrolment.api.afterwards_requests import afterwards_accesses, made_afterwards
from tests.enrolment.api.consent_requests import consent_accesses, made_for_consent
from tests.enrolment.api.dose_requests import dose_accesses, made_for_doses
from tests.enrolment.api.downtime_requests import downtime_accesses, made_for_downtime
from tests.enrolment.api.finder_requests import finder_accesses
from tests.enrolment.api.people_requests import made_for_people, people_accesses
from tests.enrolment.api.randomisation_requests import randomisation_accesses
from tests.enrolment.protocol import boundary

OTHERS: dict[str, Any] = {
    "other_scope": "site_investigator:EP99:012",
    "other_unit": "site_investigator:EP01:034",
}
HERE = "site_investigator:EP01:012"
AT = format_instant(server_now())


def to(path: str) -> Callable[[], str]:
    return lambda: path


def sending(body: Any) -> Callable[[], Any]:
    return lambda: body


@pytest.fixture
async def matrix(trial: Any) -> list[Access]:
    """One right request per route, each with grants that are wrong in every way."""
    made: dict[str, str] = {}
    made["screening"] = (await trial.screen())["screening_id"]
    made["refused"] = await trial.ready(assent="refused")
    made["failing"] = (await trial.screen())["screening_id"]
    made["asking"] = (await trial.screen())["screening_id"]
    for name in ("held", "given_back", "extended"):
        made[name] = await trial.reserve((await trial.screen())["screening_id"])
    registered = await trial.enrol()
    made["participant"], made["registration"] = registered["participant_id"], registered["registration_id"]
    made |= await made_for_doses(trial, (await trial.enrol())["participant_id"])
    open_slot = next(slot for slot in (await trial.level())["slots"] if slot["state"] == "open")
    made["open"] = open_slot["slot_id"]
    await trial.sponsor_says(trial.decision("decision-2", "expand", part="expansion", rule=boundary()))
    consenting = await made_for_consent(trial, made["dosed"])
    people = await made_for_people(
        trial, made["asking"], (made["participant"], (await trial.enrol(part="expansion"))["participant_id"])
    )
    later = [(await trial.enrol(part="expansion"))["participant_id"] for _ in range(3)]
    afterwards = await made_afterwards(trial, (later[0], later[1], later[2]))
    downtime = await made_for_downtime(trial)
    return [
        *_screenings(made),
        *_places(made),
        *_people(made),
        *dose_accesses(made),
        *people_accesses(trial, people),
        *afterwards_accesses(afterwards),
        *consent_accesses(consenting, str((await trial.now()).date())),
        *randomisation_accesses(made["participant"]),
        *downtime_accesses(downtime),
        *finder_accesses(made["participant"]),
        *_looking(),
    ]


def _screenings(made: dict[str, str]) -> list[Access]:
    path = "/enrolment/api/v1/screenings"
    screening = {
        "trial": "EP01",
        "part": "escalation",
        "site_number": "012",
        "born": {"year": 2013, "month": 1},
    }
    consent = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": AT,
    }
    decision = {"reason": "agreed after talking", "signed_at": AT}
    records = {
        "consents": consent,
        "assents": {"answer": "not_capable", "reason_code": "too_ill", "signed_at": AT},
        "eligibility": {"version": "1.0", "answers": {"diagnosis": True}, "signed_at": AT},
    }
    return [
        Access(
            method="POST", path=path, call=to("/screenings"), body=lambda: screening, right=HERE, **OTHERS
        ),
        *(
            Access(
                method="POST",
                path=f"{path}/{{screening_id}}/{what}",
                call=to(f"/screenings/{made['screening']}/{what}"),
                body=sending(body),
                right=HERE,
                wrong_role="site_nurse:EP01:012",
                **OTHERS,
            )
            for what, body in records.items()
        ),
        Access(
            method="POST",
            path=f"{path}/{{screening_id}}/age-statements",
            call=to(f"/screenings/{made['screening']}/age-statements"),
            body=lambda: {"years": 13, "on": str(server_now().date())},
            right=HERE,
            **OTHERS,
        ),
        Access(
            method="POST",
            path=f"{path}/{{screening_id}}/assent-decisions",
            call=to(f"/screenings/{made['refused']}/assent-decisions"),
            body=lambda: decision,
            right=HERE,
            wrong_role="site_nurse:EP01:012",
            **OTHERS,
        ),
        Access(
            method="POST",
            path=f"{path}/{{screening_id}}/failures",
            call=to(f"/screenings/{made['failing']}/failures"),
            body=lambda: {"reason_code": "withdrew"},
            right="site_nurse:EP01:012",
            **OTHERS,
        ),
        Access(
            method="GET",
            path=f"{path}/{{screening_id}}",
            call=to(f"/screenings/{made['screening']}"),
            right=HERE,
            **OTHERS,
        ),
    ]


def _places(made: dict[str, str]) -> list[Access]:
    path = "/enrolment/api/v1/slots/{slot_id}"
    asking = {"screening_id": made["asking"]}
    return [
        Access(
            method="POST",
            path=f"{path}/reservations",
            call=to(f"/slots/{made['open']}/reservations"),
            body=lambda: asking,
            **OTHERS,
        ),
        Access(
            method="POST",
            path="/enrolment/api/v1/reservation-requests",
            call=to("/reservation-requests"),
            body=lambda: asking | {"trial": "EP01", "part": "escalation"},
            right=HERE,
            **OTHERS,
        ),
        Access(
            method="POST",
            path=f"{path}/releases",
            call=to(f"/slots/{made['given_back']}/releases"),
            right=HERE,
            **OTHERS,
        ),
        Access(
            method="POST",
            path=f"{path}/extensions",
            call=to(f"/slots/{made['extended']}/extensions"),
            body=lambda: {"reason": "later"},
            right=HERE,
            wrong_role="site_nurse:EP01:012",
            **OTHERS,
        ),
        Access(
            method="POST",
            path=f"{path}/offers",
            call=to(f"/slots/{made['open']}/offers"),
            body=lambda: {"entry_id": "x", "reason": "y"},
            wrong_role=HERE,
            other_scope="medical_monitor:EP99:*",
        ),
        Access(
            method="POST",
            path="/enrolment/api/v1/decisions/{decision_id}/receipts",
            call=to("/decisions/decision-1/receipts"),
            body=lambda: {"site_number": "012"},
            right="pharmacist:EP01:012",
            wrong_role="site_nurse:EP01:012",
            **OTHERS,
        ),
        Access(
            method="POST",
            path="/enrolment/api/v1/registrations",
            call=to("/registrations"),
            body=lambda: {"screening_id": made["screening"], "slot_id": made["held"]},
            **OTHERS,
        ),
        Access(
            method="GET",
            path="/enrolment/api/v1/registrations/{registration_id}/guards",
            call=to(f"/registrations/{made['registration']}/guards"),
            right="inspector:EP01:*",
            **OTHERS,
        ),
    ]


def _people(made: dict[str, str]) -> list[Access]:
    path = "/enrolment/api/v1/participants/{participant_id}"
    voiding = {"reason_code": "wrong_child"}
    bodies: dict[str, tuple[Any, str, str]] = {
        "dose-authorisations": ({"planned_at": format_instant(server_now())}, "", "site_nurse:EP01:012"),
        "doses": (
            {"administrations": [{"at": AT, "given": False}]},
            "pharmacist:EP01:012",
            "inspector:EP01:*",
        ),
        "participation-changes": (
            {"elements": {"sample_use": "stopped"}, "by": "participant_or_parent"},
            "site_nurse:EP01:012",
            "pharmacist:EP01:012",
        ),
        "treatment-ends": ({"ended_at": AT, "reason": "other"}, HERE, "pharmacist:EP01:012"),
        "voidings": (voiding, "trial_manager:EP01:*", "site_nurse:EP01:012"),
    }
    return [
        *(
            Access(
                method="POST",
                path=f"{path}/{what}",
                call=to(f"/participants/{made['participant']}/{what}"),
                body=sending(body),
                right=right,
                wrong_role=wrong,
                **OTHERS,
            )
            for what, (body, right, wrong) in bodies.items()
        ),
        Access(
            method="GET", path=path, call=to(f"/participants/{made['participant']}"), right=HERE, **OTHERS
        ),
    ]


def _looking() -> list[Access]:
    boards = [
        Access(
            method="GET",
            path=f"/enrolment/api/v1/{what}",
            call=to(f"/{what}?trial=EP01"),
            right="site_nurse:EP01:012",
            other_scope="site_investigator:EP99:012",
        )
        for what in (
            *("slot-board", "waiting-list", "dose-levels", "participants"),
            *("confirmations", "dose-queries", "dose-deviations", "exceptional-authorisations"),
        )
    ]
    verification = Access(
        method="GET",
        path="/enrolment/api/v1/slot-board/verification",
        call=to("/slot-board/verification?trial=EP01"),
        right="operations:*:*",
        wrong_role=HERE,
        other_scope="operations:EP99:*",
    )
    # Who may is tried on a trial in set-up, with a folder that can be taken over.
    header = {"format": "trialops-take-over/1", "trial": "EP01", "source": "old", "signed_by": ["a", "b"]}
    take_over = Access(
        method="POST",
        path="/enrolment/api/v1/take-overs",
        call=to("/take-overs"),
        body=sending({"files": {"trial.json": json.dumps(header)}, "dry_run": True}),
        wrong_role=HERE,
        other_scope="trial_manager:EP99:*",
    )
    return [*boards, verification, take_over]


def of_every_service() -> set[tuple[str, str]]:
    """Routes that this service has in common with the others; their tests are elsewhere."""
    from fastapi import FastAPI
    from prometheus_client import CollectorRegistry

    app = FastAPI()
    app.include_router(delivery_router, prefix="/enrolment/api/v1")
    app.include_router(demonstration_router, prefix="/enrolment/api/v1")
    app.include_router(health_router(CollectorRegistry(), ready={}, prefix="/enrolment"))
    return routes_of(app)


async def test_every_route_stands_in_the_matrix(trial: Any, matrix: list[Access]) -> None:
    app = trial.running.client._transport.app

    assert routes_of(app) - of_every_service() == {(one.method, one.path) for one in matrix}


async def test_nobody_gets_in_by_another_role_trial_or_site(trial: Any, matrix: list[Access]) -> None:
    for access in matrix:
        await assert_access(trial.running, access)


async def test_a_grant_without_the_duty_registers_nobody(trial: Any, codes_of: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    await trial.sponsor_says(trial.delegation_ended("investigator-012"))

    answer = await trial.register(screening_id, slot_id)

    assert (answer.status_code, answer.json()["code"], codes_of(answer)) == (403, "forbidden", ["forbidden"])
    body = {"screening_id": screening_id, "slot_id": slot_id}
    assert (
        await trial.nurse().post("/registrations", body)
    ).status_code == 201  # the nurse's own duty is in force


async def test_a_duty_at_another_site_is_none_here(trial: Any) -> None:
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    visitor = trial.running.person("investigator-034", "site_investigator:EP01:012")

    answer = await visitor.post("/registrations", {"screening_id": screening_id, "slot_id": slot_id})

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_slot_of_another_site_lets_nobody_in(trial: Any, codes_of: Any) -> None:
    screening_id = await trial.ready("012")
    await trial.reserve(screening_id, "012")
    theirs = await trial.reserve((await trial.screen("034"))["screening_id"], "034")

    answer = await trial.register(screening_id, theirs, "012")

    assert codes_of(answer) == ["slot_required"]


async def test_what_is_signed_without_a_duty_is_not_signed(trial: Any, codes_of: Any) -> None:
    await trial.sponsor_says(trial.delegation_ended("investigator-012"))
    screening_id = await trial.ready()
    slot_id = await trial.reserve(screening_id)
    today = str((await trial.now()).date())

    answer = await trial.nurse().post(
        "/registrations",
        {"screening_id": screening_id, "slot_id": slot_id, "age_statement": {"years": 13, "on": today}},
    )

    assert codes_of(answer) == ["consent_not_delegated", "eligibility_unsigned", "judgement_missing"]


async def test_the_board_shows_other_sites_as_counts_alone(trial: Any) -> None:
    await trial.reserve((await trial.screen("034"))["screening_id"], "034")
    mine = await trial.reserve((await trial.screen("012"))["screening_id"], "012")
    registered = await trial.enrol("034")

    board = await trial.board(trial.investigator("012"))

    level = next(one for one in board["levels"] if (one["part"], one["level"]) == ("escalation", 1))
    assert level["places"] == {"reserved": 2, "open": 3}
    shown = {slot["slot_id"]: slot for slot in level["slots"] if slot["screening_number"]}
    assert list(shown) == [mine]
    assert [one["participant_id"] for one in level["pending_windows"]] == [None]
    assert registered["participant_number"] not in str(board)
    listed = (await trial.investigator("012").get("/participants", trial="EP01")).json()
    assert listed == {"items": [], "next_cursor": None}


async def test_the_waiting_list_shows_own_lines_in_full_and_others_as_a_number(world: Any) -> None:
    await world.set_up(places=1)
    await world.reserve((await world.screen("056"))["screening_id"], "056")
    for site in ("034", "012", "034"):
        await world.request((await world.screen(site))["screening_id"], site)

    shown = (await world.investigator("012").get("/waiting-list", trial="EP01")).json()

    assert [(one["position"], one["site_number"]) for one in shown["entries"]] == [(2, "012")]
    assert shown["others_waiting"] == {"escalation": 2}


async def test_participants_are_listed_a_page_at_a_time(trial: Any) -> None:
    numbers = [(await trial.enrol(site))["participant_number"] for site in ("012", "034", "056")]

    first = (await trial.manager.get("/participants", trial="EP01", limit=2)).json()
    second = (
        await trial.manager.get("/participants", trial="EP01", limit=2, cursor=first["next_cursor"])
    ).json()

    assert [one["number"] for one in first["items"] + second["items"]] == numbers
    assert second["next_cursor"] is None
