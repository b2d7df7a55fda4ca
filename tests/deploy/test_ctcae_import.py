"""`trialops ctcae import`: the official workbook's words, and every file that is not it."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from services.safety.domain.ctcae_texts import read_texts
from tests.deploy.conftest import Said, Tool
from tests.oracles import oracle

SIX, FIVE = "ctcae-6.0+2026-01-20.json", "ctcae-5.0+0.json"
CLEAN, MAPPING, ERRATA = "CTCAE v6.0 Clean Copy", "CTCAE v5.0 to v6.0 Mapping", "Errata"
SHEETS = (CLEAN, MAPPING, ERRATA)


@pytest.fixture
def official() -> Path:
    return oracle("ctcae", "ctcae-v6.0.xlsx", not_checked="the importer was not run on the official workbook")


@pytest.fixture
def imported(tool: Tool, tmp_path: Path) -> Callable[[Path], Said]:
    def run(file: Path) -> Said:
        return tool("ctcae", "import", str(file), "--to", str(tmp_path / "texts"), "--json")

    return run


Sheets = dict[str, list[list[Any]]]
Change = Callable[[Sheets], object]


@pytest.fixture(scope="module")
def rows_of_official() -> Sheets:
    path = oracle("ctcae", "ctcae-v6.0.xlsx", not_checked="altered copies of it were not imported")
    workbook = load_workbook(path, read_only=True, data_only=True)
    return {name: [list(row) for row in workbook[name].iter_rows(values_only=True)] for name in SHEETS}


@pytest.fixture
def altered(rows_of_official: Sheets, tmp_path: Path) -> Callable[[Change], Path]:
    """A copy of the official workbook with something changed in it."""

    def build(change: Change) -> Path:
        sheets = {name: [list(row) for row in rows] for name, rows in rows_of_official.items()}
        change(sheets)
        workbook = Workbook(write_only=True)
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
        workbook.save(tmp_path / "altered.xlsx")
        return tmp_path / "altered.xlsx"

    return build


def row_of(sheets: Sheets, name: str, term: str) -> list[Any]:
    return next(row for row in sheets[name] if str(row[2]).strip() == term)


def without_the_erratum(sheets: Sheets) -> None:
    """The clean copy as it was first published, in one cell."""
    row_of(sheets, CLEAN, "Thrombocytopenia")[6] = row_of(sheets, ERRATA, "Thrombocytopenia")[4]


@pytest.mark.oracle
def test_the_official_workbook_gives_the_known_counts(
    official: Path, imported: Callable[[Path], Said], tmp_path: Path
) -> None:
    said = imported(official)

    assert said.code == 0, said.err
    six, five = said.document["dictionaries"]
    assert (six["dictionary"], six["terms"], six["socs"]) == ("6.0+2026-01-20", 850, 26)
    assert list(six["grades"].values()) == [652, 754, 754, 563, 512]
    assert (five["dictionary"], five["terms"], five["socs"]) == ("5.0+0", 837, 26)
    assert list(five["grades"].values()) == [645, 745, 750, 551, 494]
    assert (five["definitions"], five["notes"]) == (811, 74)
    assert (said.document["errata"], said.document["errata_applied"]) == (7, 0)
    assert said.document["mapping"] == {
        "rows": 4070,
        "changes": {"none": 3029, "clarification": 785, "deletion": 244, "soc": 11, "soc+clarification": 1},
    }
    assert sorted(file.name for file in (tmp_path / "texts").iterdir()) == [FIVE, SIX]


@pytest.mark.oracle
def test_the_texts_equal_the_transcription_of_version_5(
    official: Path, imported: Callable[[Path], Said], tmp_path: Path
) -> None:
    golden = oracle("ctcae", "ctcae-v5.0-terms.csv", not_checked="the imported texts were not compared")
    imported(official)
    texts = read_texts(json.loads((tmp_path / "texts" / FIVE).read_text(encoding="utf-8")))

    with golden.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == len(texts.terms)
    for row in rows:
        found = texts.find(row["term"])
        assert found is not None
        expected = {grade: " ".join(row[f"grade_{grade}"].split()) for grade in range(1, 6)}
        assert dict(found.grades) == {grade: text for grade, text in expected.items() if text}
        assert found.definition == " ".join(row["definition"].split())


@pytest.mark.oracle
def test_no_medical_code_is_taken(official: Path, imported: Callable[[Path], Said], tmp_path: Path) -> None:
    imported(official)

    text = (tmp_path / "texts" / SIX).read_text(encoding="utf-8")

    assert "10002272" not in text
    assert "baseline if baseline is below LLN" in text


@pytest.mark.oracle
def test_errata_that_the_clean_copy_lacks_are_applied(
    altered: Callable[[Change], Path], imported: Callable[[Path], Said], tmp_path: Path
) -> None:
    said = imported(altered(without_the_erratum))

    assert said.code == 0, said.err
    assert said.document["errata_applied"] == 1
    texts = read_texts(json.loads((tmp_path / "texts" / SIX).read_text(encoding="utf-8")))
    term = texts.find("Thrombocytopenia")
    assert term is not None
    assert "<10.0 x 10^9/L" in term.grades[4]


@pytest.mark.oracle
def test_a_copy_without_the_errata_is_another_patch(
    altered: Callable[[Change], Path], imported: Callable[[Path], Said]
) -> None:
    def forget(sheets: Sheets) -> None:
        without_the_erratum(sheets)
        del sheets[ERRATA]

    said = imported(altered(forget))

    [six, _] = said.document["dictionaries"]
    assert (six["dictionary"], six["ships"]) == ("6.0+0", False)


@pytest.mark.oracle
def test_a_corrected_copy_without_a_sheet_of_errata_is_known_by_its_cells(
    altered: Callable[[Change], Path], imported: Callable[[Path], Said]
) -> None:
    said = imported(altered(lambda sheets: sheets.pop(ERRATA)))

    assert said.document["dictionaries"][0]["dictionary"] == "6.0+2026-01-20"


def _drop_term(sheets: Sheets) -> None:
    del sheets[CLEAN][5]


def _add_grade(sheets: Sheets) -> None:
    row_of(sheets, CLEAN, "Leukocytosis")[3] = "Present"


def _other_mapping(sheets: Sheets) -> None:
    sheets[MAPPING][7][9] = "Grade 1"


def _wrong_erratum(sheets: Sheets) -> None:
    row_of(sheets, ERRATA, "Thrombocytopenia")[5] = "another text"


def _no_term_column(sheets: Sheets) -> None:
    sheets[CLEAN][0][2] = "Something"


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sheets: sheets.pop(CLEAN), "no sheet Clean Copy"),
        (lambda sheets: sheets.pop(MAPPING), "no sheet Mapping"),
        (_drop_term, "not those of CTCAE 6.0"),
        (_add_grade, "not those of CTCAE 6.0"),
        (_other_mapping, "of the mapping are not those that ship"),
        (_wrong_erratum, "fits neither"),
        (_no_term_column, "no column Term"),
    ],
)
def test_a_workbook_that_is_not_the_official_one_is_refused_and_nothing_is_written(
    altered: Callable[[Change], Path],
    imported: Callable[[Path], Said],
    tmp_path: Path,
    change: Change,
    words: str,
) -> None:
    said = imported(altered(change))

    assert_refused(said, words)
    assert not (tmp_path / "texts").exists()


def assert_refused(said: Said, words: str) -> None:
    assert said.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err
    assert "Traceback" not in said.err


def zipped(file: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04" + b"\x00" * 50, b"\xff" * 1000])
def test_what_is_no_workbook_is_refused(
    imported: Callable[[Path], Said], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "workbook.xlsx"
    file.write_bytes(content)

    assert_refused(imported(file), "no Excel workbook")


def test_a_zip_bomb_is_refused_before_it_unpacks(imported: Callable[[Path], Said], tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bomb.xlsx", {"xl/workbook.xml": bytes(80 * 1024 * 1024)})

    assert bomb.stat().st_size < 1024 * 1024
    assert_refused(imported(bomb), "unpacks to more than")


def test_a_zip_of_many_parts_is_refused(imported: Callable[[Path], Said], tmp_path: Path) -> None:
    many = zipped(tmp_path / "many.xlsx", {f"part{number}.xml": b"" for number in range(500)})

    assert_refused(imported(many), "unpacks to more than")


def test_a_zip_that_holds_no_workbook_is_refused(imported: Callable[[Path], Said], tmp_path: Path) -> None:
    assert_refused(imported(zipped(tmp_path / "other.xlsx", {"readme.txt": b"hello"})), "no Excel workbook")


def test_entities_that_grow_are_not_followed(imported: Callable[[Path], Said], tmp_path: Path) -> None:
    plain = tmp_path / "plain.xlsx"
    Workbook().save(plain)
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    with zipfile.ZipFile(plain) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">' + entities + b"]>"
    parts["xl/worksheets/sheet1.xml"] = bomb + b"<worksheet><sheetData>&e11;</sheetData></worksheet>"

    said = imported(zipped(tmp_path / "laughs.xlsx", parts))

    assert said.code == 2
    assert said.err.count("\n") == 1


def test_a_workbook_with_other_sheets_is_refused(imported: Callable[[Path], Said], tmp_path: Path) -> None:
    file = tmp_path / "budget.xlsx"
    Workbook().save(file)

    assert_refused(imported(file), "no sheet Clean Copy")


def test_a_cell_in_the_last_corner_of_the_sheet_is_refused_in_time(
    imported: Callable[[Path], Said], tmp_path: Path
) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = CLEAN
    sheet["XFD1048576"] = "far away"
    file = tmp_path / "corner.xlsx"
    workbook.save(file)

    assert_refused(imported(file), "more than 20000 rows")


def test_a_missing_file_is_one_line(imported: Callable[[Path], Said], tmp_path: Path) -> None:
    assert_refused(imported(tmp_path / "nowhere.xlsx"), "cannot be read")
