"""The enrolment service: the only place where its parts are put together."""

from services.enrolment.api import (
    board,
    doses,
    participants,
    registrations,
    screenings,
    signed_records,
    slots,
)
from services.enrolment.api.route import to_problem
from services.enrolment.commands.report_parked import report_parked
from services.enrolment.commands.settle_trial import settle_every_trial
from services.enrolment.consumers.safety_events import SAFETY_EVENTS
from services.enrolment.consumers.sponsor_events import SPONSOR_EVENTS
from services.enrolment.domain.refusals import Refused
from services.enrolment.store.copies import COPIES
from services.enrolment.store.tables import METADATA
from services.enrolment.timers.slot_expiry import SLOT_EXPIRY
from shared.consumer import Projections
from shared.service import Definition


def definition() -> Definition:
    """What the enrolment service is."""
    return Definition(
        name="enrolment",
        title="Enrolment",
        metadata=METADATA,
        consumers=(SPONSOR_EVENTS, SAFETY_EVENTS),
        projections=Projections(tables=COPIES, settle=settle_every_trial, on_parked=report_parked),
        routers=(
            screenings.router,
            signed_records.router,
            slots.router,
            board.router,
            registrations.router,
            doses.router,
            participants.router,
        ),
        timers=(SLOT_EXPIRY,),
        translations={Refused: to_problem},
        topics_relied_on=("sponsor.events.v1", "safety.events.v1"),
    )
