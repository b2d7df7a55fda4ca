"""What pharmacies, sites and the trial office look through: confirmations, queries, deviations, exceptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.enrolment.domain.dose_confirmation import Confirmation, DoseQuery
from services.enrolment.queries.visibility import View, view_of
from services.enrolment.store.dose_confirmations import confirmations_after, given_under, queries_after
from services.enrolment.store.dose_corrections import deviations_after
from services.enrolment.store.exceptional_authorisations import ExceptionalAuthorisation, exceptional_after
from shared.act import Act
from shared.database import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePage(Generic[T]):
    """Some items in the order of their ids, and where the next page begins."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseGiven:
    """A dose given under a confirmed authorisation; the amount is decimal text."""

    administration_id: str
    at: datetime
    amount: str | None
    batch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationView:
    confirmation: Confirmation
    given: Sequence[DoseGiven]


async def list_confirmations(
    tx: Tx, act: Act, trial: str, *, open_only: bool, after: str, limit: int
) -> DosePage[ConfirmationView]:
    """Confirmations of the sites that the asking person sees, with what was given under each."""
    view = await view_of(tx, act, trial)
    found = await confirmations_after(
        tx, view.trial.id, _sites(view), open_only=open_only, after=after, limit=limit + 1
    )
    page = _page(found, [one.id for one in found], limit)
    authorised = [one.authorisation_id for one in page.items if one.authorisation_id is not None]
    given = await given_under(tx, authorised)
    return DosePage(
        items=[ConfirmationView(confirmation=one, given=_given(one, given)) for one in page.items],
        next_cursor=page.next_cursor,
    )


def _given(confirmation: Confirmation, rows: Sequence[Mapping[str, Any]]) -> list[DoseGiven]:
    if confirmation.authorisation_id is None:
        return []
    return [
        DoseGiven(administration_id=row["id"], at=row["at"], amount=row["amount"], batch=row["batch"])
        for row in rows
        if row["authorisation_id"] == confirmation.authorisation_id
    ]


async def list_dose_queries(
    tx: Tx, act: Act, trial: str, *, open_only: bool, after: str, limit: int
) -> DosePage[DoseQuery]:
    view = await view_of(tx, act, trial)
    found = await queries_after(
        tx, view.trial.id, _sites(view), open_only=open_only, after=after, limit=limit + 1
    )
    return _page(found, [one.id for one in found], limit)


async def list_dose_deviations(
    tx: Tx, act: Act, trial: str, *, flag: str, after: str, limit: int
) -> DosePage[Mapping[str, Any]]:
    """Doses that stand on record with something not in order, or with one flag."""
    view = await view_of(tx, act, trial)
    found: list[dict[str, Any]] = await deviations_after(
        tx, view.trial.id, _sites(view), flag=flag, after=after, limit=limit + 1
    )
    page = _page(found, [one["id"] for one in found], limit)
    return DosePage(items=page.items, next_cursor=page.next_cursor)


async def list_exceptional_authorisations(
    tx: Tx, act: Act, trial: str, *, after: str, limit: int
) -> DosePage[ExceptionalAuthorisation]:
    view = await view_of(tx, act, trial)
    found = await exceptional_after(tx, view.trial.id, _sites(view), after=after, limit=limit + 1)
    return _page(found, [one.authorisation_id for one in found], limit)


def _sites(view: View) -> list[str] | None:
    return None if view.sites is None else sorted(view.sites)


def _page(found: Sequence[T], ids: Sequence[str], limit: int) -> DosePage[T]:
    more = len(found) > limit
    return DosePage(items=found[:limit], next_cursor=ids[limit - 1] if more else None)
