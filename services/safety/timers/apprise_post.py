"""Apprise, an optional library for pagers, chats and telephones: one object per person, never a group.

`pip install 'trialops[apprise]'` brings it. It has no message ids: what is tried again may arrive twice.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from services.safety.commands.send_alert import ClaimedMessage
from services.safety.domain.channels import Channel
from services.safety.timers.posts import NotTaken
from services.safety.timers.threads import OneThread

Make = Callable[[], Any]
"""Makes an object with Apprise's `add(url)` and `notify(title=, body=)`."""


class AppriseMissing(RuntimeError):
    """People are to be reached through Apprise and the library is not installed."""


def installed_apprise() -> Make:
    """The library's own class.

    Raises:
        AppriseMissing: it is not installed.
    """
    try:
        library = importlib.import_module("apprise")
    except ImportError as error:
        raise AppriseMissing("install trialops[apprise], or remove TRIALOPS_APPRISE_TARGETS_FILE") from error
    make: Make = library.Apprise
    return make


class ApprisePost:
    """The Apprise channel; `targets` are the addresses by person, which are secrets."""

    channel = Channel.APPRISE

    def __init__(self, targets: Mapping[str, SecretStr], *, make: Make | None = None) -> None:
        self._targets = targets
        self._make = make or installed_apprise()
        self._thread = OneThread("apprise")

    async def hand_over(self, message: ClaimedMessage) -> None:
        """Notify the person.

        Raises:
            NotTaken: Apprise says no, cannot read the address, or has none for the person any more.
        """
        address = self._targets.get(message.person)
        if address is None:
            raise NotTaken("no_address")
        await self._thread.call(lambda: self._notify(address.get_secret_value(), message))

    def _notify(self, address: str, message: ClaimedMessage) -> None:
        notifier = self._make()
        if not notifier.add(address):
            raise NotTaken("address_unreadable")
        if not notifier.notify(title=message.message.subject, body=message.message.body):
            raise NotTaken("not_taken")
