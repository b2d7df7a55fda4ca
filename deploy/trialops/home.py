"""Where the operators' tool finds an installation: its folder, its address, and who it speaks as."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.auth import Grant
from shared.clock import server_now
from shared.token_keys import (
    Key,
    issue_proof,
    issue_token,
    read_private_key,
    read_public_keys,
    write_development_key,
    write_public_set,
)

SERVICES = ("sponsor", "enrolment", "safety")
DEVELOPMENT_ISSUER = "https://development.invalid"
DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_FOLDER = ".trialops"


class NoKey(Exception):
    """There is no development key here, so no token can be made; a token must be given."""


class HomeUnusable(Exception):
    """A file of the installation cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with the development key of an installation, as `serve` and `make up` make it."""

    folder: Path

    @classmethod
    def default(cls) -> "Home":
        return cls(Path(os.environ.get("TRIALOPS_HOME", DEFAULT_FOLDER)))

    @property
    def private_key(self) -> Path:
        return self.folder / "token-key.private.json"

    @property
    def public_keys(self) -> Path:
        return self.folder / "token-keys.public.json"

    def ensure_key(self) -> None:
        """Make a development key if the folder has none, and its public part if that was lost.

        Raises:
            HomeUnusable: the folder cannot be written, or a key file in it is none.
        """
        with usable(self.folder):
            if not self.private_key.exists():
                write_development_key(self.folder)
            elif not self.public_keys.exists():
                write_public_set(self._key(), self.public_keys)
        self._key()
        try:
            with usable(self.folder):
                read_public_keys(self.public_keys)
        except ValueError as error:
            raise HomeUnusable(
                f"{self.public_keys} cannot be used: {error}; remove it, and it is made again from"
                f" {self.private_key.name}"
            ) from None

    def token(self, person: str, *grants: str, hours: float = 1.0) -> str:
        """An access token for every service of the installation.

        Raises:
            NoKey: the folder holds no private key.
            HomeUnusable: what it holds is no key.
        """
        return issue_token(
            self._key(),
            issuer=DEVELOPMENT_ISSUER,
            audience=list(SERVICES),
            subject=person,
            grants=[Grant.parse(grant) for grant in grants],
            now=server_now(),
            lifetime=timedelta(hours=hours),
        )

    def proof(self, person: str, *, audience: str, purpose: str, bound_to: str) -> str:
        """A fresh proof of identity for one act, as an identity provider would give after asking again."""
        return issue_proof(
            self._key(),
            issuer=DEVELOPMENT_ISSUER,
            audience=audience,
            subject=person,
            purpose=purpose,
            bound_to=bound_to,
            now=server_now(),
        )

    def _key(self) -> Key:
        with usable(self.folder):
            if not self.private_key.exists():
                raise NoKey(f"{self.folder} holds no development key")
            try:
                return read_private_key(self.private_key)
            except ValueError as error:
                raise HomeUnusable(
                    f"{self.private_key} cannot be used: {error}; restore it, or remove it together with"
                    f" {self.public_keys.name}: `serve` makes new ones, and tokens of the old key become void"
                ) from None


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Say which file or folder the system refuses, and what to do about it.

    Raises:
        HomeUnusable: instead of any `OSError`.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        reason = error.strerror or type(error).__name__
        raise HomeUnusable(
            f"{where} cannot be used: {reason}; give this user the right to read and write it, or another"
            " folder with --home"
        ) from None
