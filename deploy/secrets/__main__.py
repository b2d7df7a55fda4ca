"""Make an installation's secrets on first use, as files; what exists is never touched.

`python -m deploy.secrets FOLDER` makes passwords, database addresses, event-signing keys and a development
token key. A production installation brings its own token issuer and replaces the file of public keys.
"""

import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.ids import new_secret
from shared.token_keys import write_development_key

SERVICES = ("enrolment", "safety", "sponsor")
SAYING_UNBLINDED = ("enrolment",)
"""Services with a topic of unblinded facts, which a broker user of its own writes."""


def make_secrets(folder: Path) -> list[str]:
    """Create what is missing; return the names of what was made."""
    folder.mkdir(parents=True, exist_ok=True)
    # Compose mounts secret files with their own mode, and the containers' user must be able to read them. So
    # it is the folder, which is never mounted, that keeps others on this machine out.
    folder.chmod(0o700)
    made = [_write(folder / "postgres_password", new_secret(24))]
    for service in SERVICES:
        password_file = folder / f"{service}_database_password"
        made.append(_write(password_file, new_secret(24)))
        address = f"postgresql+asyncpg://{service}:{password_file.read_text()}@postgres:5432/{service}"
        made.append(_write(folder / f"{service}_database_url", address))
        made.append(_write(folder / f"{service}_kafka_password", new_secret(24)))
        made.append(_write_signing_key(folder, service))
    for service in SAYING_UNBLINDED:
        made.append(_write(folder / f"{service}_unblinded_kafka_password", new_secret(24)))
    if not (folder / "token-key.private.json").exists():
        write_development_key(folder)
        (folder / "token-keys.public.json").chmod(0o644)
        made.append("token-key.private.json")
    return [name for name in made if name]


def _write(path: Path, content: str) -> str:
    if path.exists():
        return ""
    path.touch(mode=0o644)
    path.write_text(content)
    return path.name


def _write_signing_key(folder: Path, service: str) -> str:
    private = folder / f"{service}-1.pem"
    public = folder / "event-keys" / f"{service}-1.pem"
    if private.exists():
        return ""
    public.parent.mkdir(exist_ok=True)
    key = Ed25519PrivateKey.generate()
    _write(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    _write(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    return private.name


if __name__ == "__main__":
    for name in make_secrets(Path(sys.argv[1])):
        print(f"made {name}")  # noqa: T201
