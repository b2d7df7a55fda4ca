"""A relay that leads, with a broker that answers as the test tells it."""

import pytest

from shared.database import Database
from shared.relay import Relay
from shared.testing.delivery import toy_relay
from tests.shared.relay.broker import Broker


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def relay(producer_store: Database, broker: Broker) -> Relay:
    relay = toy_relay(producer_store, broker)
    await relay.lead_once()
    return relay
