"""Settings of what leaves the installation besides mail: a signed webhook, Apprise, and a heartbeat."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import MAX_FILE_BYTES, Block, SettingsInvalid, read_block

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
SHORTEST_SECRET = 32


def outward_address(url: str) -> str:
    """An address that we may call: https, or http on this machine; no user, no password, no fragment.

    Raises:
        ValueError: it is not one.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("the address has a user, a password or a fragment")
    if not parts.hostname or parts.port == 0:
        raise ValueError("the address has no host")
    here = parts.hostname in LOOPBACK_NAMES
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ValueError("the address is neither https nor on this machine")
    return url


def _networks(text: str) -> str:
    for one in filter(None, (part.strip() for part in text.split(","))):
        ipaddress.ip_network(one)
    return text


class WebhookSettings(Block):
    """A receiver of messages; each is signed with `secret`, and with `previous_secret` while keys are changed.

    `networks` are private networks, comma-separated, in which the receiver may be; without them a receiver whose
    name resolves to a private address is never called.
    """

    model_config = SettingsConfigDict(env_prefix="WEBHOOK_")

    url: Annotated[str, AfterValidator(outward_address)] | None = None
    secret: Annotated[SecretStr, Field(min_length=SHORTEST_SECRET)] | None = None
    previous_secret: Annotated[SecretStr, Field(min_length=SHORTEST_SECRET)] | None = None
    networks: Annotated[str, AfterValidator(_networks)] = ""

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.url is not None and self.secret is None:
            raise ValueError("a webhook needs a secret of at least 32 characters")
        return self

    @property
    def configured(self) -> bool:
        return self.url is not None


class AppriseSettings(Block):
    """A JSON file that gives each person's Apprise address; the addresses are secrets and stay in it."""

    model_config = SettingsConfigDict(env_prefix="APPRISE_")

    targets_file: Path | None = None


class HeartbeatSettings(Block):
    """Who is called regularly while all is well; silence is the alarm. The address may be a secret."""

    model_config = SettingsConfigDict(env_prefix="HEARTBEAT_")

    url: SecretStr | None = None
    every_seconds: Annotated[float, Field(ge=1, le=600)] = 60
    networks: Annotated[str, AfterValidator(_networks)] = ""

    @model_validator(mode="after")
    def _outward(self) -> Self:
        if self.url is not None:
            outward_address(self.url.get_secret_value())
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideSettings:
    """`apprise` maps a person to the address that Apprise calls."""

    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    apprise: Mapping[str, SecretStr] = field(default_factory=dict)
    heartbeat: HeartbeatSettings = field(default_factory=HeartbeatSettings)

    @property
    def reaches_people(self) -> bool:
        return self.webhook.configured or bool(self.apprise)


def read_outside(*prefixes: str, environ: Mapping[str, str] | None = None) -> OutsideSettings:
    """Read the three blocks and the file that one of them names.

    Raises:
        SettingsInvalid: with every reason of the first block that is wrong.
    """
    apprise = read_block(AppriseSettings, *prefixes, environ=environ)
    return OutsideSettings(
        webhook=read_block(WebhookSettings, *prefixes, environ=environ),
        apprise={} if apprise.targets_file is None else _targets(apprise.targets_file),
        heartbeat=read_block(HeartbeatSettings, *prefixes, environ=environ),
    )


def _targets(path: Path) -> Mapping[str, SecretStr]:
    try:
        with path.open("rb") as file:
            read = json.loads(file.read(MAX_FILE_BYTES))
    except (OSError, ValueError) as error:
        reason = f"APPRISE_TARGETS_FILE: the file cannot be read ({type(error).__name__})"
        raise SettingsInvalid([reason]) from None
    if not isinstance(read, dict) or not all(isinstance(value, str) and value for value in read.values()):
        raise SettingsInvalid(["APPRISE_TARGETS_FILE: not a JSON object of people and addresses"])
    return {person: SecretStr(address) for person, address in read.items()}
