"""Find the record behind a number that somebody typed or pasted.

A number of another site is answered exactly like one that was never issued, and both are kept in the audit with
what they were: whoever tries numbers is seen, and learns nothing.
"""

from dataclasses import dataclass

import structlog

from services.enrolment.commands.permission import principal_of, unknown
from services.enrolment.domain.ids import parse_participant_number, parse_screening_number
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import AT_SITES, OF_THE_TRIAL
from services.enrolment.store.numbers import NumberedRecord, find_number
from services.enrolment.store.trials import TrialName, find_trial
from shared.act import Act
from shared.audit import record as record_audit
from shared.auth import ANY
from shared.database import Tx

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpNumber:
    trial: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNotShown:
    """Refused, and kept in the audit: the number was never issued, or not for who asks."""

    refused: Refused


async def look_up_number(tx: Tx, command: LookUpNumber, act: Act) -> NumberedRecord | NumberNotShown:
    """The screening or participant with this number, for those who may see it.

    Raises:
        Problem: `forbidden` without any reading role, `not_found` for a trial that is not theirs.
        Refused: `pseudonym_invalid` for another form or a wrong check digit.
    """
    trial = await _trial_of(tx, command, act)
    taken_over = await _given_elsewhere(tx, trial, command.number)
    kind = taken_over.kind if taken_over else _kind_of(command.number)
    found = taken_over or await find_number(tx, trial.id, kind, command.number)
    if found is not None and _sees(act, trial, found.site_number):
        return found
    details = {"number": command.number, "kind": kind, "of_another_site": found is not None}
    await record_audit(tx, act, trial.id, "number.refused", details)
    principal = principal_of(act)
    log.warning(
        "permission_refused", principal=principal.subject, token_id=principal.token_id, code="not_found"
    )
    return NumberNotShown(refused=Refused("not_found", "There is no such number."))


async def _given_elsewhere(tx: Tx, trial: TrialName, number: str) -> NumberedRecord | None:
    """The record of a number that came with a trial that was taken over, and has the form of another system."""
    try:
        _kind_of(number)
    except Refused:
        of_person = await find_number(tx, trial.id, "participant", number)
        return of_person or await find_number(tx, trial.id, "screening", number)
    return None


def _kind_of(number: str) -> str:
    if number.startswith("S-"):
        parse_screening_number(number)
        return "screening"
    parse_participant_number(number)
    return "participant"


async def _trial_of(tx: Tx, command: LookUpNumber, act: Act) -> TrialName:
    trial = await find_trial(tx, command.trial)
    readers = (*AT_SITES, *OF_THE_TRIAL)
    grants = principal_of(act).granted(*readers)
    if trial is None or not any(grant.scope in (ANY, trial.code) for grant in grants):
        raise unknown(act, readers)
    return trial


def _sees(act: Act, trial: TrialName, site_number: str) -> bool:
    principal = principal_of(act)
    return principal.allows(OF_THE_TRIAL, trial.code, ANY) or principal.allows(
        AT_SITES, trial.code, site_number
    )
