"""Settings that only the safety service has."""

from pathlib import Path

from services.safety.domain.ctcae_texts import TEXTS_FOLDER
from shared.service_settings import COMMON_PREFIX, ServiceSettings
from shared.settings import Block, read_block


class TextSettings(Block):
    """`ctcae_texts`: the folder that `trialops ctcae import` has filled; one beside the stores if not set."""

    ctcae_texts: Path | None = None


def texts_folder(settings: ServiceSettings) -> Path:
    """Where the words of CTCAE lie, if an operator has imported them."""
    prefixes = (f"{COMMON_PREFIX}{settings.service.upper()}_", COMMON_PREFIX)
    return read_block(TextSettings, *prefixes).ctcae_texts or settings.folder / TEXTS_FOLDER
