"""The enrolment service: the only place where its parts are put together."""

from pathlib import Path

from services.enrolment.api import (
    afterwards,
    board,
    course,
    dose_confirmations,
    dose_corrections,
    doses,
    downtime,
    exceptional_authorisations,
    finder,
    follow_up,
    identity,
    participant_consents,
    participants,
    provenance,
    randomisations,
    referrals,
    registrations,
    samples,
    screening_records,
    screenings,
    signed_records,
    slots,
    take_overs,
    transfers,
    unblinded,
)
from services.enrolment.api.route import to_problem
from services.enrolment.commands.report_parked import report_parked
from services.enrolment.commands.settle_trial import settle_every_trial
from services.enrolment.consumers.safety_events import SAFETY_EVENTS
from services.enrolment.consumers.sponsor_events import SPONSOR_EVENTS
from services.enrolment.domain.refusals import Refused
from services.enrolment.events.examples import EXAMPLES
from services.enrolment.events.published import PUBLISHED
from services.enrolment.store.copies import COPIES
from services.enrolment.store.tables import METADATA
from services.enrolment.timers.consent_renewals import CONSENT_RENEWALS
from services.enrolment.timers.countersignatures import COUNTERSIGNATURES
from services.enrolment.timers.slot_expiry import SLOT_EXPIRY
from services.enrolment.timers.slot_warnings import SLOT_WARNINGS
from shared.consumer import Projections
from shared.process import Program
from shared.service import Definition, Published
from shared.service_settings import ServiceSettings


def definition(settings: ServiceSettings) -> Definition:
    """What the enrolment service is; none of it depends on its settings."""
    return Definition(
        name=settings.service,
        title="Enrolment: people, places, registrations and doses",
        metadata=METADATA,
        consumers=(SPONSOR_EVENTS, SAFETY_EVENTS),
        projections=Projections(tables=COPIES, settle=settle_every_trial, on_parked=report_parked),
        routers=(
            screenings.router,
            signed_records.router,
            randomisations.router,
            unblinded.router,
            slots.router,
            board.router,
            finder.router,
            registrations.router,
            downtime.router,
            doses.router,
            dose_confirmations.router,
            dose_corrections.router,
            exceptional_authorisations.router,
            participants.router,
            provenance.router,
            participant_consents.router,
            screening_records.router,
            course.router,
            samples.router,
            follow_up.router,
            afterwards.router,
            referrals.router,
            identity.router,
            transfers.router,
            take_overs.router,
        ),
        timers=(SLOT_EXPIRY, SLOT_WARNINGS, CONSENT_RENEWALS, COUNTERSIGNATURES),
        translations={Refused: to_problem},
        topics_relied_on=("sponsor.events.v1", "safety.events.v1"),
        published=Published(events=PUBLISHED, examples=EXAMPLES),
    )


program = Program(name="enrolment", define=definition, folder=Path(__file__).parent)
