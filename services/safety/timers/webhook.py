"""A signed webhook: one POST per message and person, with a constant id, a timestamp and an HMAC over both.

The receiver recomputes HMAC-SHA-256 over `<TrialOps-Timestamp>.<body>` with the shared secret, refuses a timestamp
more than five minutes away from its own clock, and takes an `Idempotency-Key` once. While keys are changed there
are two signatures, and either may match. `verify` does the first two; a receiver in Python may copy it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pydantic import SecretStr

from services.safety.commands.send_alert import ClaimedMessage
from services.safety.domain.channels import Channel
from services.safety.timers.posts import NotTaken, ReceiverGone
from shared.clock import format_instant, server_now
from shared.outside_settings import WebhookSettings
from shared.outward import CallFailed, Resolve, call_outside, networks_of, resolve

TIMESTAMP, SIGNATURE, KEY = "TrialOps-Timestamp", "TrialOps-Signature", "Idempotency-Key"
GONE = 410
TOLERANCE = timedelta(minutes=5)


class WebhookPost:
    """The webhook channel."""

    channel = Channel.WEBHOOK

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        now: Callable[[], datetime] = server_now,
        resolver: Resolve = resolve,
    ) -> None:
        self._settings = settings
        self._now = now
        self._resolver = resolver
        self._networks = networks_of(settings.networks)

    async def hand_over(self, message: ClaimedMessage) -> None:
        """POST it; a status from 200 to 299 says that the receiver has it.

        Raises:
            NotTaken: another status, no answer, or an address that is not called.
            ReceiverGone: 410.
        """
        body = written(message)
        headers = {
            "Content-Type": "application/json",
            KEY: message.send_id,
            **signed(body, self._secrets(), at=self._now()),
        }
        try:
            status = await call_outside(
                self._settings.url or "", body, headers, networks=self._networks, resolver=self._resolver
            )
        except CallFailed as failure:
            raise NotTaken(failure.reason) from failure
        if status == GONE:
            raise ReceiverGone("status_410")
        if not 200 <= status < 300:
            raise NotTaken(f"status_{status}")

    def _secrets(self) -> list[SecretStr]:
        secrets = (self._settings.secret, self._settings.previous_secret)
        return [secret for secret in secrets if secret is not None]


def written(message: ClaimedMessage) -> bytes:
    """The body: trial code, kind, due time, link and whom it is for; the same bytes in every try."""
    said = {
        "id": message.send_id,
        "alert_id": message.alert_id,
        "recipient": message.person,
        "trial": message.trial.code,
        "kind": message.kind,
        "priority": message.priority,
        "step": message.step,
        "acknowledge_by": format_instant(message.acknowledge_by),
        "subject": message.message.subject,
        "link": message.link,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def signed(body: bytes, secrets: list[SecretStr], *, at: datetime) -> dict[str, str]:
    """The headers that prove who wrote the body and when, by every live secret."""
    timestamp = str(int(at.timestamp()))
    proofs = [f"v1={_hmac(secret.get_secret_value(), timestamp, body)}" for secret in secrets]
    return {TIMESTAMP: timestamp, SIGNATURE: ",".join(proofs)}


def verify(headers: Mapping[str, str], body: bytes, secret: str, *, now: datetime) -> bool:
    """Whether a message is ours and fresh, as a receiver must check before it reads the body."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        return False
    proof = f"v1={_hmac(secret, timestamp, body)}"
    signatures = given.get(SIGNATURE.lower(), "").split(",")
    return any(hmac.compare_digest(one.strip().encode(), proof.encode()) for one in signatures)


def _hmac(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
