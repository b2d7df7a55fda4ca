"""Whether the alerting itself lives: its evaluator and its channels, in server time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.safety.domain.channels import Channel, OutsideChannels
from services.safety.domain.ids import PersonId
from services.safety.store.alert_sends import waiting_sends
from services.safety.store.channels import EVALUATOR, OK, ChannelState, channel_states
from shared.database import Tx
from shared.service_settings import ServiceSettings

SILENT_AFTER = timedelta(seconds=60)
WAITS_TOO_LONG = timedelta(minutes=5)
NEVER = "never"


def channels_of(settings: ServiceSettings) -> OutsideChannels:
    """The ways out that these settings give."""
    mail, outside = settings.mail, settings.outside
    return OutsideChannels(
        mail=mail.configured,
        webhook=outside.webhook.configured,
        apprise=frozenset(PersonId(person) for person in outside.apprise),
        domain=(mail.sender or "").rpartition("@")[2].strip(" >") or OutsideChannels().domain,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """One part of the alerting: the evaluator or a channel; `waiting` are messages not yet out.

    `state` is `ok`, `failing`, `gone`, `silent` (it does no rounds any more) or `never` (it has done none yet).
    """

    name: str
    state: str
    beat_at: datetime | None
    failures: int
    failing_since: datetime | None
    last_error: str | None
    last_delivered_at: datetime | None
    waiting: int
    oldest_waiting_seconds: float


async def alert_health(tx: Tx, channels: Sequence[Channel], *, now: datetime) -> list[PartHealth]:
    """The evaluator first, then every channel that is configured.

    Args:
        tx: a reading transaction.
        channels: those that are configured.
        now: server time.
    """
    stored = {state.name: state for state in await channel_states(tx)}
    found = [_part(EVALUATOR, stored.get(EVALUATOR), now, 0, 0.0)]
    for channel in channels:
        waiting = await waiting_sends(tx, channel)
        age = waiting.age_seconds(now)
        found.append(_part(channel.value, stored.get(channel.value), now, waiting.count, age))
    return found


def is_well(parts: Sequence[PartHealth]) -> bool:
    """Whether an alert raised now would leave: the evaluator does its rounds and some channel works."""
    evaluator, *channels = parts
    return evaluator.state == OK and (
        not channels
        or any(
            part.state == OK and part.oldest_waiting_seconds < WAITS_TOO_LONG.total_seconds()
            for part in channels
        )
    )


def _part(
    name: str, stored: ChannelState | None, now: datetime, waiting: int, oldest_seconds: float
) -> PartHealth:
    state = NEVER if stored is None else stored.state
    if stored is not None and now - stored.beat_at > SILENT_AFTER:
        state = "silent"
    return PartHealth(
        name=name,
        state=state,
        beat_at=stored.beat_at if stored else None,
        failures=stored.failures if stored else 0,
        failing_since=stored.failing_since if stored else None,
        last_error=stored.last_error if stored else None,
        last_delivered_at=stored.last_delivered_at if stored else None,
        waiting=waiting,
        oldest_waiting_seconds=oldest_seconds,
    )
