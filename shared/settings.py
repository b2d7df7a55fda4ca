"""Blocks of settings that a service composes, how they are read, and why production would not start.

A block is read from environment variables under one or more prefixes, the most specific first:
`read_block(StoreSettings, "ONE_SERVICE_", "ALL_SERVICES_")`. Every variable has a twin with `_FILE`, which
names a file with the value, for secrets. Blocks are frozen; a message about them never shows a value.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shared.failpoints import FAILPOINTS_SET
from shared.token_keys import DEVELOPMENT_KID, read_public_keys

B = TypeVar("B", bound="Block")
Environ = Mapping[str, str]

MAX_FILE_BYTES = 64 * 1024
_WEAK = ("changeme", "change-me", "change_me", "password", "secret", "example", "default", "trustno1")


class Environment(StrEnum):
    """What an installation is for."""

    DEVELOPMENT = "development"
    DEMONSTRATION = "demonstration"
    PRODUCTION = "production"


class SettingsInvalid(Exception):
    """Variables are missing or wrong; `reasons` names each, without its value."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class SettingsRefused(Exception):
    """Production must not start like this; `reasons` lists everything that was found."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class Block(BaseSettings):
    """One subject's settings. Values come from `read_block` or from the caller, never from elsewhere."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class DeploymentSettings(Block):
    """There is no default: an installation that forgot to say what it is for would skip the checks.

    `public_url` is where people reach the installation, without a slash at its end; messages link to it.
    """

    environment: Environment
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s/]+)*$")] | None = None


class StoreSettings(Block):
    """The URL is a secret because it carries a password."""

    database_url: SecretStr


class BrokerSettings(Block):
    """Without servers the services of one process hand their events to each other directly.

    The `unblinded` user writes the topic of unblinded facts; without it the service's own user does.
    """

    kafka_bootstrap_servers: str | None = None
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_unblinded_username: str | None = None
    kafka_unblinded_password: SecretStr | None = None
    kafka_tls: bool = False
    kafka_ca_file: Path | None = None

    @property
    def configured(self) -> bool:
        return self.kafka_bootstrap_servers is not None


class TokenSettings(Block):
    """Whose tokens are believed."""

    model_config = SettingsConfigDict(env_prefix="TOKEN_")

    issuer: str | None = None
    public_keys_file: Path | None = None


class EventSigningSettings(Block):
    """Signing what we publish, and the keys of those we read."""

    model_config = SettingsConfigDict(env_prefix="EVENT_SIGNING_")

    enabled: bool = False
    private_key_file: Path | None = None
    public_keys_dir: Path | None = None


class MailSettings(Block):
    """The outside channel; without a host there is none."""

    model_config = SettingsConfigDict(env_prefix="MAIL_")

    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: bool = True
    username: str | None = None
    password: SecretStr | None = None
    sender: str | None = None

    @property
    def configured(self) -> bool:
        return self.host is not None and self.sender is not None


class FreshnessSettings(Block):
    """How old, and how far ahead, another service's closed time may be. May be made stricter, never laxer."""

    model_config = SettingsConfigDict(env_prefix="FRESHNESS_")

    max_age_seconds: Annotated[float, Field(gt=0, le=60)] = 60
    ahead_seconds: Annotated[float, Field(ge=0, le=2)] = 2


class LimitSettings(Block):
    """Bounds of one request."""

    model_config = SettingsConfigDict(env_prefix="LIMIT_")

    body_bytes: Annotated[int, Field(ge=1024, le=10 * 1024 * 1024)] = 1024 * 1024
    body_seconds: Annotated[float, Field(gt=0, le=30)] = 30
    header_bytes: Annotated[int, Field(ge=1024, le=64 * 1024)] = 16 * 1024
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    page_size_most: Annotated[int, Field(ge=1, le=200)] = 200


class _Variables(EnvSettingsSource):
    """The variables of one prefix, out of an environment that was handed in."""

    def __init__(self, block: type[Block], prefix: str, environ: Environ) -> None:
        self._environ = environ
        super().__init__(block, env_prefix=prefix, env_ignore_empty=True)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items() if value != ""}


