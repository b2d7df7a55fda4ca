"""Eligibility sign-off, and the investigator's judgement that the trial is in this child's interests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.enrolment.domain.age import local_date
from services.enrolment.domain.signature import Signature


class Answer(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Answers by criterion id on one version of the criteria; `signature` is None until somebody signs."""

    version: str
    answers: Mapping[str, Answer]
    signature: Signature | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityFinding:
    """Outcome of the eligibility guard; `code` is empty when it holds."""

    code: str
    detail: str


def evaluate_eligibility(
    eligibility: Eligibility | None,
    version: str,
    criteria: frozenset[str],
    valid_days: int,
    now: datetime,
    zone: ZoneInfo,
) -> EligibilityFinding:
    """Eligibility is complete, all met, signed by a delegated person and recent enough.

    Args:
        eligibility: the screening's answers; None when nothing was answered.
        version: version of the criteria that binds the site.
        criteria: ids of every criterion of that version.
        valid_days: the sign-off holds through this many local dates after the date of signature.
        now: the instant of the check.
        zone: the site's time zone.
    """
    if eligibility is None:
        return EligibilityFinding(code="eligibility_incomplete", detail="No criteria are answered.")
    if eligibility.version != version:
        detail = f"Answered on version {eligibility.version} of the criteria; in force is {version}."
        return EligibilityFinding(code="eligibility_incomplete", detail=detail)
    unmet = sorted(name for name in criteria if eligibility.answers.get(name) is not Answer.MET)
    if unmet or not criteria:
        return EligibilityFinding(
            code="eligibility_incomplete",
            detail=f"Not answered or not met: {', '.join(unmet) or 'no criteria'}.",
        )
    signature = eligibility.signature
    if signature is None or not signature.delegated:
        return EligibilityFinding(code="eligibility_unsigned", detail="No delegated person has signed.")
    last_day = local_date(signature.signed_at, zone) + timedelta(days=valid_days)
    if local_date(now, zone) > last_day:
        return EligibilityFinding(
            code="eligibility_expired", detail=f"The sign-off was valid through {last_day.isoformat()}."
        )
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
