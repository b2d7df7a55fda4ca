"""Where the operators' tool finds an installation: its folder, its address, and who it speaks as."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.auth import Grant
from shared.clock import server_now
from shared.token_keys import Key, issue_proof, issue_token, read_private_key, write_development_key

SERVICES = ("sponsor", "enrolment", "safety")
DEVELOPMENT_ISSUER = "https://development.invalid"
DEFAULT_URL = "http://127.0.0.1:8080"


class NoKey(Exception):
    """There is no development key here, so no token can be made; a token must be given."""


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with the development key of an installation, as `serve` and `make up` make it."""

    folder: Path

    @classmethod
    def default(cls) -> "Home":
        return cls(Path(os.environ.get("TRIALOPS_HOME", ".trialops")))

    @property
    def private_key(self) -> Path:
        return self.folder / "token-key.private.json"

    def ensure_key(self) -> None:
        """Make a development key if the folder has none."""
        if not self.private_key.exists():
            write_development_key(self.folder)

    def token(self, person: str, *grants: str, hours: float = 1.0) -> str:
        """An access token for every service of the installation.

        Raises:
            NoKey: the folder holds no private key.
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
        if not self.private_key.exists():
            raise NoKey(f"{self.folder} holds no development key")
        return read_private_key(self.private_key)
