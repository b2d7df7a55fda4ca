"""The safety service put together: what it consumes, publishes, times, sends and answers."""

from pathlib import Path

from services.safety.api import (
    adverse_events,
    alert_channels,
    alerts,
    case_files,
    cases,
    dictionary_previews,
    dlt_judgements,
    dlt_verdicts,
    duty_periods,
    listings,
    obligations,
    references,
    report_relations,
    special_reports,
    stopping_rules,
    take_overs,
)
from services.safety.commands.settle_copies import settle_copies
from services.safety.consumers.enrolment_events import ENROLMENT_EVENTS
from services.safety.consumers.parked import IGNORED, on_parked
from services.safety.consumers.sponsor_events import SPONSOR_EVENTS
from services.safety.domain.refusals import REFUSALS, Refused
from services.safety.events.examples import EXAMPLES
from services.safety.events.published import PUBLISHED
from services.safety.queries.alert_health import channels_of
from services.safety.store.base import METADATA
from services.safety.store.copies import COPIES
from services.safety.store.tables import AdverseEventRow
from services.safety.timers.alerting import alerting_is_well, run_alerting
from services.safety.timers.bell import Bells
from services.safety.timers.dlt_windows import DLT_WINDOWS
from services.safety.timers.escalation import escalation
from services.safety.timers.gaps import lasting_gaps
from services.safety.timers.matching import MATCHING
from services.safety.timers.obligations import OBLIGATIONS
from services.safety.timers.seriousness import SERIOUSNESS
from shared.consumer import Projections
from shared.problems import Problem
from shared.process import Program
from shared.service import Definition, Loop, Published
from shared.service_settings import ServiceSettings

assert AdverseEventRow.metadata is METADATA  # the tables are in the registry once their module is imported


def definition(settings: ServiceSettings) -> Definition:
    """The service as these settings want it: with channels, steps also send messages."""
    bells = Bells()
    return Definition(
        name="safety",
        title="Safety",
        metadata=METADATA,
        consumers=(SPONSOR_EVENTS, ENROLMENT_EVENTS),
        projections=Projections(tables=COPIES, settle=settle_copies, on_parked=on_parked),
        routers=(
            adverse_events.router,
            dlt_verdicts.router,
            dlt_judgements.router,
            stopping_rules.router,
            duty_periods.router,
            dictionary_previews.router,
            alerts.router,
            alert_channels.router,
            special_reports.router,
            report_relations.router,
            take_overs.router,
            cases.router,
            case_files.router,
            listings.router,
            obligations.router,
            references.router,
        ),
        timers=(
            MATCHING,
            DLT_WINDOWS,
            SERIOUSNESS,
            OBLIGATIONS,
            lasting_gaps(IGNORED),
            escalation(channels_of(settings), bells),
        ),
        translations={Refused: _to_problem},
        published=Published(events=PUBLISHED, examples=EXAMPLES),
        loops=(Loop(name="alerting", run=lambda service: run_alerting(service, bells)),),
        checks={"alerts": alerting_is_well},
    )


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
