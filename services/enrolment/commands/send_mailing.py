"""Mailings by screening number: the check for deaths, the letter, and the opt-out that nothing takes back."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from services.enrolment.commands.permission import Allowed, allow_screening
from services.enrolment.domain.age import local_date
from services.enrolment.domain.follow_up_states import check_day
from services.enrolment.domain.followed import terms_in_force
from services.enrolment.domain.mailings import (
    DEATH_CHECK_DAYS,
    DeathCheck,
    DeathCheckResult,
    MailingFacts,
    check_mailing,
)
from services.enrolment.domain.participation import Element
from services.enrolment.domain.roles import FOLLOWING
from services.enrolment.domain.screening import Screening
from services.enrolment.store.afterwards import (
    add_death_check,
    add_mailing,
    death_checks_of,
    lock_participant_of,
    opt_out,
    opted_out_at,
)
from services.enrolment.store.afterwards_terms import afterwards_terms
from services.enrolment.store.followed import load_followed
from services.enrolment.store.participants import find_participant
from services.enrolment.store.people import lock_screening
from services.enrolment.store.trials import site_zone
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeathCheck:
    screening_id: str
    checked_on: date
    result: DeathCheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMailing:
    """`mailing` is the protocol's or the office's word for it, for example `invitation`."""

    screening_id: str
    mailing: str
    sent_on: date


async def record_death_check(tx: Tx, command: RecordDeathCheck, act: Act) -> str:
    """The id of the check; one that found a death stops mailings until a later one does not.

    Raises:
        Refused: `time_in_future`.
    """
    allowed, screening = await _locked(tx, act, command.screening_id)
    check_day(command.checked_on, await _today(tx, screening, act))
    check_id = act.new_id()
    row = {
        "id": check_id,
        "screening_id": screening.id,
        "checked_on": command.checked_on,
        "result": command.result.value,
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    details = {"checked_on": command.checked_on.isoformat(), "result": command.result.value}
    change = add_death_check.write(tx, row)
    await record_audit(tx, allowed.act, screening.id, "death.checked", details, change)
    return check_id


async def send_mailing(tx: Tx, command: SendMailing, act: Act) -> str:
    """The id of the mailing that may leave.

    Raises:
        Refused: `participant_died`, `opted_out`, `contact_stopped`, `death_check_required`, `time_in_future`.
    """
    allowed, screening = await _locked(tx, act, command.screening_id)
    check_day(command.sent_on, await _today(tx, screening, act))
    checks = await death_checks_of(tx, screening.id)
    rests_on = check_mailing(await _facts(tx, screening, act, checks), command.sent_on)
    mailing_id = act.new_id()
    row = {
        "id": mailing_id,
        "screening_id": screening.id,
        "mailing": command.mailing,
        "sent_on": command.sent_on,
        "death_check_id": next(name for name, check in reversed(checks) if check == rests_on),
        "recorded_by": act.actor,
        "recorded_at": act.now,
    }
    details = {"mailing": command.mailing, "sent_on": command.sent_on.isoformat()}
    await record_audit(tx, allowed.act, screening.id, "mailing.sent", details, add_mailing.write(tx, row))
    return mailing_id


async def refuse_mailings(tx: Tx, screening_id: str, act: Act) -> None:
    """Keep an opt-out for ever; a second one changes nothing."""
    allowed, screening = await _locked(tx, act, screening_id)
    if await opt_out(tx, screening.id, act.now, act.actor):
        await record_audit(tx, allowed.act, screening.id, "mailings.refused", {})


async def _facts(
    tx: Tx, screening: Screening, act: Act, checks: list[tuple[str, DeathCheck]]
) -> MailingFacts:
    terms = terms_in_force(await afterwards_terms(tx, screening.trial_id), act.now)
    participant_id = await lock_participant_of(tx, screening.id)
    died = contact_stopped = False
    if participant_id is not None:
        died = (await load_followed(tx, screening.trial_id, participant_id)).death is not None
        participant = await find_participant(tx, participant_id)
        contact_stopped = participant is not None and Element.CONTACT in participant.stopped
    return MailingFacts(
        died=died,
        opted_out=await opted_out_at(tx, screening.id) is not None,
        contact_stopped=contact_stopped,
        checks=tuple(check for _, check in checks),
        valid_days=terms.death_check_days if terms else DEATH_CHECK_DAYS,
    )


async def _locked(tx: Tx, act: Act, screening_id: str) -> tuple[Allowed, Screening]:
    """The screening, locked, whether it goes on or has ended: an opt-out may come at any time."""
    allowed, screening = await allow_screening(tx, act, FOLLOWING, screening_id)
    await lock_screening(tx, screening.id)
    return allowed, screening


async def _today(tx: Tx, screening: Screening, act: Act) -> date:
    zone = ZoneInfo(await site_zone(tx, screening.trial_id, screening.site_id))
    return local_date(act.now, zone)
