"""Attaching a file to what a committee will be shown: pharmacokinetics, laboratory values, anything else."""

from dataclasses import dataclass
from hashlib import sha256

from services.sponsor.commands.permission import SNAPSHOT_MAKERS, permitted_trial
from services.sponsor.domain.pack.archive import LABORATORY
from services.sponsor.domain.pack.content import AttachedFile
from services.sponsor.domain.pack.laboratory import read_laboratory
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.pack_sources import NewFile, add_file
from services.sponsor.store.protocol_versions import versions_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachFile:
    """`content` are the bytes as they are; they never change afterwards."""

    trial_id: str
    part: str
    name: str
    kind: str
    media_type: str
    content: bytes


async def attach_file(tx: Tx, command: AttachFile, act: Act) -> AttachedFile:
    """Keep the file; every later pack of the part has it.

    Raises:
        Refused: `part_unknown`, `committee_file_exists` for a name that the part has already,
            `committee_file_invalid` for laboratory values that cannot be read.
    """
    trial, act = await permitted_trial(tx, act, command.trial_id, SNAPSHOT_MAKERS)
    versions = await versions_of(tx, trial.id)
    having = [one.terms for one in versions if command.part in one.terms.parts]
    _ = (having or [versions[-1].terms])[-1].part(command.part)
    if command.kind == LABORATORY:
        read_laboratory(command.content)
    file = AttachedFile(
        name=command.name,
        kind=command.kind,
        media_type=command.media_type,
        size=len(command.content),
        sha256=sha256(command.content).hexdigest(),
    )
    new = NewFile(
        id=act.new_id(),
        trial_id=trial.id,
        part=command.part,
        file=file,
        content=command.content,
        added_by=act.actor,
        added_at=act.now,
    )
    if not await add_file(tx, new):
        raise Refused("committee_file_exists", "A file of this part has this name; give a new one.")
    details = {"part": command.part, "kind": file.kind, "size": file.size, "sha256": file.sha256}
    await record(tx, act, new.id, "committee-file.attached", {"trial_id": trial.id} | details)
    return file
