"""What is told of obligations: rules, recipients and times, nothing that anybody wrote."""

from datetime import datetime

from services.safety.domain.event_class import Worst
from services.safety.events.published import (
    ObligationBreachedV1,
    ObligationMetV1,
    ObligationOpenedV1,
    ObligationSupersededV1,
)
from services.safety.store.obligations import StoredObligation
from shared.outbox import NewEvent, Published


def opened(stored: StoredObligation, worst: Worst, *, at: datetime) -> NewEvent:
    body = ObligationOpenedV1.model_validate(
        _facts(stored)
        | {
            "day_0": stored.obligation.deadline.day_0,
            "event_class": worst.event_class.value,
            "provisional": worst.provisional,
            "opened_at": at,
        }
    )
    return _event(stored, body)


def met(stored: StoredObligation) -> NewEvent:
    one = stored.obligation
    body = ObligationMetV1.model_validate(_facts(stored) | {"met_at": one.met_at, "in_time": one.in_time})
    return _event(stored, body)


def breached(stored: StoredObligation) -> NewEvent:
    facts = _facts(stored) | {"breached_at": stored.obligation.breached_at}
    return _event(stored, ObligationBreachedV1.model_validate(facts))


def superseded(
    stored: StoredObligation, *, at: datetime, replaced_by: str | None, reason: str | None = None
) -> NewEvent:
    facts = _facts(stored) | {"ended_at": at, "replaced_by": replaced_by}
    return _event(stored, ObligationSupersededV1.model_validate(facts), reason)


def _event(stored: StoredObligation, body: Published, reason: str | None = None) -> NewEvent:
    return NewEvent(aggregate_id=stored.obligation.id, scope=stored.scope, body=body, reason=reason)


def _facts(stored: StoredObligation) -> dict[str, object]:
    one = stored.obligation
    return {
        "trial_id": stored.trial_id,
        "obligation_id": one.id,
        "report_id": stored.report_id,
        "regime": one.regime,
        "rule": one.rule,
        "rule_version": one.rule_version,
        "recipient": one.recipient,
        "due_date": one.deadline.due_date,
        "due_at": one.deadline.due_at,
    }
