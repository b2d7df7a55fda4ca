"""Amending a report by a complete new statement of it; the versions before stay as they were."""

from dataclasses import dataclass, replace

from services.safety.commands.announce_report import announce_amendment
from services.safety.commands.open_report import open_report
from services.safety.commands.raise_alert import RaisedAlert
from services.safety.commands.report_adverse_event import Words, alerts_and_verdict, flags_of, with_author
from services.safety.domain.intake import decide_amendment
from services.safety.domain.report_record import Kept, Statement
from services.safety.domain.roles import AMENDING
from services.safety.domain.seen_version import decide_on_seen_version
from services.safety.store.adverse_events import add_version
from services.safety.store.places import delegations_of
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendAdverseEvent:
    """`seen_version` is the version that the author had before him or her, None if that was not said."""

    report_id: str
    words: Words
    stated_by: str
    reason: str
    seen_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    kept: Kept
    alerts: list[RaisedAlert]


async def amend_adverse_event(tx: Tx, command: AmendAdverseEvent, act: Act) -> Amended:
    """Keep the next version and judge the participant's window on it.

    Raises:
        Refused: `nothing_changed`, and for what is not serious `reason_required`, `version_conflict`.
    """
    opened = await open_report(tx, act, command.report_id, AMENDING)
    record, place, act = opened.record, opened.place, opened.act
    principal = act.principal
    assert principal is not None
    delegations = await delegations_of(tx, place.trial.id, act.actor)
    flags = flags_of(act, place, delegations, command.words)
    report = with_author(command.words.report, principal, place, flags, command.stated_by)
    event, decision = decide_amendment(
        record.event,
        report,
        place.context(),
        reason=command.reason,
        received_at=record.received_at,
        now=act.now,
    )
    decision = decide_on_seen_version(record.event, command.seen_version, decision)
    words = command.words
    statement = Statement(
        report=report,
        narrative=words.narrative or record.statement.narrative,
        contact=words.contact or record.statement.contact,
    )
    kept = Kept(
        record=replace(
            record, event=event, statement=statement, flags=tuple(dict.fromkeys([*record.flags, *flags]))
        ),
        decision=decision,
        trial=place.trial,
    )
    await add_version(tx, kept.record, decision, place.dictionary.pinned)
    await announce_amendment(tx, act, kept, place.dictionary.pinned, changed=event.changed)
    return Amended(kept=kept, alerts=await alerts_and_verdict(tx, act, kept, cause="report", place=place))
