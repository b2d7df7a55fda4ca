"""Say which consents became due: the age of consent reached, a form to be signed again, its last day come."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.enrolment.domain.adult_consent import AdultConsentState
from services.enrolment.domain.age import local_date
from services.enrolment.domain.consent_tasks import ConsentTask, TaskKind, consent_tasks
from services.enrolment.events.consent_events import AdultConsentDueV1, ReConsentDueV1, ReConsentRequestedV1
from services.enrolment.store.consent_standings import Standing, load_standings
from services.enrolment.store.consent_watches import Due, not_yet_said, save_watch, to_look_at
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put_all

AT_ONCE = 50
LOOK_AT_LEAST_EVERY = timedelta(days=1)
"""What changes a task otherwise (a form's version, a green light, the end of treatment) is seen within a day."""

ADULT, REQUESTED, DUE = "adult_consent_due", "re_consent_requested", "re_consent_due"


async def renew_consents(tx: Tx, act: Act) -> int:
    """Look at those of one trial whose time has come; return how many that were."""
    found = await to_look_at(tx, act.now, AT_ONCE)
    if found is None:
        return 0
    standings = {
        one.participant_id: one
        for one in await load_standings(tx, found.trial_id, found.participant_ids, act.now)
    }
    events: list[NewEvent] = []
    for participant_id in found.participant_ids:
        standing = standings.get(participant_id)
        if standing is None:  # no version of the protocol is known yet
            await save_watch(tx, participant_id, act.now + LOOK_AT_LEAST_EVERY)
            continue
        events += await _look(tx, act, standing)
    await put_all(tx, act, events)
    return len(found.participant_ids)


async def _look(tx: Tx, act: Act, standing: Standing) -> list[NewEvent]:
    consent, now = standing.consent, act.now
    today = local_date(now, consent.zone)
    tasks = {
        (REQUESTED, task.document, task.version): task
        for task in consent_tasks(consent, now)
        if task.kind is TaskKind.RE_CONSENT
    }
    due: set[Due] = set(tasks)
    due |= {
        (DUE, task.document, task.version)
        for task in tasks.values()
        if task.due_on is not None and task.due_on <= today
    }
    adult = consent.adult_consent(now)
    if consent.phase is not None and adult.state is AdultConsentState.DUE:
        due.add((ADULT, "", ""))
    said = await not_yet_said(tx, standing.participant_id, due, now)
    await save_watch(tx, standing.participant_id, next_look(standing, tasks.values(), now))
    return [_event(standing, one, tasks.get((REQUESTED, *one[1:])), act) for one in said]


def next_look(standing: Standing, tasks: Iterable[ConsentTask], now: datetime) -> datetime | None:
    """The next instant at which something may become due; None when nothing can any more."""
    consent = standing.consent
    if consent.voided:
        return None
    dates = consent.adult_consent(now).dates
    days = [task.due_on for task in tasks if task.due_on is not None]
    days += [] if dates is None else [dates.certain_on]
    instants = [first_instant(day, consent.zone) for day in days] + list(standing.upcoming)
    return min([*(at for at in instants if at > now), now + LOOK_AT_LEAST_EVERY])


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a local date, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _event(standing: Standing, due: Due, task: ConsentTask | None, act: Act) -> NewEvent:
    kind, document, version = due
    who = {
        "trial_id": standing.trial_id,
        "participant_id": standing.participant_id,
        "site_number": standing.site_number,
    }
    if kind == ADULT:
        consent = standing.consent
        dates = consent.adult_consent(act.now).dates
        due_at = first_instant(dates.certain_on, consent.zone) if dates else act.now
        return _new(standing, AdultConsentDueV1(**who, blocks=sorted(consent.terms.blocks), due_at=due_at))
    due_on = None if task is None else task.due_on
    form = {"document": document, "version": version}
    if kind == REQUESTED or due_on is None:
        return _new(standing, ReConsentRequestedV1(**who, **form, due_on=due_on, requested_at=act.now))
    return _new(standing, ReConsentDueV1(**who, **form, due_on=due_on, said_at=act.now))


def _new(standing: Standing, body: AdultConsentDueV1 | ReConsentRequestedV1 | ReConsentDueV1) -> NewEvent:
    return NewEvent(aggregate_id=standing.participant_id, scope=standing.trial_id, body=body)
