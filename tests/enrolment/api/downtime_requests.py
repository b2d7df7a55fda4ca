"""Right requests for the routes of the downtime procedure."""

from dataclasses import dataclass
from typing import Any

from shared.clock import format_instant
from shared.testing.access import Access

HERE = "site_nurse:EP01:012"
MANAGER = "trial_manager:EP01:*"
BLOCK = {"trial": "EP01", "site_number": "012", "count": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeForDowntime:
    """A block with one of its numbers unused, and a screening that was registered while the service was away."""

    block: str
    late: dict[str, Any]


async def made_for_downtime(trial: Any) -> MadeForDowntime:
    screening = (await trial.screen())["screening_id"]
    (number,) = await trial.issue(1)
    (block,) = (await trial.manager.get("/downtime-blocks", trial="EP01")).json()["items"]
    at = format_instant(await trial.now())
    late = {
        "screening_id": screening,
        "downtime_number": number,
        "level": 1,
        "claimed_registered_at": at,
        "duty_person": "duty-a",
        "called_at": at,
        "sponsor_confirmed_by": "office-b",
        "safety_confirmed_by": "officer-c",
    }
    return MadeForDowntime(block=block["id"], late=late)


def downtime_requests(trial: Any, made: MadeForDowntime) -> dict[str, tuple[Any, str, Any]]:
    """For every writing route a request that would succeed: person, path, body."""
    return {
        "/downtime-blocks": (trial.manager, "/downtime-blocks", BLOCK),
        "/downtime-registrations": (trial.nurse("012"), "/downtime-registrations", made.late),
    }


def downtime_accesses(made: MadeForDowntime) -> list[Access]:
    """Each route with grants that may and grants that may not."""
    path = "/enrolment/api/v1"
    printed = f"/downtime-blocks/{made.block}/numbers.csv"
    elsewhere: dict[str, Any] = {
        "other_scope": "site_investigator:EP99:012",
        "other_unit": "site_investigator:EP01:034",
    }
    return [
        Access(
            method="POST",
            path=f"{path}/downtime-blocks",
            call=lambda: "/downtime-blocks",
            body=lambda: BLOCK,
            right=MANAGER,
            wrong_role=HERE,
            other_scope="trial_manager:EP99:*",
        ),
        Access(
            method="POST",
            path=f"{path}/downtime-registrations",
            call=lambda: "/downtime-registrations",
            body=lambda: made.late,
            wrong_role="pharmacist:EP01:012",
            **elsewhere,
        ),
        Access(
            method="GET",
            path=f"{path}/downtime-blocks",
            call=lambda: "/downtime-blocks?trial=EP01",
            right=HERE,
            other_scope="site_investigator:EP99:012",
        ),
        Access(
            method="GET",
            path=f"{path}/downtime-blocks/{{block_id}}/numbers.csv",
            call=lambda: printed,
            right=HERE,
            **elsewhere,
        ),
        Access(
            method="GET",
            path=f"{path}/registration-flags",
            call=lambda: "/registration-flags?trial=EP01",
            right="inspector:EP01:*",
            wrong_role=HERE,
            other_scope="trial_manager:EP99:*",
        ),
    ]
