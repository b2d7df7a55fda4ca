"""An inbox whose handler has moods, and a producer's records."""

import pytest

from shared.database import Database
from shared.inbox import Inbox
from shared.testing.records import RecordMaker
from tests.shared.applying.mood import Mood, make_inbox


@pytest.fixture
def mood() -> Mood:
    return Mood()


@pytest.fixture
def make() -> RecordMaker:
    return RecordMaker()


@pytest.fixture
async def inbox(consumer_store: Database, mood: Mood) -> Inbox:
    inbox = make_inbox(consumer_store, mood)
    await inbox.prepare()
    return inbox
