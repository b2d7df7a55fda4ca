"""From the domain's refusals to what a client sees."""

from services.sponsor.domain.refusals import Refused
from shared.problems import Problem

RETRY_AFTER_SECONDS = "5"


def to_problem(refused: Refused) -> Problem:
    """The refusal with its status, its sentence and its facts."""
    headers = {"retry-after": RETRY_AFTER_SECONDS} if refused.kind.status == 503 else None
    return Problem(
        refused.code,
        status=refused.kind.status,
        title=refused.kind.title,
        detail=refused.detail,
        extra=refused.facts,
        headers=headers,
    )
