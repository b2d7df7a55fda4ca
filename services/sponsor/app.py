"""The sponsor service put together."""

from pathlib import Path

from services.sponsor.api import (
    committee,
    decisions,
    delegations,
    design_comparisons,
    halt_provenance,
    halts,
    imports,
    monitoring,
    packs,
    protocol_versions,
    recommendation_previews,
    recommendations,
    sites,
    snapshots,
    trial_kinds,
    trials,
)
from services.sponsor.api.refusals import to_problem
from services.sponsor.commands.flag_packs import settle_copies
from services.sponsor.commands.say_parked import say_parked
from services.sponsor.commands.take_over import TrialFile
from services.sponsor.commands.taken_decisions import DecisionsFile
from services.sponsor.consumers.enrolment_events import ENROLMENT_EVENTS
from services.sponsor.consumers.safety_events import SAFETY_EVENTS
from services.sponsor.domain.refusals import Refused
from services.sponsor.events.examples import EXAMPLES
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import PUBLISHED, RETIRED
from services.sponsor.store.base import METADATA
from services.sponsor.store.copies import COPIES
from services.sponsor.timers.protocol_versions import PROTOCOL_VERSIONS
from shared.consumer import Projections
from shared.process import Program
from shared.service import Definition, Published
from shared.service_settings import ServiceSettings


def definition(settings: ServiceSettings) -> Definition:
    """What the sponsor service is; none of it depends on its settings."""
    return Definition(
        name=settings.service,
        title="Sponsor: trials, sites, dose decisions and halts",
        metadata=METADATA,
        consumers=(ENROLMENT_EVENTS, SAFETY_EVENTS),
        projections=Projections(tables=COPIES, settle=settle_copies, on_parked=say_parked),
        routers=(
            trials.router,
            trial_kinds.router,
            protocol_versions.router,
            sites.router,
            delegations.router,
            snapshots.router,
            committee.router,
            packs.router,
            decisions.router,
            halts.router,
            halt_provenance.router,
            recommendations.router,
            design_comparisons.router,
            recommendation_previews.router,
            monitoring.router,
            imports.router,
        ),
        timers=(PROTOCOL_VERSIONS,),
        translations={Refused: to_problem},
        topics_relied_on=("enrolment.events.v1", "safety.events.v1"),
        published=Published(
            events=PUBLISHED,
            examples=EXAMPLES,
            documents={
                "protocol-file.v1.schema.json": ProtocolFile,
                "take-over-decisions.v1.schema.json": DecisionsFile,
                "take-over-trial.v1.schema.json": TrialFile,
            },
            retired=RETIRED,
        ),
    )


program = Program(name="sponsor", define=definition, folder=Path(__file__).parent)
