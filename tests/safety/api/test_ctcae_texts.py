"""The words of CTCAE stand beside a coded event where an operator has imported them, and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.safety.domain.ctcae_texts import TermTexts, build_texts, texts_document, texts_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the service is told to read."""
    folder = tmp_path / "texts"
    folder.mkdir()
    monkeypatch.setenv("TRIALOPS_CTCAE_TEXTS", str(folder))
    return folder


def install(folder: Path, pinned: str, definition: str) -> None:
    term = TermTexts(term="Fatigue", soc="General", definition=definition, note="", grades={1: "a", 2: "b"})
    document = texts_document(build_texts(pinned, "0" * 64, [term]))
    (folder / texts_file(pinned)).write_text(json.dumps(document), encoding="utf-8")


async def shown(world: Any) -> Any:
    await world.treat()
    receipt = await world.reported()
    return (await world.officer.get(f"/adverse-events/{receipt['report_id']}")).json()["ctcae"]


async def test_an_imported_text_is_shown_with_the_event(world: Any, folder: Path) -> None:
    install(folder, "5.0+0", "being tired")

    assert await shown(world) == {
        "dictionary": "5.0+0",
        "term": "Fatigue",
        "definition": "being tired",
        "note": "",
        "grades": {"1": "a", "2": "b"},
    }


async def test_a_text_that_is_imported_again_is_read_again(world: Any, folder: Path) -> None:
    install(folder, "5.0+0", "being tired")
    await shown(world)

    install(folder, "5.0+0", "a state of weakness, described at greater length")
    (folder / texts_file("5.0+0")).touch()

    receipt = (await world.officer.get("/adverse-events", trial="EP01")).json()["items"][0]
    again = (await world.officer.get(f"/adverse-events/{receipt['report_id']}")).json()
    assert again["ctcae"]["definition"].startswith("a state of weakness")


async def test_the_texts_of_another_dictionary_are_not_shown(world: Any, folder: Path) -> None:
    install(folder, "6.0+2026-01-20", "being tired")

    assert await shown(world) is None


@pytest.mark.parametrize("content", [None, "", "[]", '{"dictionary": "5.0+0"}', '{"terms": 7}'])
async def test_without_usable_texts_the_event_is_shown_without(
    world: Any, folder: Path, content: str | None
) -> None:
    if content is not None:
        (folder / texts_file("5.0+0")).write_text(content, encoding="utf-8")

    assert await shown(world) is None
