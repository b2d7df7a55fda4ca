"""Entering the adverse events that came with a trial, once their participants are known here."""

from collections.abc import Mapping
from typing import Any

from services.safety.commands.announce_report import keep_and_announce
from services.safety.commands.judge_window import TAKE_OVER as CAUSE
from services.safety.commands.judge_window import JudgeWindow, judge_participant
from services.safety.commands.report_adverse_event import alerts_and_verdict
from services.safety.commands.watch_rules import watch_rules
from services.safety.domain.causality import Writer
from services.safety.domain.delegation import ReportFlag
from services.safety.domain.dlt import Verdict
from services.safety.domain.ids import AdverseEventId, PersonId
from services.safety.domain.intake import decide_report, first_version
from services.safety.domain.matching import Matched
from services.safety.domain.report import Author, Report, ReportedGrade
from services.safety.domain.report_record import Kept, ReportRecord, Statement
from services.safety.store.places import place_of_participant, trial_named
from services.safety.store.taken_over import (
    ReportToEnter,
    known_participants,
    mark_entered,
    reports_to_enter,
    taken_verdicts,
)
from shared.act import Act
from shared.database import Tx


async def enter_taken_reports(tx: Tx, act: Act, trial_id: str) -> int:
    """Enter what waits and can be entered, and judge every participant of the trial; return how many reports.

    A report that was closed in the old system wakes nobody here; one that was open goes on as any other.
    """
    known = await known_participants(tx, trial_id)
    taken = await taken_verdicts(tx, trial_id)
    # DLTs last: told one by one, they must never stand against fewer children judged than there are.
    for number in sorted(taken.keys() & known.keys(), key=lambda one: (taken[one] is Verdict.DLT, one)):
        await judge_participant(tx, JudgeWindow(participant_id=known[number], cause=CAUSE), act)
    entered = 0
    for waiting in await reports_to_enter(tx, trial_id):
        participant_id = known.get(waiting.participant_number)
        if participant_id is not None and await mark_entered(tx, waiting.report_id, act.now):
            await _enter(tx, act, waiting, participant_id)
            entered += 1
    for participant_id in sorted(known.values()):
        await judge_participant(tx, JudgeWindow(participant_id=participant_id, cause=CAUSE), act)
    await watch_rules(tx, act, await trial_named(tx, trial_id), cause=CAUSE)
    return entered


async def _enter(tx: Tx, act: Act, waiting: ReportToEnter, participant_id: str) -> None:
    place = await place_of_participant(tx, participant_id, report_id=waiting.report_id)
    if place is None or place.participant is None:
        raise LookupError("the participant was known a moment ago")
    report = report_from(waiting.statement)
    decision = decide_report(report, place.context(), now=act.now)
    record = ReportRecord(
        event=first_version(AdverseEventId(waiting.report_id), report, decision, now=act.now),
        statement=Statement(report=report),
        scope=place.trial.scope,
        trial_id=place.trial.id,
        trial_key=place.trial_key,
        participant_key=place.participant_key,
        participant_id=place.participant.id,
        site_number=place.site_number,
        matched=Matched.MATCHED,
        received_at=act.now,
        reported_by=PersonId(waiting.signed_by),
        flags=(ReportFlag.TAKEN_OVER,),
    )
    kept = Kept(record=record, decision=decision, trial=place.trial)
    await keep_and_announce(tx, act, kept, place.dictionary.pinned)
    if not waiting.closed:
        await alerts_and_verdict(tx, act, kept, cause=CAUSE, window_locked=place.window_locked)


def statement_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of the folder states, as it is kept until it is entered."""
    return {
        "investigator": row["investigator"],
        "verbatim": row["verbatim"],
        "term": row["term"],
        "aware_at": row["aware_at"].isoformat(),
        "onset": row["onset"].isoformat(),
        "end": row["end"].isoformat() if row["end"] else "",
        "grade": row["grade"],
        "seriousness": list(row["seriousness"]),
        "causality": row["causality"],
        "outcome": row["outcome"],
        "death_on": row["death_on"].isoformat() if row["death_on"] else "",
    }


def report_from(statement: Mapping[str, Any]) -> Report:
    """The report with the investigator of the old system as its author."""
    author = Author(person=PersonId(statement["investigator"]), writer=Writer.INVESTIGATOR)
    return Report(
        author=author,
        verbatim=statement["verbatim"],
        aware_at=statement["aware_at"],
        term=statement["term"],
        onset=statement["onset"],
        end=statement["end"],
        grades=(ReportedGrade(grade=statement["grade"]),),
        seriousness=statement["seriousness"],
        causality=statement["causality"],
        outcome=statement["outcome"],
        death_on=statement["death_on"],
    )
