"""Keeping the copies of other services' facts: rows of values of events, many at a time."""

from collections.abc import Sequence

from services.enrolment.store.copies import (
    CohortHoldCopyRow,
    DecisionCopyRow,
    DecisionEndCopyRow,
    DecisionGroundCopyRow,
    DelegationCopyRow,
    GreenLightCopyRow,
    HaltCopyRow,
    ProtocolCopyRow,
    ReportCopyRow,
    SiteCopyRow,
    TrialCopyRow,
    VerdictCopyRow,
)
from shared.database import Sql, Tx
from shared.rows import Values, insert_once, table_of, upsert

save_protocols = upsert(table_of(ProtocolCopyRow))
save_trials = upsert(table_of(TrialCopyRow))
name_trials = upsert(table_of(TrialCopyRow), keep=("status",))
save_sites = upsert(table_of(SiteCopyRow))
save_green_lights = upsert(table_of(GreenLightCopyRow))
save_delegations = upsert(table_of(DelegationCopyRow))
save_decisions = upsert(table_of(DecisionCopyRow), keep=("superseded",))
save_decision_grounds = upsert(table_of(DecisionGroundCopyRow))
save_decision_ends = upsert(table_of(DecisionEndCopyRow))
save_holds = upsert(table_of(CohortHoldCopyRow))
save_halts = upsert(table_of(HaltCopyRow))
_CROSSING = table_of(HaltCopyRow)
save_verdicts = upsert(table_of(VerdictCopyRow))
save_reports = upsert(table_of(ReportCopyRow))


async def set_trial_status(tx: Tx, rows: Sequence[tuple[str, str]]) -> None:
    """Set the status of trials, given as (trial, status)."""
    await tx.fetch_each(_TRIAL_STATUS, rows)


async def revoke_sites(tx: Tx, rows: Sequence[tuple[str, str]]) -> None:
    """Take every green light of sites, given as (trial, site number)."""
    await tx.fetch_each(_REVOKE, rows)
    await tx.fetch_each(_TAKE_LIGHTS, rows)


async def suspend_sites(tx: Tx, rows: Sequence[tuple[str, str]]) -> None:
    """Suspend sites, given as (trial, site number); their green lights stay, the next one ends it."""
    await tx.fetch_each(_SUSPEND, rows)


async def end_delegations(tx: Tx, ids: Sequence[str]) -> None:
    await tx.fetch_each(_END_DELEGATION, [(one,) for one in ids])


async def supersede_decisions(tx: Tx, ids: Sequence[str]) -> None:
    await tx.fetch_each(_SUPERSEDE, [(one,) for one in ids])


async def save_crossings(tx: Tx, rows: Sequence[Values]) -> None:
    """Halts that stand for crossed stopping rules; what the sponsor has said of one already stands."""
    for row in rows:
        await insert_once(tx, _CROSSING, row)


async def lift_halts(tx: Tx, ids: Sequence[str]) -> None:
    await tx.fetch_each(_LIFT, [(one,) for one in ids])


_TRIAL_STATUS = Sql("UPDATE trial_copy SET status = $2 WHERE trial_id = $1")
_REVOKE = Sql("UPDATE site_copy SET status = 'revoked' WHERE trial_id = $1 AND site_number = $2")
_SUSPEND = Sql("UPDATE site_copy SET status = 'suspended' WHERE trial_id = $1 AND site_number = $2")
_TAKE_LIGHTS = Sql("DELETE FROM green_light_copy WHERE trial_id = $1 AND site_number = $2")
_END_DELEGATION = Sql("UPDATE delegation_copy SET ended = true WHERE delegation_id = $1")
_SUPERSEDE = Sql("UPDATE decision_copy SET superseded = true WHERE decision_id = $1")
_LIFT = Sql("UPDATE halt_copy SET lifted = true WHERE halt_id = $1")
