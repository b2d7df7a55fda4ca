"""Stopping rules in the store: the rules in force, outcomes and counts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from services.safety.domain.dlt_definition import parse_definition
from services.safety.domain.place import TrialRef
from services.safety.domain.refusals import Refused
from services.safety.domain.stopping_path import Outcome, ParticipantOutcome, PathFinding
from services.safety.domain.stopping_rule_definition import StoppingRule, parse_stopping_rules, problem_of
from services.safety.store.copies import StoppingRulesCopy
from services.safety.store.stopping_tables import StoppingCountRow, StoppingOutcomeRow
from shared.database import Sql, Tx
from shared.rows import RowQuery, fetch_rows, table_of, upsert, upsert_row
from shared.tables import canonical_json

_COPIES = table_of(StoppingRulesCopy)
_OUTCOMES = table_of(StoppingOutcomeRow)
_COUNTS = table_of(StoppingCountRow)

NEWEST_RULES = (
    "(SELECT r.rules FROM stopping_rules_copy r WHERE r.trial_id = p.trial_id"
    " ORDER BY r.effective_at DESC, r.protocol_version DESC LIMIT 1) AS stopping_rules"
)
"""Of `participant_copy p`: the rules of the trial's newest protocol version, which hold for everybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a participant is to a rule, as kept."""

    outcome: Outcome
    provisional: bool
    evaluable_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The counts of a rule as last evaluated."""

    rule_version: int
    n: int
    events: int
    pending: tuple[str, ...]
    provisional: tuple[str, ...]
    would_cross_at: int | None
    counted_at: datetime


def rules_text(rules: Sequence[Mapping[str, Any]], dlt: Mapping[str, Any] | None) -> str:
    """Rules as they are copied, with the definition whose dictionary they share; empty where there are none."""
    return canonical_json({"rules": list(rules), "dlt": dlt}) if rules else ""


@lru_cache(maxsize=256)
def rules_of(text: str) -> tuple[StoppingRule, ...]:
    """The rules of a copy; none when they cannot be read (then the check of the protocol has alerted)."""
    try:
        return _parsed(text)
    except Refused:
        return ()


def why_rules_unreadable(text: str) -> str | None:
    try:
        _parsed(text)
    except Refused as refused:
        return problem_of(refused)
    return None


def _parsed(text: str) -> tuple[StoppingRule, ...]:
    if not text:
        return ()
    copied = json.loads(text)
    return parse_stopping_rules(copied["rules"], parse_definition(copied["dlt"]))


async def copy_rules(tx: Tx, values: Mapping[str, Any]) -> None:
    await upsert_row(tx, _COPIES, values)


async def rules_in_force(tx: Tx, trial_id: str) -> tuple[StoppingRule, ...]:
    """The rules of the trial's newest protocol version."""
    rows = await tx.fetch(_NEWEST, trial_id)
    return rules_of(rows[0][0]) if rows else ()


async def rules_text_of(tx: Tx, trial_id: str, protocol_version: str) -> str:
    rows = await tx.fetch(_OF_VERSION, trial_id, protocol_version)
    return str(rows[0][0]) if rows else ""


async def participants_of(tx: Tx, trial_id: str) -> list[str]:
    return [row[0] for row in await tx.fetch(_PARTICIPANTS, trial_id)]


async def outcomes_held(tx: Tx, participant_id: str) -> dict[str, Held]:
    """What a participant is to each rule, as kept."""
    return {
        row["rule_id"]: Held(
            outcome=Outcome(row["outcome"]),
            provisional=row["provisional"],
            evaluable_at=row["evaluable_at"],
        )
        for row in await fetch_rows(tx, _HELD, participant_id)
    }


async def save_outcome(
    tx: Tx, trial_id: str, rule_id: str, participant_id: str, held: Held, registered_at: datetime
) -> None:
    await upsert_row(
        tx,
        _OUTCOMES,
        {
            "trial_id": trial_id,
            "rule_id": rule_id,
            "participant_id": participant_id,
            "outcome": held.outcome.value,
            "provisional": held.provisional,
            "evaluable_at": held.evaluable_at,
            "registered_at": registered_at,
        },
    )


async def lock_counts(tx: Tx, trial_id: str, rule: StoppingRule, now: datetime) -> None:
    """Take turns with whoever else evaluates the rule, until the transaction ends.

    An outcome is written before, and all outcomes are read by a statement that begins after this: of two who come
    together the second sees what the first has written.
    """
    empty = {"n": 0, "events": 0, "pending": [], "provisional": [], "would_cross_at": None, "counted_at": now}
    keep = (*empty, "rule_version")
    row = {"trial_id": trial_id, "rule_id": rule.id, "rule_version": rule.version, **empty}
    await upsert(_COUNTS, keep=keep)(tx, [row])
    await tx.fetch(_LOCK, trial_id, rule.id)


async def outcomes_under(tx: Tx, trial_id: str, rule_id: str) -> list[ParticipantOutcome]:
    """Every participant under a rule."""
    return [
        ParticipantOutcome(
            participant_id=row["participant_id"],
            outcome=Outcome(row["outcome"]),
            provisional=row["provisional"],
            evaluable_at=row["evaluable_at"],
            registered_at=row["registered_at"],
        )
        for row in await fetch_rows(tx, _UNDER, trial_id, rule_id)
    ]


async def save_counts(tx: Tx, trial: TrialRef, rule: StoppingRule, found: PathFinding, now: datetime) -> None:
    await upsert_row(
        tx,
        _COUNTS,
        {
            "trial_id": trial.id,
            "rule_id": rule.id,
            "rule_version": rule.version,
            "n": found.n,
            "events": found.events,
            "pending": list(found.pending),
            "provisional": list(found.provisional),
            "would_cross_at": found.would_cross_at,
            "counted_at": now,
        },
    )


async def counts_of(tx: Tx, trial_id: str) -> dict[str, Counted]:
    """The counts of each rule of a trial as last evaluated."""
    found = {}
    for row in await fetch_rows(tx, _COUNTED, trial_id):
        found[row["rule_id"]] = Counted(
            rule_version=row["rule_version"],
            n=row["n"],
            events=row["events"],
            pending=tuple(row["pending"]),
            provisional=tuple(row["provisional"]),
            would_cross_at=row["would_cross_at"],
            counted_at=row["counted_at"],
        )
    return found


_HELD = RowQuery(_OUTCOMES, "FROM stopping_outcome WHERE participant_id = $1")
_UNDER = RowQuery(_OUTCOMES, "FROM stopping_outcome WHERE trial_id = $1 AND rule_id = $2")
_COUNTED = RowQuery(_COUNTS, "FROM stopping_count WHERE trial_id = $1")
_LOCK = Sql("SELECT rule_id FROM stopping_count WHERE trial_id = $1 AND rule_id = $2 FOR UPDATE")
_NEWEST = Sql(
    "SELECT rules FROM stopping_rules_copy WHERE trial_id = $1"
    " ORDER BY effective_at DESC, protocol_version DESC LIMIT 1"
)
_OF_VERSION = Sql("SELECT rules FROM stopping_rules_copy WHERE trial_id = $1 AND protocol_version = $2")
_PARTICIPANTS = Sql("SELECT participant_id FROM participant_copy WHERE trial_id = $1 ORDER BY participant_id")
