"""Every service's settings: the same blocks, read under its own prefix before the common one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.outside_settings import OutsideSettings, read_outside
from shared.settings import (
    BrokerSettings,
    DeploymentSettings,
    EventSigningSettings,
    FreshnessSettings,
    LimitSettings,
    MailSettings,
    StoreSettings,
    TokenSettings,
    read_block,
)

COMMON_PREFIX = "TRIALOPS_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The settings of one service; `folder` holds what its process may write besides the store."""

    service: str
    deployment: DeploymentSettings
    store: StoreSettings
    broker: BrokerSettings
    tokens: TokenSettings
    event_signing: EventSigningSettings
    mail: MailSettings
    freshness: FreshnessSettings
    limits: LimitSettings
    outside: OutsideSettings = field(default_factory=OutsideSettings)
    folder: Path = Path()


def read_service_settings(service: str, *, environ: Mapping[str, str] | None = None) -> ServiceSettings:
    """Read `TRIALOPS_<SERVICE>_*` over `TRIALOPS_*`.

    Raises:
        SettingsInvalid: a variable is missing or wrong; the reasons name it, never its value.
    """
    prefixes = (f"{COMMON_PREFIX}{service.upper()}_", COMMON_PREFIX)
    return ServiceSettings(
        service=service,
        deployment=read_block(DeploymentSettings, *prefixes, environ=environ),
        store=read_block(StoreSettings, *prefixes, environ=environ),
        broker=read_block(BrokerSettings, *prefixes, environ=environ),
        tokens=read_block(TokenSettings, *prefixes, environ=environ),
        event_signing=read_block(EventSigningSettings, *prefixes, environ=environ),
        mail=read_block(MailSettings, *prefixes, environ=environ),
        freshness=read_block(FreshnessSettings, *prefixes, environ=environ),
        limits=read_block(LimitSettings, *prefixes, environ=environ),
        outside=read_outside(*prefixes, environ=environ),
    )
