"""The one way from a data cut to a recommendation, whatever the design."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from services.sponsor.domain.escalation.design import Answer, DoseDesign, PartialCohort, Raw
from services.sponsor.domain.escalation.guards import guarded
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.observations import Observations
from services.sponsor.domain.escalation.result import Reason, RecommendationKind

MOST_OUTCOMES = 2_000
"""Outcomes of missing and pending participants that are looked through before waiting is the answer."""


def recommend(design: DoseDesign, data: Observations) -> Answer:
    """What the design recommends for the next participants; defined for every data cut."""
    if data.samples is not None:
        return guarded(design, data, design.raw(data))
    if data.treated == 0 or data.current is None:
        return _start(design, data)
    if design.reads_pending:
        missing, pending = design.missing(data), 0
    else:
        missing, pending = design.missing(data), sum(data.pending)
    if not missing and not pending:
        return guarded(design, data, design.raw(data))
    if design.terms.partial_cohort is PartialCohort.KEEP_LEVEL:
        return _kept(design, data)
    return _waited(design, data, missing)


def conclude(design: DoseDesign, data: Observations) -> Answer:
    """The dose found once accrual has ended, or that there is none.

    Pending participants whose outcome could change the dose are waited for, unless the design weighs them.
    """
    if data.samples is None and not data.treated:
        return guarded(design, data, Raw(level=None, kind=RecommendationKind.STOP_NO_MTD))
    weighs_pending = design.reads_pending and not isinstance(design, LevelDesign)
    if weighs_pending or not sum(data.pending):
        return guarded(design, data, design.final(data))
    found = [guarded(design, one, design.final(one)) for one in _completions(data, 0)]
    if all((one.kind, one.level) == (found[0].kind, found[0].level) for one in found):
        return found[0]
    return guarded(design, data, Raw(level=None, kind=RecommendationKind.WAIT), Reason.PARTIAL_COHORT)


def _start(design: DoseDesign, data: Observations) -> Answer:
    return guarded(design, data, Raw(level=design.terms.start_level), Reason.START)


def _kept(design: DoseDesign, data: Observations) -> Answer:
    """The level is kept whatever its outcomes so far; what other levels or a model close stays closed."""
    raw = design.raw(data)
    if raw.model is None:
        raw = design.raw(_without_current(data))
    kept = Raw(level=data.current, closes_from=raw.closes_from, cell=raw.cell, model=raw.model)
    return guarded(design, data, kept, Reason.PARTIAL_COHORT)


def _without_current(data: Observations) -> Observations:
    """The counts as if nobody were evaluated at the current level."""
    elsewhere = [level != data.current for level in range(1, data.levels + 1)]
    return replace(
        data,
        evaluated=tuple(n * keep for n, keep in zip(data.evaluated, elsewhere, strict=True)),
        dlts=tuple(dlts * keep for dlts, keep in zip(data.dlts, elsewhere, strict=True)),
        participants=None,
    )


def _waited(design: DoseDesign, data: Observations, missing: int) -> Answer:
    """Nobody enters, unless no outcome that is still open could change the answer."""
    first: Answer | None = None
    for completed in _completions(data, missing):
        answer = guarded(design, completed, design.raw(completed))
        if first is None:
            first = answer
        elif (answer.kind, answer.level) != (first.kind, first.level):
            return _waiting(design, data, first)
    if first is None:
        return _waiting(design, data, None)
    as_seen = guarded(design, data, design.raw(data))
    return as_seen if (as_seen.kind, as_seen.level) == (first.kind, first.level) else first


def _waiting(design: DoseDesign, data: Observations, least: Answer | None) -> Answer:
    """Waiting; levels that are closed even if nobody more has a DLT are named."""
    closed = min(least.closed_levels, default=None) if least is not None else None
    raw = Raw(level=None, kind=RecommendationKind.WAIT, closes_from=closed)
    return guarded(design, data, raw, Reason.PARTIAL_COHORT)


def _completions(data: Observations, missing: int) -> Iterator[Observations]:
    """Every outcome of the pending and of the participants missing from the cohort.

    First nobody with a DLT, then everybody, then the rest. Nothing when there are too many to look through.
    """
    choices = [range(pending + 1) for pending in data.pending] + [range(missing + 1)]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > MOST_OUTCOMES:
        return
    nobody = (0,) * len(choices)
    yield _completed(data, nobody, missing)
    for outcome in product(*(reversed(choice) for choice in choices)):
        if outcome != nobody:
            yield _completed(data, outcome, missing)


def _completed(data: Observations, outcome: Sequence[int], missing: int) -> Observations:
    known = data.resolved(outcome[:-1])
    if not missing or known.current is None:
        return known
    more = outcome[-1]
    return known.followed_by(known.current, [place < more for place in range(missing)], same_cohort=True)
