"""Right requests for the routes about referrals, possible duplicates, numbers and transfers."""

from dataclasses import dataclass
from typing import Any

from shared.clock import format_instant, server_now
from shared.testing.access import Access
from tests.enrolment.world import hash_of

AT = format_instant(server_now())
HERE = "site_investigator:EP01:012"
RECEIVING = "site_investigator:EP01:034"
MANAGER = "trial_manager:EP01:*"
REFERRAL = {
    "trial": "EP01",
    "site_number": "012",
    "organisation": "Example Hospital",
    "contact_reference": "desk",
    "age_years": 7,
    "condition": "neuroblastoma",
    "sent_at": AT,
}
DECIDED = {"outcome": "waiting"}
REPLIED = {"by_way_of": "letter", "sent_at": AT}
HASH = {"kind": "nhs_number", "key_version": "1", "hash": hash_of("nobody else")}
RESOLVED = {"resolution": "false_match", "reason": "two children"}
TRANSFER = {"to_site_number": "034", "reason_code": "family_moved"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeForPeople:
    """What the requests are about: `free` is a participant without a proposal."""

    referral: str
    decided: str
    suspicion: str
    transfer: str
    screening: str
    free: str
    number: str


async def made_for_people(trial: Any, screening: str, participants: tuple[str, str]) -> MadeForPeople:
    """Referrals, a possible duplicate, and a transfer of the first participant that waits."""
    nurse = trial.nurse("012")
    referral, decided = [(await trial.ok(nurse, "/referrals", REFERRAL)).json()["id"] for _ in range(2)]
    await trial.ok(nurse, f"/referrals/{decided}/outcomes", DECIDED)
    await trial.stopped("a child")
    (suspicion,) = await trial.suspicions()
    moving, free = participants
    proposed = await trial.ok(trial.manager, f"/participants/{moving}/transfers", TRANSFER)
    shown = (await trial.manager.get(f"/participants/{free}")).json()["participant"]
    return MadeForPeople(
        referral=referral,
        decided=decided,
        suspicion=suspicion["suspicion_id"],
        transfer=proposed.json()["transfer_id"],
        screening=screening,
        free=free,
        number=shown["number"],
    )


def people_requests(trial: Any, made: MadeForPeople) -> dict[str, tuple[Any, str, Any]]:
    """For every writing route a request that would succeed: person, path, body."""
    nurse, receiving, manager = trial.nurse("012"), trial.investigator("034"), trial.manager
    transfer, referral = f"/transfers/{made.transfer}", f"/referrals/{made.referral}"
    suspicion = f"/duplicate-suspicions/{made.suspicion}"
    return {
        "/referrals": (nurse, "/referrals", REFERRAL),
        "/referrals/{referral_id}/acknowledgements": (nurse, f"{referral}/acknowledgements", None),
        "/referrals/{referral_id}/outcomes": (nurse, f"{referral}/outcomes", DECIDED),
        "/referrals/{referral_id}/replies": (nurse, f"/referrals/{made.decided}/replies", REPLIED),
        "/screenings/{screening_id}/identity-hashes": (
            nurse,
            f"/screenings/{made.screening}/identity-hashes",
            HASH,
        ),
        "/duplicate-suspicions/{suspicion_id}/resolutions": (manager, f"{suspicion}/resolutions", RESOLVED),
        "/number-lookups": (nurse, "/number-lookups", {"trial": "EP01", "number": made.number}),
        "/participants/{participant_id}/transfers": (
            manager,
            f"/participants/{made.free}/transfers",
            TRANSFER,
        ),
        "/transfers/{transfer_id}/acceptances": (receiving, f"{transfer}/acceptances", None),
        "/transfers/{transfer_id}/declinings": (receiving, f"{transfer}/declinings", None),
        "/transfers/{transfer_id}/withdrawals": (manager, f"{transfer}/withdrawals", None),
    }


def people_accesses(trial: Any, made: MadeForPeople) -> list[Access]:
    """Each route with grants that may and grants that may not; acts that end the same thing stand last."""
    requests = people_requests(trial, made)
    elsewhere: dict[str, Any] = {
        "other_scope": "site_investigator:EP99:012",
        "other_unit": "site_investigator:EP01:056",
    }
    coordinating: dict[str, Any] = {"wrong_role": HERE, "other_scope": "trial_manager:EP99:*"}
    receiving: dict[str, Any] = elsewhere | {"wrong_role": "site_nurse:EP01:034"}
    grants: dict[str, dict[str, Any]] = {
        "/duplicate-suspicions/{suspicion_id}/resolutions": coordinating | {"right": MANAGER},
        "/participants/{participant_id}/transfers": coordinating | {"right": MANAGER},
        "/transfers/{transfer_id}/acceptances": receiving,  # the grant alone is no duty
        "/transfers/{transfer_id}/declinings": receiving | {"right": RECEIVING},
        "/transfers/{transfer_id}/withdrawals": coordinating,
    }
    writing = [
        Access(
            method="POST",
            path=f"/enrolment/api/v1{path}",
            call=_saying(called),
            body=_saying(body),
            **grants.get(path, elsewhere | {"right": HERE}),
        )
        for path, (_, called, body) in requests.items()
    ]
    return [*writing, *_reading(made, elsewhere, coordinating)]


def _reading(made: MadeForPeople, elsewhere: dict[str, Any], coordinating: dict[str, Any]) -> list[Access]:
    lists = [
        Access(
            method="GET",
            path=f"/enrolment/api/v1/{what}",
            call=_saying(f"/{what}?trial=EP01"),
            right="site_nurse:EP01:012",
            other_scope="site_investigator:EP99:012",
        )
        for what in ("referrals", "transfers")
    ]
    one = Access(
        method="GET",
        path="/enrolment/api/v1/referrals/{referral_id}",
        call=_saying(f"/referrals/{made.referral}"),
        right="site_nurse:EP01:012",
        **elsewhere,
    )
    suspicions = Access(
        method="GET",
        path="/enrolment/api/v1/duplicate-suspicions",
        call=_saying("/duplicate-suspicions?trial=EP01"),
        right=MANAGER,
        **coordinating,
    )
    return [*lists, one, suspicions]


def _saying(what: Any) -> Any:
    return lambda: what
