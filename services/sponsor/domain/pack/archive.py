"""A pack as one ZIP file: the same inputs give the same bytes on every machine, in every year."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from services.sponsor.domain.canonical import Json, canonical_bytes
from services.sponsor.domain.pack.changes import Change, changes
from services.sponsor.domain.pack.content import PackContent, content_sha256, read_content
from services.sponsor.domain.pack.counts import count_pack
from services.sponsor.domain.pack.laboratory import Trend, read_laboratory, trends
from services.sponsor.domain.pack.page import Page, as_page
from services.sponsor.domain.pack.tables import csv_tables
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.snapshot import FrozenSnapshot, thaw

LABORATORY = "laboratory"
PAGE = "pack.html"
_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PackInputs:
    """All that a pack is made from; `files` holds the bytes of attached files by their SHA-256.

    Raises:
        Refused: `pack_altered` when bytes do not have the hash by which they are known.
    """

    data: bytes
    snapshot: FrozenSnapshot
    previous: bytes | None
    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        content = read_content(self.data)
        previous = None if self.previous is None else content_sha256(self.previous)
        bound = json.loads(self.snapshot.content).get("pack_sha256")
        files = {sha256(content).hexdigest() for content in self.files.values()}
        sound = (
            sha256(self.snapshot.content).hexdigest() == self.snapshot.sha256,
            bound == content_sha256(self.data),
            previous == content.previous_sha256,
            files == set(self.files) == {file.sha256 for file in content.files},
        )
        if not all(sound):
            raise Refused("pack_altered", "What the pack is made from is not what was frozen.")


def build_pack(inputs: PackInputs) -> bytes:
    """The archive: page, tables, the frozen bytes themselves, attached files, and a manifest of hashes.

    Nothing is compressed, because compressors differ between machines and years.
    """
    content = read_content(inputs.data)
    previous = None if inputs.previous is None else read_content(inputs.previous)
    found: tuple[Change, ...] = () if previous is None else changes(previous, content)
    counts, laboratory = count_pack(content), _laboratory(content, inputs.files)
    page = Page(
        content=content,
        snapshot=thaw(inputs.snapshot),
        snapshot_sha256=inputs.snapshot.sha256,
        data_sha256=content_sha256(inputs.data),
        counts=counts,
        changes=found,
        laboratory=laboratory,
    )
    members = {
        PAGE: as_page(page).encode(),
        **csv_tables(content, counts, found, laboratory),
        "data.json": inputs.data,
        "snapshot.json": inputs.snapshot.content,
        **{f"files/{file.name}": inputs.files[file.sha256] for file in content.files},
    }
    return _zip({"manifest.json": _manifest(page, members)} | members)


def page_of_pack(archive: bytes) -> bytes:
    """The page of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.read(PAGE)


def _laboratory(content: PackContent, files: Mapping[str, bytes]) -> tuple[Trend, ...]:
    values = [
        one
        for file in content.files
        if file.kind == LABORATORY
        for one in read_laboratory(files[file.sha256])
    ]
    return trends(values, (one.number for one in content.participants))


def _manifest(page: Page, members: Mapping[str, bytes]) -> bytes:
    files: Json = [
        {"name": name, "size": len(members[name]), "sha256": sha256(members[name]).hexdigest()}
        for name in sorted(members)
    ]
    return canonical_bytes(
        {
            "format": "trialops-committee-pack/1",
            "trial": page.content.trial_code,
            "part": page.content.part,
            "n": page.content.n,
            "snapshot_sha256": page.snapshot_sha256,
            "data_sha256": page.data_sha256,
            "files": files,
        }
    )


def _zip(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, date_time=_MOMENT)
            entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(entry, content)
    return out.getvalue()
