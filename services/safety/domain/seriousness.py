"""Seriousness: the regulatory criteria as two parties see them; either view suffices, neither undoes it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Criterion(StrEnum):
    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    OTHER_MEDICALLY_IMPORTANT = "other_medically_important"
    REQUIRED_INTERVENTION = "required_intervention"


class Answer(StrEnum):
    """`NOT_ASSESSED`: the question was not answered; `ASSESSED` with no criterion means "not serious"."""

    NOT_ASSESSED = "not_assessed"
    ASSESSED = "assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One party's answer: the criteria ticked, and the words that no criterion has (kept as reported)."""

    answer: Answer
    criteria: frozenset[Criterion] = frozenset()
    unrecognised: tuple[str, ...] = ()


NO_VIEW = View(answer=Answer.NOT_ASSESSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeriousRule:
    """A protocol rule that an admission of this kind is not a hospitalisation, for example a planned one."""

    rule: str
    admission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedSeriousness:
    """Union of both views; `provisional` while the investigator's answer is missing or not understood."""

    serious: bool
    criteria: frozenset[Criterion]
    provisional: bool
    rules_applied: tuple[str, ...]


class Urgency(StrEnum):
    """What a person on duty is owed: nothing, an open query that turns serious in time, or an alert."""

    NOT_SERIOUS = "not_serious"
    AWAITING_ANSWER = "awaiting_answer"
    SERIOUS = "serious"


def read_view(words: Sequence[str] | None) -> View:
    """View from the reported words; None means not assessed, an empty list means assessed and not serious."""
    if words is None:
        return NO_VIEW
    known = {criterion.value: criterion for criterion in Criterion}
    keys = [(word, word.strip().casefold().replace(" ", "_").replace("-", "_")) for word in words]
    return View(
        answer=Answer.ASSESSED,
        criteria=frozenset(known[key] for _, key in keys if key in known),
        unrecognised=tuple(word for word, key in keys if key not in known),
    )


def derive_seriousness(
    investigator: View,
    sponsor: View = NO_VIEW,
    *,
    admission: str = "",
    not_serious: Iterable[NotSeriousRule] = (),
) -> DerivedSeriousness:
    """Whether the event counts as serious, for clocks and alerts.

    Args:
        investigator: missing or with an unknown word, it counts as serious until answered.
        sponsor: may add a criterion, never remove one; missing, it adds nothing.
        admission: kind of admission as reported, empty if none was stated.
        not_serious: the protocol's rules that take the hospitalisation criterion away from an admission.
    Source: 21 CFR 312.32(a) (either view suffices); ICH E2A section II.B.
    """
    criteria = investigator.criteria | sponsor.criteria
    applied = tuple(
        sorted(
            rule.rule
            for rule in not_serious
            if rule.admission == admission != "" and Criterion.HOSPITALISATION in criteria
        )
    )
    if applied:
        criteria -= {Criterion.HOSPITALISATION}
    unclear = bool(investigator.unrecognised) or investigator.answer is Answer.NOT_ASSESSED
    return DerivedSeriousness(
        serious=bool(criteria) or unclear or bool(sponsor.unrecognised),
        criteria=criteria,
        provisional=unclear,
        rules_applied=applied,
    )


def urgency(
    investigator: View, derived: DerivedSeriousness, *, answer_due_at: datetime, now: datetime
) -> Urgency:
    """How urgently the seriousness must be treated now.

    Args:
        investigator: the investigator's view.
        derived: the union of both views.
        answer_due_at: when an unanswered question turns serious; the original day 0 stays.
        now: server time, aware UTC.

    Returns:
        `AWAITING_ANSWER` only while nobody named a criterion and the question is unanswered but not overdue.
    """
    if not derived.serious:
        return Urgency.NOT_SERIOUS
    unanswered = investigator.answer is Answer.NOT_ASSESSED and not derived.criteria
    return Urgency.AWAITING_ANSWER if unanswered and now < answer_due_at else Urgency.SERIOUS
