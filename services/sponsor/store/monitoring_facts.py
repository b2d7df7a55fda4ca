"""What monitoring knows of a trial: this service's own copies of what the others said, and its own log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from services.sponsor.domain.monitoring.facts import (
    MonitoredPerson,
    MonitoredReport,
    MonitoredScreening,
    MonitoredWindow,
    MonitoringFacts,
)
from services.sponsor.domain.standing import Verdict
from services.sponsor.store.copies import ADVERSE_EVENTS, PARTICIPANTS, SCREENINGS, VERDICTS
from services.sponsor.store.event_log import log_of
from services.sponsor.store.sites import sites_of
from shared.database import Tx

_OPENED, _CLOSED = "sponsor.trial.opened.v1", "sponsor.trial.closed.v1"
_CLEARED = "cleared"
_SETTLED = {verdict.value: verdict for verdict in Verdict}


async def monitoring_facts(tx: Tx, trial_id: str, now: datetime) -> MonitoringFacts:
    """Everything as the copies have it now."""
    people = select(PARTICIPANTS).where(PARTICIPANTS.c.trial_id == trial_id, PARTICIPANTS.c.part.is_not(None))
    registered = {row.participant_id: row for row in await tx.execute(people)}
    log = await log_of(tx, trial_id)
    return MonitoringFacts(
        now=now,
        sites=frozenset(site.number for site in await sites_of(tx, trial_id)),
        people=[_person(row) for row in registered.values() if not row.voided],
        reports=await _reports(tx, trial_id, registered),
        windows=await _windows(tx, trial_id, registered),
        screenings=await _screenings(tx, trial_id),
        open_from=min((line.at for line in log if line.action == _OPENED), default=None),
        open_until=max((line.at for line in log if line.action == _CLOSED), default=None),
    )


def _person(row: Any) -> MonitoredPerson:
    return MonitoredPerson(
        site=row.site_number or "",
        first_dose_at=row.first_dose_at,
        treatment_ended_at=row.treatment_ended_at,
    )


async def _reports(tx: Tx, trial_id: str, registered: Mapping[str, Any]) -> list[MonitoredReport]:
    statement = select(ADVERSE_EVENTS).where(
        ADVERSE_EVENTS.c.trial_id == trial_id, ADVERSE_EVENTS.c.matched != _CLEARED
    )
    found = []
    for row in await tx.execute(statement):
        person = registered.get(row.participant_id)
        site = person.site_number if person is not None else row.site_number
        if site is None or (person is not None and person.voided):
            continue
        found.append(_report(row, site))
    return found


def _report(row: Any, site: str) -> MonitoredReport:
    return MonitoredReport(
        site=site,
        serious=row.serious,
        onset_on=None if row.onset_on is None else datetime.fromisoformat(row.onset_on).date(),
        aware_at=row.aware_at,
        reported_at=row.reported_at,
    )


async def _windows(tx: Tx, trial_id: str, registered: Mapping[str, Any]) -> list[MonitoredWindow]:
    statement = select(VERDICTS).where(VERDICTS.c.trial_id == trial_id)
    found = []
    for row in await tx.execute(statement):
        person = registered.get(row.participant_id)
        if person is None or person.voided:
            continue
        found.append(
            MonitoredWindow(
                site=person.site_number or "",
                closed=row.closed_at is not None,
                verdict=_SETTLED.get(row.verdict or "", Verdict.PENDING),
            )
        )
    return found


async def _screenings(tx: Tx, trial_id: str) -> list[MonitoredScreening]:
    statement = select(SCREENINGS).where(
        SCREENINGS.c.trial_id == trial_id, SCREENINGS.c.site_number.is_not(None)
    )
    return [
        MonitoredScreening(site=row.site_number, failed_because=row.failed_because)
        for row in await tx.execute(statement)
    ]