def read_block(block: type[B], *prefixes: str, environ: Environ | None = None) -> B:
    """Read one block.

    Args:
        block: its class.
        prefixes: the most specific first; a value under an earlier prefix hides the later ones.
        environ: variables; those of the process by default.

    Raises:
        SettingsInvalid: with every reason.
    """
    variables = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    reasons: list[str] = []
    for prefix in reversed(prefixes):
        full = prefix + _own_prefix(block)
        values |= _Variables(block, full, _with_files(block, full, variables, reasons))()
    try:
        read = block(**values)
    except ValidationError as error:
        first = prefixes[0] + _own_prefix(block)
        found = error.errors(include_url=False, include_input=False, include_context=False)
        reasons += [f"{first}{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in found]
    if reasons:
        raise SettingsInvalid(reasons)
    return read


def variable_names(block: type[Block], prefix: str) -> frozenset[str]:
    """Every variable that `read_block` would look at under this prefix."""
    names = {f"{prefix}{_own_prefix(block)}{field}".upper() for field in block.model_fields}
    return frozenset(names | {f"{name}_FILE" for name in names})


def unknown_variables(prefix: str, known: Iterable[str], environ: Environ | None = None) -> list[str]:
    """Variables under our prefix that nobody reads: most likely misspelt."""
    variables = os.environ if environ is None else environ
    return sorted(name for name in variables if name.startswith(prefix) and name not in set(known))


class Composed(Protocol):
    """The blocks that `check_production` looks at; a service's own settings have them and more."""

    @property
    def deployment(self) -> DeploymentSettings: ...
    @property
    def store(self) -> StoreSettings: ...
    @property
    def broker(self) -> BrokerSettings: ...
    @property
    def tokens(self) -> TokenSettings: ...
    @property
    def event_signing(self) -> EventSigningSettings: ...
    @property
    def mail(self) -> MailSettings: ...


def check_production(
    settings: Composed, *, alert_channel_needed: bool, failpoints_set: bool = FAILPOINTS_SET
) -> None:
    """Refuse to start a production installation that is not fit for it; other environments pass.

    Args:
        settings: of one service.
        alert_channel_needed: whether this service must reach people outside.
        failpoints_set: whether this process carries a failpoint.

    Raises:
        SettingsRefused: with every reason at once, so that nobody has to start ten times.
    """
    if settings.deployment.environment is not Environment.PRODUCTION:
        return
    reasons = [
        *_store_reasons(settings.store),
        *_broker_reasons(settings.broker),
        *_token_reasons(settings.tokens),
        *_signing_reasons(settings.event_signing),
        *_mail_reasons(settings.mail, needed=alert_channel_needed),
    ]
    if failpoints_set:
        reasons.append("a failpoint is set: it kills the process on purpose")
    if reasons:
        raise SettingsRefused(reasons)


def _own_prefix(block: type[Block]) -> str:
    return block.model_config.get("env_prefix", "")


def _with_files(block: type[Block], prefix: str, environ: Environ, reasons: list[str]) -> Environ:
    """The variables, with `NAME` filled from the file that `NAME_FILE` names."""
    filled = dict(environ)
    for field in block.model_fields:
        name = f"{prefix}{field}".upper()
        path = environ.get(f"{name}_FILE")
        if not path:
            continue
        if environ.get(name):
            reasons.append(f"{name} and {name}_FILE are both set")
        try:
            filled[name] = _file_value(Path(path))
        except (OSError, ValueError) as error:
            reasons.append(f"{name}_FILE: the file cannot be read ({type(error).__name__})")
    return filled


def _file_value(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        raise ValueError("too large for a setting")
    value = raw.decode().strip()
    if not value:
        raise ValueError("empty")
    return value


def _weak(secret: SecretStr | str | None) -> bool:
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret or ""
    return len(text) < 12 or len(set(text)) < 5 or any(word in text.lower() for word in _WEAK)


def _store_reasons(store: StoreSettings) -> list[str]:
    try:
        url = make_url(store.database_url.get_secret_value())
    except ArgumentError:
        return ["the database URL cannot be read"]
    if url.get_backend_name() == "sqlite":
        return ["the store is SQLite, which is for one process on one machine"]
    if url.password is not None and _weak(str(url.password)):
        return ["the database password is a default or too weak"]
    return []


def _broker_reasons(broker: BrokerSettings) -> list[str]:
    if not broker.configured:
        return []
    found = []
    if not broker.kafka_username or broker.kafka_password is None:
        found.append("the broker is used without a username and password")
    elif _weak(broker.kafka_password):
        found.append("the broker password is a default or too weak")
    if broker.kafka_unblinded_username and _weak(broker.kafka_unblinded_password):
        found.append("the broker password for unblinded facts is a default or too weak")
    if not broker.kafka_tls:
        found.append("the broker is used without TLS")
    return found


def _token_reasons(tokens: TokenSettings) -> list[str]:
    found = []
    if not (tokens.issuer or "").startswith("https://"):
        found.append("the token issuer is not an https address")
    if tokens.public_keys_file is None:
        return [*found, "no file with the token issuer's public keys is set"]
    try:
        keys = read_public_keys(tokens.public_keys_file)
    except (OSError, ValueError):
        return [*found, "the file with the token issuer's public keys cannot be used"]
    if any(kid.startswith(DEVELOPMENT_KID) for kid in keys):
        found.append("a development key is among the token issuer's keys")
    return found


def _signing_reasons(signing: EventSigningSettings) -> list[str]:
    if not signing.enabled:
        return ["events are not signed"]
    found = []
    if not _usable(signing.private_key_file, Path.is_file):
        found.append("the private key for signing events cannot be read")
    if not _usable(signing.public_keys_dir, lambda folder: any(folder.iterdir())):
        found.append("the folder with the public keys of event signers is missing or empty")
    return found


def _mail_reasons(mail: MailSettings, *, needed: bool) -> list[str]:
    if not mail.configured:
        return ["no alert channel is set"] if needed else []
    found = []
    if not mail.tls:
        found.append("mail is sent without TLS")
    if mail.username and _weak(mail.password):
        found.append("the mail password is a default or too weak")
    return found


def _usable(path: Path | None, test: Callable[[Path], bool]) -> bool:
    try:
        return path is not None and os.access(path, os.R_OK) and test(path)
    except OSError:
        return False
