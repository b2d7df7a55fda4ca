"""Reading back everything that a pack was made from."""

from services.sponsor.domain.pack.archive import PackInputs
from services.sponsor.domain.pack.content import read_content
from services.sponsor.domain.snapshot import FrozenSnapshot
from services.sponsor.store.pack_sources import file_contents
from services.sponsor.store.packs import PackHead, pack_bytes
from services.sponsor.store.snapshots import load_snapshot
from shared.database import Tx


async def inputs_of(tx: Tx, head: PackHead) -> PackInputs:
    """The inputs of a stored pack.

    Raises:
        Refused: `pack_altered` when any of them is not what was frozen.
    """
    data = (await pack_bytes(tx, head.id)).data
    return await gathered_inputs(tx, head, data, (await _snapshot(tx, head)))


async def gathered_inputs(tx: Tx, head: PackHead, data: bytes, snapshot: FrozenSnapshot) -> PackInputs:
    """The inputs of a pack that is being built: its data and snapshot, with what the store keeps besides."""
    hashes = {file.sha256 for file in read_content(data).files}
    previous = None if head.previous_id is None else (await pack_bytes(tx, head.previous_id)).data
    files = await file_contents(tx, head.trial_id, hashes)
    return PackInputs(data=data, snapshot=snapshot, previous=previous, files=files)


async def _snapshot(tx: Tx, head: PackHead) -> FrozenSnapshot:
    stored = await load_snapshot(tx, head.snapshot_id)
    return FrozenSnapshot(content=b"{}", sha256="") if stored is None else stored.frozen
