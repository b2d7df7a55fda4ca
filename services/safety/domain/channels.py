"""Channels out of the system: which of them carry one call to one person, and what may never be silenced."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.safety.domain.alert import Alert, AlertKind, AlertState, Priority
from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused
from services.safety.domain.rota import DutyPeriod, RotaEntry, on_duty


class Channel(StrEnum):
    """In the order in which they are tried."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideChannels:
    """The ways out of this installation.

    `apprise` are the people whom that channel reaches; `domain` is the sender's, for message ids. Nothing
    configured means: alerts are shown in the inbox and nowhere else.
    """

    mail: bool = False
    webhook: bool = False
    apprise: frozenset[PersonId] = frozenset()
    domain: str = "alerts.invalid"

    def names(self) -> tuple[Channel, ...]:
        found = {Channel.MAIL: self.mail, Channel.WEBHOOK: self.webhook, Channel.APPRISE: bool(self.apprise)}
        return tuple(channel for channel in Channel if found[channel])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSend:
    """One message to one person by one channel; a standby is sent when the channel before it has failed."""

    person: PersonId
    channel: Channel
    address: str
    standby: bool


def plan_sends(
    priority: Priority,
    called: Collection[PersonId],
    rota: Collection[DutyPeriod],
    channels: OutsideChannels,
    *,
    gone: Collection[Channel] = (),
) -> tuple[PlannedSend, ...]:
    """Messages of one step: P1 by every channel at once, less urgent ones by the first that works.

    Args:
        priority: of the alert.
        called: whom the step calls.
        rota: their duty periods, the trial's own before the network's; the first address of a person counts.
        channels: the ways out that are configured.
        gone: channels that their receiver has shut.
    """
    planned: list[PlannedSend] = []
    for person in called:
        address = next((period.address for period in rota if period.person == person and period.address), "")
        ways = [channel for channel in _ways_to(person, address, channels) if channel not in gone]
        planned += [
            PlannedSend(
                person=person,
                channel=channel,
                address=address if channel is Channel.MAIL else person,
                standby=number > 0 and priority is not Priority.P1,
            )
            for number, channel in enumerate(ways)
        ]
    return tuple(planned)


def _ways_to(person: PersonId, address: str, channels: OutsideChannels) -> list[Channel]:
    reached = {
        Channel.MAIL: bool(address),
        Channel.WEBHOOK: True,
        Channel.APPRISE: person in channels.apprise,
    }
    return [channel for channel in channels.names() if reached[channel]]


NEVER_SILENCED = frozenset(
    {
        AlertKind.DEATH,
        AlertKind.DLT,
        AlertKind.STOPPING_RULE_CROSSED,
        AlertKind.HALT,
        AlertKind.LIFE_THREATENING,
        AlertKind.SERIOUS_ADVERSE_EVENT,
        AlertKind.SUSAR,
        AlertKind.GRAVE_SUSAR,
        AlertKind.SUSAR_AT_HALF,
        AlertKind.LATE_EFFECT,
        AlertKind.SUSAR,
        AlertKind.GRAVE_SUSAR,
        AlertKind.SUSAR_AT_HALF,
        AlertKind.OBLIGATION_BREACHED,
        AlertKind.UNREADABLE_EVENT,
        AlertKind.UNMATCHED_REPORT,
        AlertKind.EMERGENCY_UNBLINDING,
    }
)
"""Death, DLT, stopping rule and halt by name; the others because each of them may be a death or a SUSAR."""

LONGEST_SNOOZE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """The ladder waits until then; nothing is taken off it."""

    by: PersonId
    until: datetime
    reason: str


def decide_snooze(
    alert: Alert,
    *,
    by: PersonId,
    until: datetime,
    reason: str,
    rota: Collection[RotaEntry],
    now: datetime,
) -> Snooze:
    """Whether somebody on the duty list may make an alert's ladder wait.

    Args:
        alert: the alert as stored.
        by: who asks.
        until: when the ladder goes on.
        reason: why it may wait; mandatory.
        rota: duty entries of the trial.
        now: domain time, aware UTC.

    Raises:
        Refused: `alert_never_silenced`, `alert_already_acknowledged`, `not_on_duty`, `reason_required`,
            `snooze_too_long` (also for an end that is not in the future).
    """
    if alert.kind in NEVER_SILENCED:
        raise Refused("alert_never_silenced", f"An alert of the kind {alert.kind.value} is never silenced.")
    if alert.state is not AlertState.RAISED:
        raise Refused("alert_already_acknowledged", f"The alert is {alert.state.value}.")
    if by not in alert.notified and by not in on_duty(rota, now):
        raise Refused("not_on_duty", "Only somebody on the duty list may make an alert wait.")
    if not reason.strip():
        raise Refused("reason_required", "An alert that is to wait needs a reason.")
    if not now < until <= now + LONGEST_SNOOZE:
        raise Refused("snooze_too_long", "An alert may wait until a time within the next 24 hours.")
    return Snooze(by=by, until=until, reason=reason.strip())
