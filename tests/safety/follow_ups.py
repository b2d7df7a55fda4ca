"""Events with everything that follows from them: obligations, submissions, reference safety information."""

from typing import Any

from shared.clock import format_instant

REFERENCE: dict[str, Any] = {
    "trial": "EP01",
    "product": "example",
    "label": "7",
    "document": "Investigator's brochure 7",
    "issued_on": "2026-01-01",
    "entries": [{"term": "Nausea", "max_grade": 3}],
}
APPROVAL = {"approved_on": "2026-01-02", "reference": "CTA 7"}
ASSESSMENT = {"kind": "causality", "party": "sponsor", "value": ["possible"]}
SUBMISSION: dict[str, Any] = {
    "recipients": ["MHRA"],
    "sent_at": "2026-01-03T12:00:00Z",
    "reference": "portal 7",
    "receipt": "received",
    "file_sha256": "ab" * 32,
}
ANSWER = {"accepted": True, "answered_at": "2026-01-04T12:00:00Z", "reference": "ACK"}


async def follow_up_world(world: Any) -> dict[str, str]:
    """A report to assess and send, one whose obligation may be ended, a submission, two reference versions."""
    stated = {"term": "Fatigue", "grade": 2, "seriousness": ["hospitalisation"], "causality": "probable"}
    followed = await world.reported(by=world.nurse, **stated)
    other = await world.reported(by=world.nurse, **stated)
    shown = (await world.officer.get(f"/adverse-events/{other['report_id']}/follow-up")).json()
    sent = SUBMISSION | {"sent_at": format_instant(await world.now()), "recipients": ["nobody in particular"]}
    submission = await world.officer.post(f"/adverse-events/{followed['report_id']}/submissions", sent)
    issued = await world.officer.post("/reference-versions", REFERENCE | {"label": "1"})
    return {
        "followed": followed["report_id"],
        "obligation": shown["obligations"][0]["obligation_id"],
        "submission": submission.json()["submission_id"],
        "reference": issued.json()["reference_id"],
    }
