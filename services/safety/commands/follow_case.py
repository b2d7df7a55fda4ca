"""Following a case: after every version and assessment of an event its class and what is owed for it are found anew.

The class is kept with its inputs, and obligations are opened, met, reopened or replaced, all in the transaction of
what changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.safety.commands.raise_alert import RaisedAlert, raise_alerts
from services.safety.commands.settle_obligations import CaseToSettle, settle_obligations
from services.safety.domain.adverse_event import Outcome
from services.safety.domain.alert import AlertKind, AlertRequest
from services.safety.domain.case_history import CaseOutcome
from services.safety.domain.case_record import CaseRecord, history_of
from services.safety.domain.case_timeline import follow
from services.safety.domain.classification import Classification
from services.safety.domain.ctcae import GRADE_OF_DEATH
from services.safety.domain.event_class import EventClass, Worst, worst_of
from services.safety.domain.matching import Matched
from services.safety.domain.place import Place
from services.safety.domain.report_record import Kept
from services.safety.domain.seriousness import Urgency
from services.safety.store.assessments import StoredClass, add_classes, newest_classes
from services.safety.store.case_records import case_record
from services.safety.store.obligations import obligations_of, submissions_of
from services.safety.store.regimes import shipped_regimes
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What following came to: of all products the worst class, and the alerts that it raised."""

    worst: Worst
    alerts: list[RaisedAlert]


async def follow_case(tx: Tx, act: Act, kept: Kept, place: Place, *, first: bool = False) -> Followed | None:
    """Derive class and obligations of an event from everything kept about it.

    Args:
        tx: the transaction, in which what changed is stored.
        act: circumstances.
        kept: the event as it is now.
        place: where it belongs.
        first: the event is new, so nothing is held for it.

    Returns:
        None for an event that is not serious and never was, for one whose seriousness is still being asked, and
        for one of a trial that is not known here.
    """
    report_id = kept.record.event.id
    if kept.record.trial_id is None or kept.record.matched is Matched.CLEARED:
        return None
    begins = _begins(kept)
    held = {} if first else await newest_classes(tx, report_id)
    if not held and not begins:
        return None
    record = await case_record(tx, kept.record, place)
    regime = shipped_regimes()[record.terms.regimes[0]]
    outcomes = {product: follow(history_of(record, product), regime) for product in record.terms.products}
    await add_classes(tx, report_id, list(_new_classes(act, record, held, outcomes)))
    worst = worst_of(
        (found.classification.event_class, found.classification.provisional, _grave(found))
        for found in outcomes.values()
    )
    case = CaseToSettle(
        act=act,
        kept=kept,
        record=record,
        held=[] if first else await obligations_of(tx, report_id, lock=True),
        submissions=[] if first else await submissions_of(tx, report_id),
        worst=worst,
    )
    await settle_obligations(tx, case)
    alerts = await _alert(tx, act, kept, worst) if held and _became_susar(held, worst) else []
    return Followed(worst=worst, alerts=alerts)


def _begins(kept: Kept) -> bool:
    """Whether the event is to be followed from now on: it is serious, or it shows a death that nobody ticked."""
    content = kept.record.event.content
    fatal = content.outcome is Outcome.FATAL or content.worst_reported_grade() == GRADE_OF_DEATH
    return fatal or kept.decision.urgency is Urgency.SERIOUS


def _grave(outcome: CaseOutcome) -> bool:
    return outcome.classification.fatal_or_life_threatening


def _became_susar(held: Mapping[str, StoredClass], worst: Worst) -> bool:
    return worst.event_class is EventClass.SUSAR and all(
        one.event_class is not EventClass.SUSAR for one in held.values()
    )


async def _alert(tx: Tx, act: Act, kept: Kept, worst: Worst) -> list[RaisedAlert]:
    """The event's first alert said nothing of a SUSAR: it became one later."""
    kind = AlertKind.GRAVE_SUSAR if worst.grave else AlertKind.SUSAR
    request = AlertRequest(kind=kind, cause=kept.record.event.id)
    return await raise_alerts(tx, act, [request], kept.trial)


def _new_classes(
    act: Act, record: CaseRecord, held: Mapping[str, StoredClass], outcomes: Mapping[str, CaseOutcome]
) -> Iterator[StoredClass]:
    """The next version of each product's class whose answer or inputs differ from the last one."""
    for product, outcome in outcomes.items():
        found, before = outcome.classification, held.get(product)
        details = _details(record, product, outcome)
        if before is not None and before.details == details:
            continue
        yield StoredClass(
            product=product,
            version=1 if before is None else before.version + 1,
            event_class=found.event_class,
            provisional=found.provisional,
            grave=found.fatal_or_life_threatening,
            details=details,
            recorded_at=act.now,
        )


def _details(record: CaseRecord, product: str, outcome: CaseOutcome) -> dict[str, object]:
    """Answers, inputs with their versions, rules and sentences, as JSON values."""
    found = outcome.classification
    return {
        **_answers(found),
        "exempt_by": outcome.exempt_by,
        "in_annual_report": outcome.in_annual_report,
        "day_0": outcome.day_0.isoformat() if outcome.day_0 else None,
        "inputs": record.inputs_of(product),
        "regimes": list(record.terms.regimes),
        "rules": [
            f"{rule.rule} {rule.version}"
            for name in record.terms.regimes
            for rule in shipped_regimes()[name].rules.values()
            if rule.rule in outcome.owed_now
        ],
        "reasons": list(found.reasons),
    }


def _answers(found: Classification) -> dict[str, object]:
    expectedness = found.expectedness
    return {
        "serious": found.serious,
        "criteria": sorted(one.value for one in found.seriousness.criteria),
        "suspected": found.causality.suspected,
        "causality": found.causality.value.value,
        "causality_disagreement": found.causality.disagreement,
        "expected": expectedness.expected,
        "expected_needs_confirmation": expectedness.needs_confirmation,
        "reference_version": expectedness.version,
        "queries": [query.value for query in found.queries],
        "warnings": [warning.value for warning in found.warnings],
        "submission_blocked": found.submission_blocked,
        "rules_applied": list(found.rules_applied),
    }
