"""Downtime numbers as they were issued and used, and what registrations are flagged for."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.enrolment.domain.roles import OF_THE_TRIAL
from services.enrolment.queries.visibility import unseen, view_of, view_site
from services.enrolment.store.downtime import (
    DowntimeBlock,
    FlaggedRegistration,
    find_block,
    list_blocks,
    list_flags,
)
from services.enrolment.store.trials import find_trial
from shared.act import Act
from shared.auth import ANY, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPage:
    items: Sequence[DowntimeBlock]
    next_cursor: str | None


async def show_downtime_blocks(tx: Tx, act: Act, trial: str, *, after: str, limit: int) -> BlockPage:
    """Blocks of the sites that the asking person sees, a page at a time."""
    view = await view_of(tx, act, trial)
    sites = None if view.sites is None else sorted(view.sites)
    found = await list_blocks(tx, view.trial.id, sites, after=after, limit=limit + 1)
    page = found[:limit]
    return BlockPage(items=page, next_cursor=page[-1].id if len(found) > limit else None)


async def show_downtime_block(tx: Tx, act: Act, block_id: str) -> DowntimeBlock:
    """One block, for its site and for the trial."""
    block = await find_block(tx, block_id)
    await view_site(tx, act, block.trial_id if block else None, block.site_number if block else "")
    if block is None:
        raise unseen(act)
    return block


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagPage:
    items: Sequence[FlaggedRegistration]
    next_cursor: str | None


async def show_registration_flags(tx: Tx, act: Act, trial: str, *, after: str, limit: int) -> FlagPage:
    """Flags on registrations of the whole trial, a page at a time; sites read theirs with the registration."""
    if act.principal is None:
        raise LookupError("a person's question needs a person")
    found = await find_trial(tx, trial)
    if found is None:
        raise Problem("not_found" if act.principal.has_role(*OF_THE_TRIAL) else "forbidden")
    permit(act.principal, OF_THE_TRIAL, scope=found.code, unit=ANY)
    listed = await list_flags(tx, found.id, after=after, limit=limit + 1)
    page = listed[:limit]
    return FlagPage(items=page, next_cursor=page[-1].id if len(listed) > limit else None)
