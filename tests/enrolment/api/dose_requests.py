"""Right requests for the routes about confirmed, corrected and exceptionally authorised doses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.clock import format_instant, server_now
from shared.testing.access import Access

OTHERS: dict[str, Any] = {
    "other_scope": "site_investigator:EP99:012",
    "other_unit": "site_investigator:EP01:034",
}
HERE = "site_investigator:EP01:012"
AT = format_instant(server_now())


def _to(value: Any) -> Callable[[], Any]:
    return lambda: value


async def made_for_doses(trial: Any, participant: str) -> dict[str, str]:
    """Two recorded doses, one with a query, and a dose authorised by exception during a halt."""
    await trial.sponsor_says(trial.delegated("monitor", "medical_monitor", None), trial.halt("dosing-halt"))
    doses = [
        {"at": AT, "given": True, "amount": "20", "planned_amount": "10"},
        {"at": format_instant(server_now() + timedelta(minutes=1)), "given": True},
    ]
    path = f"/participants/{participant}"
    await trial.ok(trial.investigator(), f"{path}/doses", {"administrations": doses})
    exception = {
        "planned_at": format_instant(await trial.now()),
        "second_person": "monitor",
        "channel": "telephone",
        "reason": "cells are thawed",
        "harm": "the graft would be lost",
    }
    answer = await trial.ok(trial.investigator(), f"{path}/exceptional-authorisations", exception)
    await trial.sponsor_says(trial.lifted("dosing-halt"))
    shown = (await trial.manager.get(path)).json()["administrations"]
    listed = (await trial.manager.get("/confirmations", trial=trial.code)).json()["items"]
    queries = (await trial.manager.get("/dose-queries", trial=trial.code)).json()["items"]
    return {
        "dosed": participant,
        "corrected_dose": shown[0]["id"],
        "voided_dose": shown[1]["id"],
        "exception": answer.json()["authorisation"]["authorisation_id"],
        "confirmation": listed[0]["confirmation_id"],
        "query": queries[0]["query_id"],
    }


def dose_accesses(made: dict[str, str]) -> list[Access]:
    path, root = f"/participants/{made['dosed']}", "/enrolment/api/v1"
    one = f"{root}/participants/{{participant_id}}"
    why = {"reason_code": "other", "reason": "misread"}
    truth = {"at": format_instant(server_now() - timedelta(hours=1)), "given": False}
    exception = {
        "planned_at": AT,
        "second_person": "monitor",
        "channel": "telephone",
        "reason": "cells are thawed",
        "harm": "the graft would be lost",
    }
    pharmacist = "pharmacist:EP01:012"
    requests: list[tuple[str, str, Any, str, str]] = [
        (
            f"{root}/dose-queries/{{query_id}}/answers",
            f"/dose-queries/{made['query']}/answers",
            {"answer": "a full vial"},
            pharmacist,
            "inspector:EP01:*",
        ),
        (
            f"{one}/doses/{{administration_id}}/corrections",
            f"{path}/doses/{made['corrected_dose']}/corrections",
            {"administration": truth, **why},
            pharmacist,
            "inspector:EP01:*",
        ),
        (
            f"{one}/doses/{{administration_id}}/voidings",
            f"{path}/doses/{made['voided_dose']}/voidings",
            why,
            pharmacist,
            "inspector:EP01:*",
        ),
        (
            f"{one}/exceptional-authorisations",
            f"{path}/exceptional-authorisations",
            exception,
            "",
            "site_nurse:EP01:012",
        ),
        (
            f"{root}/exceptional-authorisations/{{authorisation_id}}/countersignatures",
            f"/exceptional-authorisations/{made['exception']}/countersignatures",
            {},
            "",
            "site_nurse:EP01:012",
        ),
    ]
    acknowledgement = Access(
        method="POST",
        path=f"{root}/confirmations/{{confirmation_id}}/acknowledgements",
        call=_to(f"/confirmations/{made['confirmation']}/acknowledgements"),
        body=dict,
        right=pharmacist,
        wrong_role=HERE,
        other_scope="pharmacist:EP99:012",
        other_unit="pharmacist:EP01:034",
    )
    return [
        acknowledgement,
        *(
            Access(
                method="POST",
                path=route,
                call=_to(call),
                body=_to(body),
                right=right,
                wrong_role=wrong,
                **OTHERS,
            )
            for route, call, body, right, wrong in requests
        ),
    ]
