"""Importing sites or staff of a trial from a CSV file: looked at first, then all rows or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.sponsor.commands.import_sites import keep_sites, plan_sites
from services.sponsor.commands.import_staff import keep_staff, plan_staff
from services.sponsor.commands.permission import (
    OFFICE_AND_QUALITY,
    TRIAL_OFFICE,
    permitted_trial,
    require_role,
)
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import Trial
from services.sponsor.store.sites import sites_of
from services.sponsor.store.trials import look_at_trial, trial_coded
from shared.act import Act
from shared.auth import ANY, permit
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.problems import Problem
from shared.signed_folders import told

Kind = Literal["sites", "staff"]
_ROLES = {"sites": OFFICE_AND_QUALITY, "staff": TRIAL_OFFICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRows:
    """`trial_id` may be the trial's code; `csv` is the text of the file."""

    trial_id: str
    kind: Kind
    csv: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was added, or would be; `unchanged` rows, counted when none is bad, are there already exactly so."""

    rows: int
    added: int
    unchanged: int
    bad: Sequence[BadRow]


async def check_rows(tx: Tx, command: ImportRows, act: Act) -> Imported:
    """What the import would do, with every bad row; nothing is changed or locked."""
    trial, act = await trial_looked_at(tx, act, command.trial_id, _ROLES[command.kind])
    return await _import(tx, command, act, trial, keep=False)


async def import_rows(tx: Tx, command: ImportRows, act: Act) -> Imported:
    """Every row, or none.

    Raises:
        Refused: `import_rows_invalid` with every bad row.
    """
    roles = _ROLES[command.kind]
    seen, _ = await trial_looked_at(tx, act, command.trial_id, roles)
    trial, act = await permitted_trial(tx, act, seen.id, roles)
    return await _import(tx, command, act, trial, keep=True)


async def trial_looked_at(tx: Tx, act: Act, id_or_code: str, roles: Sequence[str]) -> tuple[Trial, Act]:
    """As `permitted_trial`, without a lock, also by the trial's code."""
    require_role(act, roles)
    trial = await look_at_trial(tx, id_or_code) or await trial_coded(tx, id_or_code)
    if trial is None or act.principal is None:
        raise Problem("not_found")
    grant = permit(act.principal, roles, scope=trial.code, unit=ANY)
    return trial, act.as_role(grant.role)


async def _import(tx: Tx, command: ImportRows, act: Act, trial: Trial, *, keep: bool) -> Imported:
    file = f"{command.kind}.csv"
    if command.kind == "sites":
        sites = await plan_sites(tx, act, trial, file, command.csv)
        _check(sites.bad, keep=keep)
        if keep:
            await keep_sites(tx, act, sites)
        return _imported(sites.rows, len(sites.new), sites.bad)
    known = await sites_of(tx, trial.id)
    staff = await plan_staff(tx, act, trial, known, file, command.csv)
    _check(staff.bad, keep=keep)
    if keep:
        await keep_staff(tx, act, staff, known)
    return _imported(staff.rows, len(staff.new), staff.bad)


def _check(bad: Sequence[BadRow], *, keep: bool) -> None:
    if keep and bad:
        raise Refused("import_rows_invalid", "Nothing was imported.", rows=told(bad))


def _imported(rows: int, added: int, bad: Sequence[BadRow]) -> Imported:
    return Imported(rows=rows, added=added, unchanged=0 if bad else rows - added, bad=bad)
