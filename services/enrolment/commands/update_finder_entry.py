"""A site says in the trial finder whom a referrer speaks to, and which patients it sees under the trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.enrolment.commands.permission import allow, unknown
from services.enrolment.domain.roles import FINDER_EDITING
from services.enrolment.store.finder import save_finder_entries, site_of_trial
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFinderEntry:
    """The whole entry of one site; what is left empty is shown empty."""

    trial: str
    site_number: str
    conditions: Sequence[str]
    principal_investigator: Mapping[str, Any] | None
    contacts: Sequence[Mapping[str, Any]]
    note: str


async def update_finder_entry(tx: Tx, command: UpdateFinderEntry, act: Act) -> datetime:
    """The time from which the entry is shown; the audit keeps that it changed, not who is named in it."""
    allowed = await allow(tx, act, FINDER_EDITING, command.trial, command.site_number)
    if not await site_of_trial(tx, allowed.trial.id, command.site_number):
        raise unknown(act, FINDER_EDITING)
    values = {
        "trial_id": allowed.trial.id,
        "site_number": command.site_number,
        "conditions": list(command.conditions),
        "principal_investigator": command.principal_investigator,
        "contacts": list(command.contacts),
        "note": command.note,
        "updated_at": act.now,
        "updated_by": act.actor,
    }
    await save_finder_entries(tx, [values])
    details = {"site_number": command.site_number, "contacts": len(command.contacts)}
    await record_audit(tx, allowed.act, allowed.trial.id, "finder-entry.updated", details)
    return act.now
