"""Apprise: asked once per person, missed only where it is wanted, and never able to stop the other channels."""

import asyncio
import sys
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import SecretStr

from services.safety.timers.alerting import posts_of
from services.safety.timers.apprise_post import AppriseMissing, ApprisePost
from services.safety.timers.posts import NotTaken
from services.safety.timers.threads import OneThread
from shared.outside_settings import OutsideSettings, read_outside
from shared.settings import SettingsInvalid
from shared.testing.running import settings_for_tests
from tests.safety.timers.test_webhook import MESSAGE

TARGETS = {"officer": SecretStr("pager://token@service")}


@dataclass
class Library:
    """What Apprise's object does, as far as we use it."""

    added: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    reads: bool = True
    takes: bool | None = True

    def add(self, url: str) -> bool:
        self.added.append(url)
        return self.reads

    def notify(self, *, title: str, body: str) -> bool | None:
        self.told.append((title, body))
        return self.takes


async def test_a_person_is_told_by_an_object_of_his_or_her_own() -> None:
    made: list[Library] = []

    def make() -> Any:
        made.append(Library())
        return made[-1]

    post = ApprisePost(TARGETS, make=make)
    await post.hand_over(MESSAGE)
    await post.hand_over(MESSAGE)

    assert [library.added for library in made] == [["pager://token@service"]] * 2
    assert made[0].told == [(MESSAGE.message.subject, MESSAGE.message.body)]


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        (Library(reads=False), "address_unreadable"),
        (Library(takes=False), "not_taken"),
        (Library(takes=None), "not_taken"),
    ],
)
async def test_what_apprise_did_not_do_is_tried_again(library: Library, reason: str) -> None:
    with pytest.raises(NotTaken, match=reason):
        await ApprisePost(TARGETS, make=lambda: library).hand_over(MESSAGE)


async def test_a_person_who_was_taken_off_the_list_is_a_failure_and_not_a_success() -> None:
    with pytest.raises(NotTaken, match="no_address"):
        await ApprisePost(TARGETS, make=Library).hand_over(replace(MESSAGE, person="somebody else"))


def _hang(release: threading.Event) -> None:
    release.wait(10)


async def test_a_call_that_hangs_fails_in_time() -> None:
    release = threading.Event()
    thread = OneThread("test", seconds=0.05)

    with pytest.raises(NotTaken, match="TimeoutError"):
        await thread.call(lambda: _hang(release))

    release.set()
    await asyncio.sleep(0)


def test_without_targets_the_library_is_not_even_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    assert posts_of(settings_for_tests("safety")) == []


def test_with_targets_and_without_the_library_the_service_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    settings = replace(settings_for_tests("safety"), outside=OutsideSettings(apprise=TARGETS))

    with pytest.raises(AppriseMissing, match="trialops\\[apprise\\]"):
        posts_of(settings)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": ""}', "not json"])
def test_a_file_of_targets_that_is_none_stops_the_start(tmp_path: Any, text: str) -> None:
    path = tmp_path / "targets.json"
    path.write_text(text)

    with pytest.raises(SettingsInvalid, match="APPRISE_TARGETS_FILE"):
        read_outside("TRIALOPS_", environ={"TRIALOPS_APPRISE_TARGETS_FILE": str(path)})


def test_a_file_of_targets_gives_each_person_an_address_that_is_never_shown(tmp_path: Any) -> None:
    path = tmp_path / "targets.json"
    path.write_text('{"officer": "pager://token@service"}')

    outside = read_outside("TRIALOPS_", environ={"TRIALOPS_APPRISE_TARGETS_FILE": str(path)})

    assert outside.apprise["officer"].get_secret_value() == "pager://token@service"
    assert "token" not in repr(outside)
