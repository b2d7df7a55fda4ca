"""`shared/` is plumbing: no word of `docs/words.md` that belongs to the services may appear in it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SECTIONS = ("People and places", "Enrolment", "Safety", "Sponsor")
# Words of the field that plain English needs too.
GENERAL = {
    "answer",
    "difference",
    "part",
    "place",
    "judgement",
    "recorded",
    "verdict",
    "window",
    "alert",
    "decision",
    "snapshot",
    "causality",
}


def words_of_the_field() -> set[str]:
    text = (ROOT / "docs" / "words.md").read_text()
    words: set[str] = set()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        if section.splitlines()[0].strip() not in SECTIONS:
            continue
        for row in re.findall(r"^\| ([^|]+) \|", section, flags=re.MULTILINE):
            words |= {word.strip().lower() for word in row.split(",")}
    return {word for word in words if word and word not in GENERAL | {"word"} and not word.startswith("-")}


def test_the_words_are_found() -> None:
    assert {"participant", "trial", "dose level", "dlt", "halt", "screening"} <= words_of_the_field()


def test_shared_knows_no_word_of_a_trial() -> None:
    pattern = re.compile(
        rf"(?<![-\w])({'|'.join(sorted(map(re.escape, words_of_the_field())))})s?\b", re.IGNORECASE
    )

    found = [
        f"{path.name}:{number}: {match[0]}"
        for path in sorted((ROOT / "shared").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (match := pattern.search(line.replace("slots=True", "")))
    ]

    assert found == []
