"""A DLT by judgement: an investigator's signed statement, which the committee confirms or refuses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.safety.domain.dlt_definition import DltDefinition, JudgementCriterion
from services.safety.domain.dlt_facts import CriterionFinding, Open, strongest
from services.safety.domain.dlt_timeline import AsOf, Strength
from services.safety.domain.dlt_window import DltWindow


class CommitteeView(StrEnum):
    """What the committee has said; until it has, the statement counts provisionally."""

    AWAITED = "awaited"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedJudgement:
    """That a participant had a DLT in an investigator's judgement; `day` is of the toxicity, None if not stated."""

    id: str
    criterion: str
    day: int | None
    committee: CommitteeView


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedJudgement:
    """The same in local dates, as it is kept."""

    id: str
    criterion: str
    occurred_on: date
    committee: CommitteeView

    def within(self, window: DltWindow) -> SignedJudgement:
        """In day numbers of the participant's window."""
        return SignedJudgement(
            id=self.id,
            criterion=self.criterion,
            day=window.day_of(self.occurred_on),
            committee=self.committee,
        )


_STRENGTHS = {
    CommitteeView.AWAITED: Strength.PROVISIONAL,
    CommitteeView.CONFIRMED: Strength.CERTAIN,
    CommitteeView.REFUSED: Strength.NO,
}


def evaluate_judgements(
    criterion: JudgementCriterion,
    definition: DltDefinition,
    judgements: Iterable[SignedJudgement],
    as_of: AsOf,
) -> CriterionFinding:
    """State of a criterion by judgement: certain once confirmed, provisional while the committee is awaited.

    Args:
        criterion: which of the protocol's.
        definition: gives the window, outside which no judgement counts.
        judgements: every signed judgement of the participant.
        as_of: the day of judging.
    """
    mine = (judgement for judgement in judgements if judgement.criterion == criterion.id)
    return strongest(criterion.id, [_finding(one, definition, as_of) for one in mine])


def _finding(judgement: SignedJudgement, definition: DltDefinition, as_of: AsOf) -> CriterionFinding:
    day, strength = judgement.day, _STRENGTHS[judgement.committee]
    elsewhere = day is not None and not (1 <= day <= definition.window_days and as_of.knows(day))
    if strength is Strength.NO or elsewhere:
        return CriterionFinding(id=judgement.criterion, strength=Strength.NO)
    awaited = judgement.committee is CommitteeView.AWAITED
    return CriterionFinding(
        id=judgement.criterion,
        strength=strength,
        since_day=day,
        true_from_day=day,
        open=frozenset({Open.JUDGEMENT_NOT_CONFIRMED}) if awaited else frozenset(),
        events=((judgement.id, 1),),
    )
