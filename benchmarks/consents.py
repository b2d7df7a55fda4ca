"""A consent: permitted by role and delegation, checked against the forms in force at the site, announced."""

from collections.abc import Callable
from datetime import timedelta

from benchmarks import load
from benchmarks.commands import SITE, TRIAL, TRIAL_ID, Asked, Comparison, of_the_trial
from services.enrolment.app import program
from services.sponsor.events.published import TrialOpenedV1
from shared.clock import format_instant, server_now
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Running

SCREENINGS = 200


async def _tell(running: Running) -> None:
    """An open trial with a hospital and an investigator there."""
    sponsor, now = FakeProducer("sponsor"), server_now()
    opened = TrialOpenedV1(trial_id=TRIAL_ID, trial_code=TRIAL, opened_at=now - timedelta(days=30))
    inbox = running.service.inboxes["sponsor"]
    event = sponsor.event(opened, aggregate_id=TRIAL_ID, scope=TRIAL_ID)
    await sponsor.deliver(inbox, *of_the_trial(sponsor, now), event)


async def _screen(url: str, headers: Callable[[], dict[str, str]]) -> Callable[[int], Asked]:
    """Start screenings; every consent is for one of them."""
    connection = load.Connection(url)
    body = {"trial": TRIAL, "part": "stratum-1", "site_number": SITE, "born": {"year": 2015, "month": 3}}
    screenings: list[str] = []
    for _ in range(SCREENINGS):
        answer = await connection.ask(load.post("/enrolment/api/v1/screenings", body, headers()))
        if answer.status != 201:
            raise load.Unexpected(f"{answer.status}: {answer.body[:300]!r}")
        screenings.append(load.read(answer)["screening_id"])
    connection.close()

    def consent(n: int) -> Asked:
        signed_at = format_instant(server_now() - timedelta(minutes=5))
        body = {
            "purpose": "parental_consent",
            "document": "parental-consent",
            "version": "1.0",
            "capacity": "parental_responsibility",
            "signed_at": signed_at,
        }
        return Asked(f"/enrolment/api/v1/screenings/{screenings[n % SCREENINGS]}/consents", body)

    return consent


CONSENT = Comparison(
    what="consent with role, delegation and form rules, POST to 201, v bare FastAPI + one INSERT",
    floor=0.25,
    service=program,
    tell=_tell,
    before=_screen,
)
