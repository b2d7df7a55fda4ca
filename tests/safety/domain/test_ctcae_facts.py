"""The committed CTCAE facts against the official workbook's counts, and against the workbook itself."""

import csv
import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.oracles import oracle

ROOT = Path(__file__).parents[3]
DICTIONARIES = ROOT / "services" / "safety" / "dictionaries"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

Row = tuple[str, str, str]


def committed(name: str) -> list[Row]:
    with (DICTIONARIES / name).open(encoding="utf-8", newline="") as rows:
        return [(row["term"], row["soc"], row["grades"]) for row in csv.DictReader(rows)]


@pytest.mark.parametrize(
    ("name", "terms", "per_grade"),
    [
        ("ctcae-5.0.csv", 837, (645, 745, 750, 551, 494)),
        ("ctcae-6.0.csv", 850, (652, 754, 754, 563, 512)),
    ],
)
def test_counts_equal_those_of_the_official_workbook(
    name: str, terms: int, per_grade: tuple[int, ...]
) -> None:
    rows = committed(name)

    assert len(rows) == terms
    assert len({term.casefold() for term, _, _ in rows}) == terms
    assert len({soc for _, soc, _ in rows}) == 26
    assert tuple(sum(digit in grades for _, _, grades in rows) for digit in "12345") == per_grade


@pytest.mark.parametrize("name", ["ctcae-5.0.csv", "ctcae-6.0.csv"])
def test_the_terms_with_a_single_high_grade_are_the_known_five(name: str) -> None:
    rows = committed(name)

    assert {term for term, _, grades in rows if grades == "5"} == {
        "Death NOS",
        "Sudden death NOS",
        "Disease progression",
    }
    assert {term for term, _, grades in rows if grades == "4"} == {"Death neonatal", "Pregnancy loss"}


@pytest.mark.parametrize("name", ["ctcae-5.0.csv", "ctcae-6.0.csv"])
def test_no_codes_and_no_grade_texts_are_shipped(name: str) -> None:
    text = (DICTIONARIES / name).read_text(encoding="utf-8")

    assert text.splitlines()[0] == "term,soc,grades"
    assert not re.search(r"\d{6,}", text)
    assert all(re.fullmatch("1?2?3?4?5?", grades) and grades for _, _, grades in committed(name))


def checksums() -> dict[str, str]:
    lines = (
        oracle("SHA256SUMS", not_checked="no checksum was compared").read_text(encoding="utf-8").splitlines()
    )
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return {name.lstrip("*").removeprefix("./"): digest for digest, name in pairs}


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["ctcae/ctcae-v5.0-terms.csv", "ctcae/ctcae-v6.0.xlsx"])
def test_the_oracle_files_are_the_ones_we_know(name: str) -> None:
    path = oracle(name, not_checked="its checksum was not compared")

    assert hashlib.sha256(path.read_bytes()).hexdigest() == checksums()[name]


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def filled(cells: list[str]) -> str:
    return "".join(digit for digit, cell in zip("12345", cells, strict=True) if plain(cell) not in ("", "-"))


@pytest.mark.oracle
def test_every_v5_row_equals_the_transcription() -> None:
    path = oracle(
        "ctcae/ctcae-v5.0-terms.csv", not_checked="the CTCAE 5.0 facts were not compared row by row"
    )

    with path.open(encoding="utf-8", newline="") as rows:
        theirs = [
            (plain(row["term"]), plain(row["soc"]), filled([row[f"grade_{digit}"] for digit in "12345"]))
            for row in csv.DictReader(rows)
        ]

    assert sorted(committed("ctcae-5.0.csv")) == sorted(theirs)


def clean_copy(path: Path) -> Iterator[dict[str, str]]:
    """Rows of the workbook's Clean Copy sheet by column letter, without the header row."""
    with zipfile.ZipFile(path) as workbook:
        strings = [
            "".join(text.text or "" for text in item.iter(f"{SHEET}t"))
            for item in ElementTree.fromstring(workbook.read("xl/sharedStrings.xml"))
        ]
        sheet = ElementTree.fromstring(workbook.read("xl/worksheets/sheet2.xml"))
    for row in list(sheet.iter(f"{SHEET}row"))[1:]:
        cells: dict[str, str] = {}
        for cell in row.findall(f"{SHEET}c"):
            value = cell.findtext(f"{SHEET}v") or ""
            column = (cell.get("r") or "").rstrip("0123456789")
            cells[column] = strings[int(value)] if cell.get("t") == "s" and value else value
        yield cells


@pytest.mark.oracle
def test_every_v6_row_equals_the_official_workbook() -> None:
    path = oracle("ctcae/ctcae-v6.0.xlsx", not_checked="the CTCAE 6.0 facts were not compared row by row")

    theirs = [
        (plain(row["C"]), plain(row["B"]), filled([row.get(column, "") for column in "DEFGH"]))
        for row in clean_copy(path)
        if plain(row.get("C", ""))
    ]

    assert sorted(committed("ctcae-6.0.csv")) == sorted(theirs)
