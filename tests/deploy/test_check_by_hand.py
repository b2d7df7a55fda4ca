"""docs/how-to/check-by-hand.md: every command of the page answers what the page says."""

import re
from pathlib import Path

import pytest

from tests.deploy.conftest import Tool

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check-by-hand.md"
FILE = re.compile(r"^`([a-z]+\.jsonl?)`[^$]*?^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ trialops (.+)\n((?:[^$`].*\n)+)", re.MULTILINE)


def test_the_page_answers_as_it_says(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, text in FILE.findall(page):
        (tmp_path / name).write_text(text, encoding="utf-8")

    commands = COMMAND.findall(page)
    said = [tool(*command.split()).out for command, _ in commands]

    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "blocks.json",
        "minimisation.json",
        "questions.jsonl",
    ]
    assert len(commands) == page.count("$ trialops")
    assert said == [answer for _, answer in commands]
