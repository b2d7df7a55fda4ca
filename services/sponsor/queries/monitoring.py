"""Central monitoring of one trial, site by site and as a whole, from this service's own copies."""

from dataclasses import dataclass
from datetime import datetime

from services.sponsor.domain.monitoring.rules import MonitoringPlan
from services.sponsor.domain.monitoring.states import MonitoringStates, monitoring_states
from services.sponsor.domain.protocol_version import version_in_force
from services.sponsor.domain.trial import Trial
from services.sponsor.queries.visibility import READERS, visible_trial
from services.sponsor.store.monitoring_facts import monitoring_facts
from services.sponsor.store.monitoring_rules import monitoring_plan, monitoring_rules
from services.sponsor.store.protocol_versions import document_of, versions_of
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMonitoring:
    """The states as of an instant of domain time, by the plan of the protocol version in force."""

    trial: Trial
    as_of: datetime
    protocol_version: str | None
    states: MonitoringStates


async def show_monitoring(tx: Tx, act: Act, trial_id: str) -> TrialMonitoring:
    """The states, for whoever may read the trial."""
    trial = await visible_trial(tx, act, trial_id, READERS)
    version = version_in_force(await versions_of(tx, trial.id), act.now)
    plan = MonitoringPlan() if version is None else monitoring_plan(await document_of(tx, version.id))
    facts = await monitoring_facts(tx, trial.id, act.now)
    return TrialMonitoring(
        trial=trial,
        as_of=act.now,
        protocol_version=None if version is None else version.terms.version,
        states=monitoring_states(facts, monitoring_rules(), plan),
    )
