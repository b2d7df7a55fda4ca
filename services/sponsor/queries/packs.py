"""Committee packs: what was shown, whether it still tells everything, and whether it can be made again."""

from dataclasses import dataclass
from hashlib import sha256

from services.sponsor.domain.pack.archive import build_pack
from services.sponsor.queries.committee import require_declared, visible_to_committee
from services.sponsor.queries.paging import Page, page_of
from services.sponsor.store.pack_inputs import inputs_of
from services.sponsor.store.packs import PackHead as PackHead
from services.sponsor.store.packs import load_pack, pack_bytes, packs_after
from shared.act import Act
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The archive made again from what was stored, beside the one that was built then."""

    head: PackHead
    rebuilt_sha256: str
    kept_sha256: str

    @property
    def equal(self) -> bool:
        return self.rebuilt_sha256 == self.kept_sha256 == self.head.sha256


async def show_pack(tx: Tx, act: Act, pack_id: str) -> PackHead:
    """One pack, for whoever may read it."""
    head = await load_pack(tx, pack_id)
    await visible_to_committee(tx, act, head.trial_id if head else "")
    if head is None:
        raise Problem("not_found")
    return head


async def list_packs(tx: Tx, act: Act, trial_id: str, cursor: str, limit: int) -> Page[PackHead]:
    """A trial's packs in the order in which they were built."""
    trial = await visible_to_committee(tx, act, trial_id)

    async def load(after: str, most: int) -> list[PackHead]:
        return await packs_after(tx, trial.id, after, most)

    return await page_of(load, cursor, limit)


async def show_archive(tx: Tx, act: Act, pack_id: str) -> tuple[PackHead, bytes]:
    """The archive as it was built.

    Raises:
        Refused: `declaration_required` for a member of the committee who has not declared.
    """
    head = await show_pack(tx, act, pack_id)
    await require_declared(tx, act, head.trial_id, head.part, head.snapshot_id)
    return head, (await pack_bytes(tx, head.id)).content


async def verify_pack(tx: Tx, act: Act, pack_id: str) -> Verification:
    """Make the archive again from the stored inputs, and compare it with the one that was built then.

    Raises:
        Refused: `pack_altered` when an input is not what was frozen.
    """
    head = await show_pack(tx, act, pack_id)
    rebuilt = build_pack(await inputs_of(tx, head))
    kept = (await pack_bytes(tx, head.id)).content
    return Verification(
        head=head,
        rebuilt_sha256=sha256(rebuilt).hexdigest(),
        kept_sha256=sha256(kept).hexdigest(),
    )
