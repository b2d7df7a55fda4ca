"""Eligibility sign-off, and the investigator's judgement that the trial is in this child's interests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date
from services.enrolment.domain.criteria import (
    Answer,
    Criterion,
    Entered,
    criteria_of,
    read_answer,
    valid_through,
)
from services.enrolment.domain.signature import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Answers as entered, by criterion id on one version of the criteria; unsigned while `signature` is None."""

    version: str
    answers: Mapping[str, Entered]
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityFinding:
    """Outcome of the eligibility guard; `code` is empty when it holds.

    `unmet` says for each criterion that stands in the way what its answer says, `ended` for each answer whose
    own validity is over the last local date on which it held, and under `sign_off` that of the sign-off.
    """

    code: str
    detail: str
    unmet: Mapping[str, str] = field(default_factory=dict)
    ended: Mapping[str, str] = field(default_factory=dict)


SIGN_OFF = "sign_off"


def evaluate_eligibility(
    eligibility: Eligibility | None,
    version: str,
    criteria: frozenset[str],
    valid_days: int,
    now: datetime,
    zone: ZoneInfo,
    described: Mapping[str, Criterion] | None = None,
) -> EligibilityFinding:
    """Eligibility is complete, all met, signed by a delegated person and recent enough.

    Args:
        eligibility: the screening's answers; None when nothing was answered.
        version: version of the criteria that binds the site.
        criteria: ids of every criterion of that version that this part asks.
        valid_days: the sign-off holds through this many local dates after the date of signature.
        now: the instant of the check.
        zone: the site's time zone.
        described: the kind of answer of each criterion; one that is not there takes yes or no.
    """
    if eligibility is None:
        return EligibilityFinding(code="eligibility_incomplete", detail="No criteria are answered.")
    if eligibility.version != version:
        detail = f"Answered on version {eligibility.version} of the criteria; in force is {version}."
        return EligibilityFinding(code="eligibility_incomplete", detail=detail)
    asked = criteria_of(criteria, described or {})
    signature = eligibility.signature
    # Answers nobody has signed are read as of today; they let nobody in whatever they say.
    signed_on = local_date(signature.signed_at if signature else now, zone)
    unmet = unmet_criteria(eligibility, asked, signed_on)
    if unmet or not criteria:
        return EligibilityFinding(
            code="eligibility_incomplete",
            detail=f"Not answered or not met: {', '.join(unmet) or 'no criteria'}.",
            unmet={name: answer.value for name, answer in unmet.items()},
        )
    if signature is None or not signature.delegated:
        return EligibilityFinding(code="eligibility_unsigned", detail="No delegated person has signed.")
    return _recent(eligibility, asked, signed_on, valid_days, local_date(now, zone))


def unmet_criteria(
    eligibility: Eligibility, asked: Mapping[str, Criterion], signed_on: date
) -> dict[str, Answer]:
    """The criteria whose answer does not meet them, in order of id, with what it says."""
    read = {
        name: read_answer(criterion, eligibility.answers.get(name), signed_on)
        for name, criterion in sorted(asked.items())
    }
    return {name: answer for name, answer in read.items() if answer is not Answer.MET}


def _recent(
    eligibility: Eligibility, asked: Mapping[str, Criterion], signed_on: date, valid_days: int, today: date
) -> EligibilityFinding:
    lasting: dict[str, date | None] = {SIGN_OFF: signed_on + timedelta(days=valid_days)}
    for name, criterion in sorted(asked.items()):
        lasting[name] = valid_through(criterion, eligibility.answers[name], signed_on)
    ended = {name: last.isoformat() for name, last in lasting.items() if last is not None and today > last}
    if ended:
        listed = ", ".join(
            f"{'the sign-off' if name == SIGN_OFF else name} through {last}" for name, last in ended.items()
        )
        return EligibilityFinding(code="eligibility_expired", detail=f"Valid: {listed}.", ended=ended)
    return EligibilityFinding(code="", detail="Complete, all met, signed and recent.")


class Judgement(StrEnum):
    """The investigator's answer: in this child's interests, alternatives considered; never "will help"."""

    IN_INTERESTS = "in_interests"
    NOT_IN_INTERESTS = "not_in_interests"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementStatement:
    """Signed statement on this child; `by_investigator` says in which role the signer stood."""

    judgement: Judgement
    by_investigator: bool
    signature: Signature


def judgement_given(statement: JudgementStatement | None) -> bool:
    """Whether a delegated investigator has signed that taking part is in this child's interests."""
    return (
        statement is not None
        and statement.judgement is Judgement.IN_INTERESTS
        and statement.by_investigator
        and statement.signature.delegated
    )
