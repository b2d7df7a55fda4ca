"""Requests about randomisations, as the tests of every route make them."""

from typing import Any

from shared.testing.access import Access
from tests.enrolment.randomising import SEED

BASE = "/enrolment/api/v1"
HERE = "site_investigator:EP01:012"
UNBLINDED = "unblinded_statistician:EP01:*"
TABLE = {"csv": "stratum,row,arm\n,1,new"}


def randomisation_accesses(participant: str) -> list[Access]:
    """Every route: site staff's own, and those of the unblinded statistician, which site staff may never call."""
    return [*_at_site(participant), *_unblinded(participant)]


def _at_site(participant: str) -> list[Access]:
    elsewhere: dict[str, Any] = {
        "other_scope": "site_investigator:EP99:012",
        "other_unit": "site_investigator:EP01:034",
    }
    stated = {"randomisation": "first", "levels": {}}
    posted: dict[str, dict[str, Any]] = {
        "randomisations": stated,
        "randomisation-corrections": stated | {"reason_code": "x"},
    }
    people = f"{BASE}/participants/{{participant_id}}"
    return [
        *(
            Access(
                method="POST",
                path=f"{people}/{what}",
                call=lambda what=what: f"/participants/{participant}/{what}",  # type: ignore[misc]
                body=lambda body=body: body,  # type: ignore[misc]
                wrong_role="site_nurse:EP01:012",
                **elsewhere,
            )
            for what, body in posted.items()
        ),
        Access(
            method="GET",
            path=f"{people}/randomisations",
            call=lambda: f"/participants/{participant}/randomisations",
            right=HERE,
            **elsewhere,
        ),
    ]


def _unblinded(participant: str) -> list[Access]:
    everywhere: dict[str, Any] = {"wrong_role": HERE, "other_scope": "unblinded_statistician:EP99:*"}
    routes: tuple[tuple[str, str, Any, str], ...] = (
        ("GET", "/lists", None, UNBLINDED),
        ("GET", "/lists/{list_id}/rows", None, ""),
        ("GET", "/audit", None, UNBLINDED),
        ("POST", "/replays", None, UNBLINDED),
        ("POST", "/lists", {"seed": SEED}, ""),
        ("POST", "/list-uploads", TABLE, ""),
        ("POST", "/list-upload-checks", TABLE, ""),
    )
    return [
        *(
            Access(
                method=method,
                path=f"{BASE}/randomisations/{{trial}}/{{randomisation}}{what}",
                call=lambda what=what: f"/randomisations/EP01/first{what.format(list_id='x')}",  # type: ignore[misc]
                body=(lambda body=body: body) if body else None,  # type: ignore[misc]
                right=right,
                **everywhere,
            )
            for method, what, body, right in routes
        ),
        Access(
            method="GET",
            path=f"{BASE}/participants/{{participant_id}}/arms",
            call=lambda: f"/participants/{participant}/arms",
            right=UNBLINDED,
            **everywhere,
        ),
    ]
