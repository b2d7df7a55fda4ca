"""The network installation, brought up once for this suite and always taken down again."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.secrets.__main__ import make_secrets
from shared.ids import new_id
from tests.compose.stack import Stack
from tests.crash.served import free_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.compose)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def stack(docker_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A healthy installation in demonstration."""
    secrets = tmp_path_factory.mktemp("secrets")
    make_secrets(secrets)
    made = Stack.of(f"trialops-test-{new_id()[-12:]}", secrets, free_port())
    try:
        seconds = made.up()
        sys.stderr.write(f"\ncompose: healthy after {seconds:.0f} s, images included\n")
        yield made
    except AssertionError as error:
        raise AssertionError(f"{error}\n{made.logs()}") from None
    finally:
        made.down()
