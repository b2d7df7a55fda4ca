"""Right requests for the routes about consent of participants, corrections and molecular findings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.clock import format_instant, server_now
from shared.testing.access import Access

AT = format_instant(server_now())
HERE = "site_investigator:EP01:012"
NURSE = "site_nurse:EP01:012"
CONSENT = {
    "purpose": "parental_consent",
    "document": "parents",
    "version": "1.0",
    "capacity": "parental_responsibility",
    "signed_at": AT,
}
ASSENT = {"answer": "not_capable", "reason_code": "too_ill", "signed_at": AT}
DECLINES = {"answer": "declines", "answered_at": AT}
FINDING = {
    "gene": "BRAF",
    "alteration": "mutation",
    "result": "absent",
    "method": "sequencing",
    "determined_on": "2026-01-01",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeForConsent:
    """What the requests are about: `consent` belongs to `screening`, which runs; `age` is the participant's."""

    screening: str
    consent: str
    participant: str
    age: int


async def made_for_consent(trial: Any, participant: str, age: int = 13) -> MadeForConsent:
    screening = await trial.ready()
    shown = (await trial.investigator().get(f"/screenings/{screening}")).json()
    return MadeForConsent(
        screening=screening, consent=shown["consents"][0]["id"], participant=participant, age=age
    )


def consent_requests(made: MadeForConsent, today: str, uses: Any = None) -> dict[str, tuple[str, Any]]:
    """For every writing route a request that would succeed, where the trial has these uses of samples."""
    one, given = f"/screenings/{made.screening}", f"/participants/{made.participant}"
    change = {"uses": uses or {"this-study": True}, "decided_at": AT}
    of = "/participants/{participant_id}"
    return {
        f"{of}/consents": (f"{given}/consents", CONSENT),
        f"{of}/assents": (f"{given}/assents", ASSENT),
        f"{of}/age-statements": (f"{given}/age-statements", {"years": made.age, "on": today}),
        f"{of}/sample-use-changes": (f"{given}/sample-use-changes", change),
        f"{of}/adult-consent-answers": (f"{given}/adult-consent-answers", DECLINES),
        "/screenings/{screening_id}/molecular-findings": (f"{one}/molecular-findings", FINDING),
        "/screenings/{screening_id}/consents/{consent_id}/corrections": (
            f"{one}/consents/{made.consent}/corrections",
            CONSENT | {"reason": "the wrong form was chosen"},
        ),
    }


def consent_accesses(made: MadeForConsent, today: str) -> list[Access]:
    """Each route with grants that may and grants that may not."""
    elsewhere: dict[str, Any] = {
        "other_scope": "site_investigator:EP99:012",
        "other_unit": "site_investigator:EP01:034",
    }
    signing = ("consents", "assents", "corrections")
    # The usual trial asks for no uses of samples, and nobody in it comes of age: those requests say so.
    refused = ("sample-use-changes", "adult-consent-answers")
    writing = [
        Access(
            method="POST",
            path=f"/enrolment/api/v1{path}",
            call=_saying(called),
            body=_saying(body),
            right="" if path.endswith(refused) else HERE,
            wrong_role=NURSE if path.endswith(signing) else "archivist:*:*",
            **elsewhere,
        )
        for path, (called, body) in consent_requests(made, today).items()
    ]
    shown = Access(
        method="GET",
        path="/enrolment/api/v1/participants/{participant_id}/consents",
        call=_saying(f"/participants/{made.participant}/consents"),
        right=NURSE,
        **elsewhere,
    )
    listed = Access(
        method="GET",
        path="/enrolment/api/v1/consent-tasks",
        call=_saying("/consent-tasks?trial=EP01"),
        right=NURSE,
        other_scope="site_investigator:EP99:012",
    )
    return [*writing, shown, listed]


def _saying(what: Any) -> Callable[[], Any]:
    return lambda: what
