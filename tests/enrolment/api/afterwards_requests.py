"""Right requests for the routes about what follows a registration."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.clock import format_instant
from shared.testing.access import Access

HERE = "site_investigator:EP01:012"
NURSE = "site_nurse:EP01:012"
PHARMACIST = "pharmacist:EP01:012"
ELSEWHERE: dict[str, Any] = {
    "other_scope": "site_investigator:EP99:012",
    "other_unit": "site_investigator:EP01:034",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAfterwards:
    """What the requests are about: who lives (and was sought in vain), who died, who stopped everything."""

    living: str
    dead: str
    stopped: str
    screening: str
    samples: tuple[str, str]
    consent: str
    at: str
    today: str


async def made_afterwards(trial: Any, participants: tuple[str, str, str]) -> MadeAfterwards:
    """Brings three participants into those states."""
    living, dead, stopped = participants
    nurse, now = trial.nurse(), await trial.now()
    at, today = format_instant(now), str(now.date())
    await trial.ok(nurse, f"/participants/{dead}/deaths", {"died_on": today, "cause": "unknown"})
    before = {"all": "stopped", "by": "participant_or_parent"}
    before["changed_at"] = format_instant(now - timedelta(hours=1))
    await trial.ok(nurse, f"/participants/{stopped}/participation-changes", before)
    consent = {
        "purpose": "parental_consent",
        "document": "parents",
        "version": "1.0",
        "capacity": "parental_responsibility",
        "signed_at": at,
    }
    signed = await trial.ok(trial.investigator(), f"/participants/{stopped}/consents", consent)
    for channel in ("letter", "email", "telephone"):
        attempt = {"channel": channel, "attempted_at": at, "reached": False}
        await trial.ok(nurse, f"/participants/{living}/contact-attempts", attempt)
    samples = []
    for label in ("B-1", "B-2"):
        sample = {"material": "blood", "label": label, "collected_at": at}
        taken = await trial.ok(nurse, f"/participants/{living}/samples", sample)
        samples.append(taken.json()["sample_id"])
    screening = (await trial.shown(f"/participants/{living}"))["participant"]["screening_id"]
    check = {"checked_on": today, "result": "no_death_found"}
    await trial.ok(nurse, f"/screenings/{screening}/death-checks", check)
    return MadeAfterwards(
        living=living,
        dead=dead,
        stopped=stopped,
        screening=screening,
        samples=(samples[0], samples[1]),
        consent=signed.json()["consent_id"],
        at=at,
        today=today,
    )


def afterwards_requests(made: MadeAfterwards) -> dict[str, tuple[str, Any]]:
    """For every writing route a request that would succeed: path and body."""
    of, screening = "/participants/{participant_id}", "/screenings/{screening_id}"
    at, today = made.at, made.today
    acts: list[tuple[str, str, str, Any]] = [
        (of, made.living, "course-steps", {"step": "apheresis", "happened_at": at, "outcome": "done"}),
        (of, made.living, "plan-checks", {"plan": "RT-1", "outcome": "acceptable", "checked_on": today}),
        (of, made.living, "samples", {"material": "blood", "label": "B-3", "collected_at": at}),
        (of, made.living, "contact-attempts", {"channel": "email", "attempted_at": at, "reached": True}),
        (
            of,
            made.living,
            "follow-up-contacts",
            {"visit": "day-28", "day": 28, "outcome": "refused", "happened_on": today},
        ),
        (of, made.living, "losses", {}),
        (of, made.stopped, "episodes", {"consent_id": made.consent, "elements": ["contact"]}),
        (of, made.dead, "death-corrections", {"reason": "another child", "withdrawn": True}),
        (screening, made.screening, "death-checks", {"checked_on": today, "result": "no_death_found"}),
        (screening, made.screening, "mailings", {"mailing": "letter", "sent_on": today}),
        (screening, made.screening, "opt-outs", {}),
        ("/samples/{sample_id}", made.samples[1], "destructions", {"at": at}),
    ]
    return {
        f"{route}/{what}": (f"{route.partition('{')[0]}{one}/{what}", body) for route, one, what, body in acts
    } | {
        "/samples/{sample_id}/transfers": (
            f"/samples/{made.samples[0]}/transfers",
            {"passed_to": "Laboratory", "use": "this-study", "at": at},
        ),
        # Last: nothing else is right for who has died.
        f"{of}/deaths": (f"/participants/{made.living}/deaths", {"died_on": today, "cause": "other"}),
    }


# The trial of the access matrix owes no follow-up and asks about no use of samples.
_NOT_THERE = ("/follow-up-contacts", "/losses", "/transfers")
_WRONG = {"course-steps": "inspector:EP01:*", "death-corrections": NURSE}


def afterwards_accesses(made: MadeAfterwards) -> list[Access]:
    """Each route with grants that may and grants that may not."""
    writing = [
        Access(
            method="POST",
            path=f"/enrolment/api/v1{path}",
            call=_saying(called),
            body=_saying(body),
            right="" if path.endswith(_NOT_THERE) else HERE,
            wrong_role=_WRONG.get(path.rpartition("/")[2], PHARMACIST),
            **ELSEWHERE,
        )
        for path, (called, body) in afterwards_requests(made).items()
    ]
    reading = [
        Access(
            method="GET",
            path=f"/enrolment/api/v1{path}/{what}",
            call=_saying(f"{path.partition('{')[0]}{one}/{what}"),
            right=NURSE,
            **ELSEWHERE,
        )
        for path, one, what in (
            *(
                ("/participants/{participant_id}", made.living, what)
                for what in ("course", "plan-checks", "samples", "follow-up")
            ),
            ("/screenings/{screening_id}", made.screening, "mailings"),
        )
    ]
    lists = [
        Access(
            method="GET",
            path=f"/enrolment/api/v1/{what}",
            call=_saying(f"/{what}?trial=EP01"),
            right=NURSE,
            other_scope="site_investigator:EP99:012",
        )
        for what in ("follow-up-worklist", "sample-destructions")
    ]
    return [*writing, *reading, *lists]


def _saying(what: Any) -> Any:
    return lambda: what
