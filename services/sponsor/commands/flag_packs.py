"""Saying of a committee's packs that something came to light about those they show."""

from dataclasses import asdict

from services.sponsor.commands.build_pack import gather
from services.sponsor.commands.reassess_trial import (
    TRIALS_AT_ONCE,
    copies_incomplete,
    reassess_every_trial,
)
from services.sponsor.domain.pack.changes import Change, late_changes
from services.sponsor.domain.pack.content import read_content
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.events.published import CommitteePackOutdatedV1
from services.sponsor.store.packs import PackHead, mark_outdated, pack_bytes, unmarked_packs
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.trials import load_trial, trials_after
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


async def flag_packs(tx: Tx, act: Act, trial_id: str) -> None:
    """Mark packs of a trial that no longer tell everything about those they show, each once.

    Looked at are the latest pack of each part, and those on which a decision rests that is proposed or in force.
    While copies are being rebuilt nothing is known: then this does nothing.
    """
    trial = await load_trial(tx, trial_id)
    if trial is None:
        return
    unmarked = await unmarked_packs(tx, trial_id)
    if not unmarked or await copies_incomplete(tx):
        return
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        return
    for pack in unmarked:
        found = await found_late(tx, picture, pack)
        if found:
            await _mark(tx, act, picture, pack, found)


async def found_late(tx: Tx, picture: TrialPicture, pack: PackHead) -> tuple[Change, ...]:
    """What has become known since about those whom the pack shows."""
    shown = read_content((await pack_bytes(tx, pack.id)).data)
    if pack.part not in picture.parts:
        return ()
    now = await gather(tx, picture, pack.part, pack.built_at, n=pack.n, before=None)
    return late_changes(shown, now)


async def _mark(tx: Tx, act: Act, picture: TrialPicture, pack: PackHead, found: tuple[Change, ...]) -> None:
    await mark_outdated(tx, pack.id, act.now, [asdict(change) for change in found])
    body = CommitteePackOutdatedV1(
        trial_id=pack.trial_id,
        pack_id=pack.id,
        snapshot_id=pack.snapshot_id,
        part=pack.part,
        n=pack.n,
        decisions=[one.id for one in picture.decisions if one.snapshot_id == pack.snapshot_id],
        because=sorted({change.kind for change in found}),
        reports=sorted({change.what for change in found if _is_report(change)}),
        outdated_at=act.now,
    )
    await put(tx, act, NewEvent(aggregate_id=pack.id, scope=pack.trial_id, body=body))


def _is_report(change: Change) -> bool:
    return change.kind.startswith(("adverse_event", "unmatched"))


async def settle_copies(tx: Tx, act: Act) -> None:
    """What follows once all copies were built anew: every trial is looked at again, and its packs."""
    await reassess_every_trial(tx, act)
    after = ""
    while trials := await trials_after(tx, after, TRIALS_AT_ONCE):
        for trial in trials:
            await flag_packs(tx, act, trial.id)
        after = trials[-1].id
