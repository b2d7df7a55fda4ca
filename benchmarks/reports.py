"""An adverse-event report: stored whole, coded, announced, and its participant's DLT window judged anew."""

from collections.abc import Callable
from datetime import datetime, timedelta

from benchmarks.commands import SITE, TRIAL, TRIAL_ID, Asked, Comparison, of_the_trial
from services.enrolment.events.dose_events import AdministrationV1, DoseRecordedV1, FirstDoseRecordedV1
from services.enrolment.events.participant_events import ParticipantRegisteredV1
from services.safety.app import program
from shared.clock import format_instant, server_now
from shared.envelope import Record
from shared.testing.fake_producer import FakeProducer
from shared.testing.running import Running

PARTICIPANTS = 1_000
_TOLD_AT_ONCE = 100


async def _tell(running: Running) -> None:
    """An approved protocol, a hospital, an investigator, and participants who have begun treatment."""
    inboxes = running.service.inboxes
    sponsor, enrolment = FakeProducer("sponsor"), FakeProducer("enrolment")
    await sponsor.deliver(inboxes["sponsor"], *of_the_trial(sponsor, server_now()))
    for first in range(0, PARTICIPANTS, _TOLD_AT_ONCE):
        told = [
            record
            for n in range(first, first + _TOLD_AT_ONCE)
            for record in _of_a_participant(enrolment, n, server_now() - timedelta(days=3))
        ]
        await enrolment.deliver(inboxes["enrolment"], *told)


async def _nothing_before(_url: str, _headers: Callable[[], dict[str, str]]) -> Callable[[int], Asked]:
    return _report


def _report(n: int) -> Asked:
    """A grade 1 nausea of one of the participants, reported by their investigator."""
    now = server_now()
    body = {
        "trial": TRIAL,
        "participant_number": _number(n % PARTICIPANTS),
        "site_number": SITE,
        "verbatim": "mild nausea, no treatment needed",
        "term": "Nausea",
        "ctcae": "5.0",
        "grades": [{"grade": 1, "on": now.date().isoformat()}],
        "onset": now.date().isoformat(),
        "aware_at": format_instant(now),
        "seriousness": [],
        "causality": "probable",
        "outcome": "not_recovered",
    }
    return Asked("/safety/api/v1/adverse-events", body)


def _of_a_participant(enrolment: FakeProducer, n: int, at: datetime) -> list[Record]:
    participant = f"participant-{n}"
    registered = ParticipantRegisteredV1(
        trial_id=TRIAL_ID,
        participant_id=participant,
        participant_number=_number(n),
        screening_id=f"screening-{n}",
        screening_number=f"S-{SITE}-{n:04d}",
        site_number=SITE,
        zone="America/New_York",
        protocol_version="replay-1",
        part="stratum-1",
        stratum="I",
        level=1,
        slot_id=f"slot-{n}",
        decision_id="decision-1",
        registered_at=at,
        before_halt_seen=False,
    )
    dosed = FirstDoseRecordedV1(
        trial_id=TRIAL_ID, participant_id=participant, part="stratum-1", level_received=1, given_at=at
    )
    given = [
        AdministrationV1(at=at + timedelta(days=day), given=True, missed_because=None) for day in (0, 1, 2)
    ]
    doses = DoseRecordedV1(
        trial_id=TRIAL_ID,
        participant_id=participant,
        administrations=given,
        authorised=True,
        late_entry=False,
        recorded_at=at,
    )
    bodies = (registered, dosed, doses)
    return [enrolment.event(body, aggregate_id=participant, scope=TRIAL_ID) for body in bodies]


def _number(n: int) -> str:
    return f"{TRIAL}-{SITE}-{n:04d}"


REPORT = Comparison(
    what="adverse-event report that judges a DLT window, POST to 201, v bare FastAPI + one INSERT",
    floor=None,
    service=program,
    tell=_tell,
    before=_nothing_before,
)


def _serious_report(n: int) -> Asked:
    """A serious grade 1 nausea that its investigator suspects: an alert, a class, and an obligation with its clock."""
    asked = _report(n)
    return Asked(asked.path, asked.body | {"seriousness": ["hospitalisation"]})


async def _nothing_before_it(_url: str, _headers: Callable[[], dict[str, str]]) -> Callable[[int], Asked]:
    return _serious_report


SERIOUS_REPORT = Comparison(
    what="serious report with alert, class and obligation, POST to 201, v bare FastAPI + one INSERT",
    floor=0.15,
    service=program,
    tell=_tell,
    before=_nothing_before_it,
)
