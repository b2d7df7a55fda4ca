"""An inbox over the consumer's store, and a producer's records."""

import pytest

from shared.database import Database
from shared.inbox import Inbox
from shared.testing.delivery import toy_inbox
from shared.testing.records import RecordMaker


@pytest.fixture
async def inbox(consumer_store: Database) -> Inbox:
    inbox = toy_inbox(consumer_store)
    await inbox.prepare()
    return inbox


@pytest.fixture
def make() -> RecordMaker:
    return RecordMaker()
