"""Pages of lists: ascending by id, which is by creation; the cursor is the last id of the page before."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some entries, and the cursor of the next page; None when this was the last."""

    entries: Sequence[T]
    next_cursor: str | None


async def page_of(load: Callable[[str, int], Awaitable[list[T]]], cursor: str, limit: int) -> Page[T]:
    """One page; one entry more than asked for is read, to know whether there is a next one.

    Args:
        load: gives entries after an id, at most so many.
        cursor: of the page before; empty for the first.
        limit: 1 to MAX_LIMIT.
    """
    entries = await load(cursor, limit + 1)
    page = entries[:limit]
    return Page(entries=page, next_cursor=page[-1].id if len(entries) > limit else None)
