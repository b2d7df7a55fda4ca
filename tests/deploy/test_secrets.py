"""An installation's secrets are made once, kept, and closed to others."""

import stat
from pathlib import Path

from deploy.secrets.__main__ import SAYING_UNBLINDED, SERVICES, make_secrets
from shared.signing import read_public_signing_keys
from shared.token_keys import read_public_keys


def test_everything_that_compose_mounts_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    make_secrets(folder)

    for service in SERVICES:
        for kind in ("database_password", "database_url", "kafka_password"):
            assert len((folder / f"{service}_{kind}").read_text()) >= 24
        assert (folder / f"{service}-1.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    for service in SAYING_UNBLINDED:
        assert len((folder / f"{service}_unblinded_kafka_password").read_text()) >= 24
    assert len(read_public_signing_keys(folder / "event-keys")) == len(SERVICES)
    assert read_public_keys(folder / "token-keys.public.json")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_exists_is_never_touched(tmp_path: Path) -> None:
    first = make_secrets(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    second = make_secrets(tmp_path)

    assert first
    assert second == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_passwords_differ(tmp_path: Path) -> None:
    make_secrets(tmp_path)

    passwords = [path.read_text() for path in tmp_path.glob("*password")]

    assert len(set(passwords)) == len(passwords) == 2 * len(SERVICES) + len(SAYING_UNBLINDED) + 1
