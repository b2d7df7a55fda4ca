"""The safety service put together: what it consumes, publishes, times, sends and answers."""

from pathlib import Path

from services.safety.api import adverse_events, alerts, dlt_verdicts, duty_periods, take_overs
from services.safety.commands.call_steps import OutsideChannel
from services.safety.commands.settle_copies import settle_copies
from services.safety.consumers.enrolment_events import ENROLMENT_EVENTS
from services.safety.consumers.parked import IGNORED, on_parked
from services.safety.consumers.sponsor_events import SPONSOR_EVENTS
from services.safety.domain.refusals import REFUSALS, Refused
from services.safety.events.examples import EXAMPLES
from services.safety.events.published import PUBLISHED
from services.safety.store.base import METADATA
from services.safety.store.copies import COPIES
from services.safety.store.tables import AdverseEventRow
from services.safety.timers.dlt_windows import DLT_WINDOWS
from services.safety.timers.escalation import escalation
from services.safety.timers.gaps import lasting_gaps
from services.safety.timers.matching import MATCHING
from services.safety.timers.sends import send_alerts
from services.safety.timers.seriousness import SERIOUSNESS
from shared.consumer import Projections
from shared.problems import Problem
from shared.process import Program
from shared.service import Definition, Loop, Published
from shared.service_settings import ServiceSettings
from shared.settings import MailSettings

assert AdverseEventRow.metadata is METADATA  # the tables are in the registry once their module is imported


def definition(settings: ServiceSettings) -> Definition:
    """The service as these settings want it: with a mail server, steps also send messages."""
    return Definition(
        name="safety",
        title="Safety",
        metadata=METADATA,
        consumers=(SPONSOR_EVENTS, ENROLMENT_EVENTS),
        projections=Projections(tables=COPIES, settle=settle_copies, on_parked=on_parked),
        routers=(
            adverse_events.router,
            dlt_verdicts.router,
            duty_periods.router,
            alerts.router,
            take_overs.router,
        ),
        timers=(
            MATCHING,
            DLT_WINDOWS,
            SERIOUSNESS,
            lasting_gaps(IGNORED),
            escalation(_channel(settings.mail)),
        ),
        translations={Refused: _to_problem},
        published=Published(events=PUBLISHED, examples=EXAMPLES),
        loops=(Loop(name="alert-sends", run=send_alerts),),
    )


def _channel(mail: MailSettings) -> OutsideChannel | None:
    if not mail.configured or mail.sender is None:
        return None
    return OutsideChannel(domain=mail.sender.rpartition("@")[2].strip(" >"))


def _to_problem(refused: Refused) -> Problem:
    kind = REFUSALS[refused.code]
    return Problem(
        refused.code,
        status=kind.status,
        title=kind.title,
        detail=refused.detail,
        extra=dict(refused.facts),
    )


program = Program(name="safety", define=definition, folder=Path(__file__).parent, alert_channel_needed=True)
