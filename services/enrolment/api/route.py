"""What every route of this service does the same way: who asks, and how a refusal is answered."""

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from services.enrolment.domain.refusals import REFUSALS, Refused
from shared.act import Act
from shared.auth import Principal, require_principal
from shared.database import Tx
from shared.freshness import Stale
from shared.ids import CURSOR_FORM
from shared.perform import RETRY_AFTER_SECONDS, Answer
from shared.problems import MEDIA_TYPE, Problem
from shared.service import Service

Person = Annotated[Principal, Depends(require_principal)]
TrialQuery = Annotated[str, Query(max_length=64, description="Code or id of the trial")]
Cursor = Annotated[str, Query(pattern=CURSOR_FORM, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
LevelOut = Annotated[int | None, BeforeValidator(lambda level: level or None)]
"""A dose level; null in a part that has none."""
TextOut = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""What there is only with a dose level; null without."""
SiteNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]


class OutModel(BaseModel):
    """An answer, read from the value that a command or query returns."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def to_problem(refused: Refused) -> Problem:
    """A refusal of the domain that leaves nothing behind."""
    kind = refused.kind
    return Problem(
        refused.code, status=kind.status, title=kind.title, detail=refused.detail, extra=dict(refused.facts)
    )


def refusal_answer(refused: Refused, act: Act, **extra: Any) -> Answer:
    """A refusal that is kept: committed with its record, but not under the idempotency key."""
    kind = REFUSALS[refused.code]
    document = {
        "type": f"/problems/{refused.code}",
        "title": kind.title,
        "status": kind.status,
        "code": refused.code,
        "detail": refused.detail,
        "request_id": act.correlation_id,
    }
    return Answer(
        body=document | dict(refused.facts) | extra,
        status=kind.status,
        media_type=MEDIA_TYPE,
        headers=_retry(kind.status),
    )


def _retry(status: int) -> dict[str, str]:
    return {"retry-after": RETRY_AFTER_SECONDS} if status == 503 else {}


def stale_members(stale: Stale | None) -> dict[str, Any]:
    """Which producer is not known well enough, why, and how old its last statement is."""
    if stale is None:
        return {}
    age = None if stale.age_seconds is None else round(stale.age_seconds, 3)
    return {
        "producer": stale.producer,
        "reason": stale.reason,
        "age_seconds": age,
        "fallback": "Telephone the trial's duty person; only they can give a place now.",
    }


def count_stale(tx: Tx, service: Service, stale: Stale | None) -> None:
    """Count a refusal for lack of fresh news, once it is committed."""
    if stale is not None:
        producer = stale.producer
        tx.after_commit(lambda: service.metrics.refused_unknown_state_total.labels(producer).inc())
