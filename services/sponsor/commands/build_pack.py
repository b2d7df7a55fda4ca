"""Building what a committee is shown, together with its snapshot and from the same state of the copies."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from services.sponsor.domain.canonical import utc_text
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.pack.archive import build_pack
from services.sponsor.domain.pack.content import PackContent, content_bytes, content_sha256, read_content
from services.sponsor.domain.pack.gather import show
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.snapshot import StoredSnapshot
from services.sponsor.store.pack_inputs import gathered_inputs
from services.sponsor.store.pack_sources import files_of, known_of
from services.sponsor.store.packs import PackBytes, PackHead, add_pack, latest_pack, pack_bytes
from shared import __version__
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPack:
    """The content of a pack whose snapshot is still to be frozen over its hash."""

    data: bytes
    n: int
    previous: PackHead | None

    @property
    def data_sha256(self) -> str:
        return content_sha256(self.data)


async def prepare_pack(tx: Tx, picture: TrialPicture, part: str, cut_at: datetime) -> PreparedPack:
    """Gather what is known of the part now; the trial must be locked."""
    previous = await latest_pack(tx, picture.trial.id, part)
    n = 1 if previous is None else previous.n + 1
    before = None if previous is None else read_content((await pack_bytes(tx, previous.id)).data)
    content = await gather(tx, picture, part, cut_at, n=n, before=before)
    return PreparedPack(data=content_bytes(content), n=n, previous=previous)


async def gather(
    tx: Tx, picture: TrialPicture, part: str, cut_at: datetime, *, n: int, before: PackContent | None
) -> PackContent:
    """The content of a pack of this part as things are known now.

    Args:
        tx: the transaction.
        picture: the trial.
        part: with dose levels.
        cut_at: the instant of the cut.
        n: number of the pack within its part.
        before: content of the pack before; None for the first.
    """
    terms = picture.version.terms
    known = await known_of(tx, picture.trial.id)
    shown = show(picture.standings(part), known, zone=terms.zone, planned=terms.doses_planned)
    return PackContent(
        trial_id=picture.trial.id,
        trial_code=terms.code,
        title=terms.title,
        protocol_version=terms.version,
        part=part,
        n=n,
        zone=terms.zone,
        product=terms.product,
        labels=picture.parts[part].labels,
        cut_at=utc_text(cut_at),
        participants=shown.participants,
        doses=shown.doses,
        adverse_events=shown.adverse_events,
        unmatched=shown.unmatched,
        files=await files_of(tx, picture.trial.id, part),
        previous_sha256=None if before is None else content_sha256(content_bytes(before)),
        previous_cut_at=None if before is None else before.cut_at,
        software_version=__version__,
    )


async def keep_pack(tx: Tx, act: Act, prepared: PreparedPack, stored: StoredSnapshot) -> PackHead:
    """Build the archive over the frozen snapshot and keep it with everything it was made from."""
    head = PackHead(
        id=act.new_id(),
        trial_id=stored.trial_id,
        part=stored.part,
        n=prepared.n,
        snapshot_id=stored.id,
        previous_id=None if prepared.previous is None else prepared.previous.id,
        data_sha256=prepared.data_sha256,
        sha256="",
        built_by=PersonId(act.actor),
        built_at=act.now,
    )
    content = build_pack(await gathered_inputs(tx, head, prepared.data, stored.frozen))
    built = replace(head, sha256=sha256(content).hexdigest())
    await add_pack(tx, built, PackBytes(data=prepared.data, content=content))
    return built
