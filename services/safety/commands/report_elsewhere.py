"""Alerts about acts in other services that somebody must know of at once."""

from services.safety.commands.raise_alert import raise_alerts
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.store.places import trial_named
from shared.act import Act
from shared.database import Tx


async def report_unauthorised_dose(tx: Tx, act: Act, *, event_id: str, trial_id: str) -> None:
    """A dose was given that nobody had authorised: recorded as a fact, and told."""
    request = AlertRequest(kind=AlertKind.DOSE_WITHOUT_AUTHORISATION, cause=event_id)
    await raise_alerts(tx, act, [request], await trial_named(tx, trial_id))


async def report_exceptional_authorisation(tx: Tx, act: Act, *, authorisation_id: str, trial_id: str) -> None:
    """Two people authorised a dose for one child despite a halt or an unknown state of the trial."""
    request = AlertRequest(kind=AlertKind.EXCEPTIONAL_AUTHORISATION, cause=authorisation_id)
    await raise_alerts(tx, act, [request], await trial_named(tx, trial_id))


async def report_missing_countersignature(tx: Tx, act: Act, *, authorisation_id: str, trial_id: str) -> None:
    """Somebody who authorised such a dose has not countersigned it in time."""
    request = AlertRequest(kind=AlertKind.COUNTERSIGNATURE_OVERDUE, cause=authorisation_id)
    await raise_alerts(tx, act, [request], await trial_named(tx, trial_id))


async def report_halt(tx: Tx, act: Act, *, halt_id: str, trial_id: str) -> None:
    """A trial was halted."""
    request = AlertRequest(kind=AlertKind.HALT, cause=halt_id)
    await raise_alerts(tx, act, [request], await trial_named(tx, trial_id))


async def report_superseded_decision(tx: Tx, act: Act, *, decision_id: str, trial_id: str) -> None:
    """Data behind a signed dose decision changed: its committee has to look at it again."""
    request = AlertRequest(kind=AlertKind.DECISION_SUPERSEDED, cause=decision_id)
    await raise_alerts(tx, act, [request], await trial_named(tx, trial_id))


async def report_outdated_pack(tx: Tx, act: Act, *, pack_id: str, trial_id: str) -> None:
    """Something came to light about those whom a committee's pack shows."""
    request = AlertRequest(kind=AlertKind.PACK_OUTDATED, cause=pack_id)
    await raise_alerts(tx, act, [request], await trial_named(tx, trial_id))
