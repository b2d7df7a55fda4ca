"""`trialops ctcae`: the official workbook of CTCAE, whose words do not ship."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.trialops.ctcae_import import SHIPPED, Imported, import_workbook
from deploy.trialops.ctcae_workbook import Workbook, read_workbook
from deploy.trialops.home import usable
from deploy.trialops.options import AsJson, HomeFolder, help_without_command, home_of
from deploy.trialops.output import print_json, print_result, print_rows
from services.safety.domain.ctcae_texts import TEXTS_FOLDER, DictionaryTexts, texts_document, texts_file

app = typer.Typer(
    help="Texts of CTCAE, from the free official workbook.",
    callback=help_without_command,
    invoke_without_command=True,
)


@app.command("import")
def import_texts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook (.xlsx) as NCI publishes it.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where the service reads them; the home's, if absent."),
    ] = None,
    home: HomeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Put definitions, notes and grade texts where the safety service reads them; no MedDRA code is taken.

    Example: trialops ctcae import "CTCAE v6.0.xlsx"
    """
    workbook = read_workbook(file)
    imported = import_workbook(workbook)
    folder = to or home_of(home).folder / TEXTS_FOLDER
    files = {texts.pinned: _write(folder, texts) for texts in imported.texts}
    _tell(_report(workbook, imported, files), as_json)


def _write(folder: Path, texts: DictionaryTexts) -> Path:
    """One file, whole or not at all."""
    path = folder / texts_file(texts.pinned)
    unfinished = path.with_suffix(".part")
    with usable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(
            json.dumps(texts_document(texts), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        unfinished.replace(path)
    return path


def _report(workbook: Workbook, imported: Imported, files: dict[str, Path]) -> dict[str, Any]:
    return {
        "workbook_sha256": workbook.sha256,
        "errata": imported.errata,
        "errata_applied": imported.errata_applied,
        "mapping": {"rows": sum(imported.changes.values()), "changes": dict(imported.changes)},
        "dictionaries": [_counted(texts, files[texts.pinned]) for texts in imported.texts],
    }


def _counted(texts: DictionaryTexts, path: Path) -> dict[str, Any]:
    terms = texts.terms.values()
    grades = Counter(grade for one in terms for grade in one.grades)
    return {
        "dictionary": texts.pinned,
        "ships": texts.pinned in SHIPPED.values(),
        "terms": len(terms),
        "socs": len({one.soc for one in terms}),
        "grades": {str(grade): grades[grade] for grade in range(1, 6)},
        "definitions": sum(bool(one.definition) for one in terms),
        "notes": sum(bool(one.note) for one in terms),
        "file": str(path),
    }


def _tell(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    rows = [
        one | {"grades": " ".join(str(count) for count in one["grades"].values())}
        for one in report["dictionaries"]
    ]
    print_rows("Imported", rows, ("dictionary", "terms", "socs", "grades", "definitions", "notes", "file"))
    print_result(
        {
            "errata": f"{report['errata']}, of which {report['errata_applied']} were not in the clean copy",
            "mapping": f"{report['mapping']['rows']} rows, as they ship",
        },
        as_json=False,
    )
