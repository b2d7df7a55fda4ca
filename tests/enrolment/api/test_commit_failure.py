"""Success is answered after the commit and never before: with a store whose commit fails, no route says 2xx."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from fastapi import FastAPI

from services.enrolment.api import (
    dose_confirmations,
    dose_corrections,
    doses,
    exceptional_authorisations,
    participants,
    registrations,
    screenings,
    signed_records,
    slots,
)
from shared.clock import format_instant, server_now
from shared.database import StoreUnavailable, Tx
from shared.testing.access import routes_of

AT = format_instant(server_now())


class FailingCommit:
    """A store in which every command runs to its end and is then lost."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.commands = 0

    async def write(self, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        async def doomed(tx: Tx) -> Any:
            await work(tx)
            self.commands += 1
            raise StoreUnavailable("the commit failed")

        return await self._inner.write(doomed)

    async def read(self, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        return await self._inner.read(work)


async def dose_requests(trial: Any) -> dict[str, tuple[Any, str, Any]]:
    """As `requests`, for what is done about doses that were authorised or recorded."""
    me, child = trial.investigator(), (await trial.enrol())["participant_id"]
    await trial.sponsor_says(trial.delegated("monitor", "medical_monitor", None), trial.halt("dosing-halt"))
    path, now = f"/participants/{child}", await trial.now()
    doses = [
        {"at": format_instant(now), "given": True, "amount": "20", "planned_amount": "10"},
        {"at": format_instant(now + timedelta(minutes=1)), "given": True},
    ]
    await trial.ok(me, f"{path}/doses", {"administrations": doses})
    exception = {
        "planned_at": format_instant(now),
        "second_person": "monitor",
        "channel": "telephone",
        "reason": "cells are thawed",
        "harm": "the graft would be lost",
    }
    made = (await trial.ok(me, f"{path}/exceptional-authorisations", exception)).json()
    await trial.sponsor_says(trial.lifted("dosing-halt"))
    recorded = (await trial.manager.get(path)).json()["administrations"]
    (query,) = (await trial.manager.get("/dose-queries", trial=trial.code)).json()["items"]
    confirmation, authorisation = made["confirmation"], made["authorisation"]
    why = {"reason_code": "other", "reason": "misread"}
    truth = {"at": format_instant(now - timedelta(hours=1)), "given": True}
    pharmacist = trial.running.person("pharmacist", f"pharmacist:{trial.code}:012")
    one = "/participants/{participant_id}"
    return {
        f"{one}/doses/{{administration_id}}/corrections": (
            me,
            f"{path}/doses/{recorded[0]['id']}/corrections",
            {"administration": truth, **why},
        ),
        f"{one}/doses/{{administration_id}}/voidings": (
            me,
            f"{path}/doses/{recorded[1]['id']}/voidings",
            why,
        ),
        # Nothing stands in the way any more: a refusal that is kept, and so is lost like an authorisation.
        f"{one}/exceptional-authorisations": (me, f"{path}/exceptional-authorisations", exception),
        "/exceptional-authorisations/{authorisation_id}/countersignatures": (
            trial.monitor,
            f"/exceptional-authorisations/{authorisation['authorisation_id']}/countersignatures",
            {},
        ),
        "/confirmations/{confirmation_id}/acknowledgements": (
            pharmacist,
            f"/confirmations/{confirmation['confirmation_id']}/acknowledgements",
            {},
        ),
        "/dose-queries/{query_id}/answers": (
            me,
            f"/dose-queries/{query['query_id']}/answers",
            {"answer": "a full vial"},
        ),
    }


async def requests(trial: Any) -> dict[str, tuple[Any, str, Any]]:
    """For every writing route a request that would succeed: person, path, body."""
    me = trial.investigator()
    screening, refused = (await trial.screen())["screening_id"], await trial.ready(assent="refused")
    held = await trial.reserve((await trial.screen())["screening_id"])
    ready = await trial.ready()
    ready_slot = await trial.reserve(ready)
    participant = (await trial.enrol())["participant_id"]
    for site in ("034", "034"):
        await trial.reserve((await trial.screen(site))["screening_id"], site)
    entry = (await trial.request((await trial.screen("056"))["screening_id"], "056")).json()["entry_id"]
    theirs = next(slot for slot in (await trial.level())["slots"] if slot["site_number"] == "034")
    await trial.ok(trial.investigator("034"), f"/slots/{theirs['slot_id']}/releases")
    free = next(slot for slot in (await trial.level())["slots"] if slot["state"] == "open")["slot_id"]
    consent = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": AT,
    }
    start = {"trial": "EP01", "part": "escalation", "site_number": "012", "born": {"year": 2013, "month": 1}}
    asking = {"trial": "EP01", "part": "escalation", "screening_id": screening}
    one, given = f"/screenings/{screening}", f"/participants/{participant}"
    eligible = {"version": "1.0", "answers": {"diagnosis": True}, "signed_at": AT}
    change = {"elements": {"sample_use": "stopped"}, "by": "participant_or_parent"}
    return {
        "/screenings": (me, "/screenings", start),
        "/screenings/{screening_id}/consents": (me, f"{one}/consents", consent),
        "/screenings/{screening_id}/assents": (
            me,
            f"{one}/assents",
            {"answer": "not_capable", "reason_code": "too_ill", "signed_at": AT},
        ),
        "/screenings/{screening_id}/assent-decisions": (
            me,
            f"/screenings/{refused}/assent-decisions",
            {"reason": "agreed", "signed_at": AT},
        ),
        "/screenings/{screening_id}/eligibility": (me, f"{one}/eligibility", eligible),
        "/screenings/{screening_id}/age-statements": (
            me,
            f"{one}/age-statements",
            {"years": 13, "on": str((await trial.now()).date())},
        ),
        "/screenings/{screening_id}/failures": (me, f"{one}/failures", {"reason_code": "withdrew"}),
        "/slots/{slot_id}/reservations": (me, f"/slots/{free}/reservations", {"screening_id": screening}),
        "/reservation-requests": (me, "/reservation-requests", asking),
        "/slots/{slot_id}/releases": (me, f"/slots/{held}/releases", None),
        "/slots/{slot_id}/extensions": (me, f"/slots/{held}/extensions", {"reason": "later"}),
        "/slots/{slot_id}/offers": (
            trial.monitor,
            f"/slots/{free}/offers",
            {"entry_id": entry, "reason": "wash-out"},
        ),
        "/decisions/{decision_id}/receipts": (me, "/decisions/decision-1/receipts", {"site_number": "012"}),
        "/registrations": (me, "/registrations", {"screening_id": ready, "slot_id": ready_slot}),
        "/participants/{participant_id}/dose-authorisations": (
            me,
            f"{given}/dose-authorisations",
            {"planned_at": format_instant(await trial.now())},
        ),
        "/participants/{participant_id}/doses": (
            me,
            f"{given}/doses",
            {"administrations": [{"at": AT, "given": True}]},
        ),
        "/participants/{participant_id}/treatment-ends": (
            me,
            f"{given}/treatment-ends",
            {"ended_at": AT, "reason": "completed"},
        ),
        "/participants/{participant_id}/participation-changes": (
            me,
            f"{given}/participation-changes",
            change,
        ),
        "/participants/{participant_id}/voidings": (me, f"{given}/voidings", {"reason_code": "wrong_child"}),
    }


async def test_no_route_answers_success_when_the_commit_fails(world: Any) -> None:
    trial = world
    await trial.set_up(places=6, slots={"policy": "medical_monitor_choice", "reserve_window_hours": 72})
    right = await dose_requests(trial) | await requests(trial)
    app = FastAPI()
    for module in (
        screenings,
        signed_records,
        slots,
        registrations,
        doses,
        participants,
        dose_confirmations,
        dose_corrections,
        exceptional_authorisations,
    ):
        app.include_router(module.router)
    assert {path for method, path in routes_of(app) if method == "POST"} == set(right)
    before = await trial.types(), await trial.running.audit_rows()
    performer = trial.running.service.performer
    store = FailingCommit(performer._database)
    performer._database = store

    for path, (person, called, body) in right.items():
        answer = await person.post(called, body)

        assert answer.status_code == 503, f"{path}: {answer.status_code} {answer.text}"
        assert answer.json()["code"] == "store_unavailable", path
    assert store.commands == len(right)  # each ran to its end: it was the commit that failed
    assert (await trial.types(), await trial.running.audit_rows()) == before
