"""What other designs would have recommended on the data of a decision. It decides nothing and binds nobody."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from services.sponsor.domain.escalation.crm import CrmModel, Estimator
from services.sponsor.domain.escalation.crm_design import CrmDesign
from services.sponsor.domain.escalation.design import Answer, Coherence, DoseDesign, Guards, Terms
from services.sponsor.domain.escalation.interval_design import Closing, IntervalDesign
from services.sponsor.domain.escalation.interval_rules import BoinRule
from services.sponsor.domain.escalation.observations import Observations, Participant, observed
from services.sponsor.domain.escalation.recommend import conclude, recommend
from services.sponsor.domain.escalation.skeleton import indifference_skeleton
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel
from services.sponsor.domain.standing import Standing, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedBoin:
    """BOIN's parameters besides the target."""

    p1: Fraction
    p2: Fraction
    cutoff: Fraction
    min_n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCrm:
    """The CRM's parameters besides the target; the prior guess of the dose is the middle level."""

    kind: ModelKind
    estimator: Estimator
    prior_sd: float
    halfwidth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDesigns:
    """The designs that a part is compared with, as versioned data."""

    version: int
    target: Fraction
    boin: ComparedBoin
    crm: ComparedCrm

    def designs(self, levels: int, start_level: int) -> tuple[DoseDesign, ...]:
        """BOIN and the CRM for a part with so many levels."""
        return self._boin(levels, start_level), self._crm(levels, start_level)

    def _boin(self, levels: int, start_level: int) -> IntervalDesign:
        return IntervalDesign(
            name="boin",
            terms=Terms(levels=levels, start_level=start_level),
            target=self.target,
            rule=BoinRule(target=self.target, p1=self.boin.p1, p2=self.boin.p2),
            closing=Closing(cutoff=self.boin.cutoff, min_n=self.boin.min_n),
        )

    def _crm(self, levels: int, start_level: int) -> CrmDesign:
        skeleton = indifference_skeleton(
            halfwidth=self.crm.halfwidth,
            target=float(self.target),
            nu=levels // 2 + 1,
            levels=levels,
            kind=self.crm.kind,
        )
        curve = WorkingModel(kind=self.crm.kind, skeleton=skeleton)
        guards = Guards(no_skip=True, coherence=Coherence.COHORT)
        return CrmDesign(
            terms=Terms(levels=levels, start_level=start_level, guards=guards),
            model=CrmModel(
                curve=curve,
                target=float(self.target),
                estimator=self.crm.estimator,
                prior_sd=self.crm.prior_sd,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSaying:
    """What another design would have recommended.

    Attributes:
        answer: for the next participants.
        dose_if_ended: level it would name as the dose if accrual ended now; None for none, and while pending
            answers could change it.
    """

    design: DoseDesign
    answer: Answer
    dose_if_ended: int | None


def compare(
    designs: Iterable[DoseDesign], standings: Iterable[Standing], part: str, eliminated: Collection[int]
) -> tuple[OtherSaying, ...]:
    """What each design recommends for these participants.

    Args:
        designs: all with the same levels.
        standings: as frozen for the decision; those of other parts are passed over.
        part: whose next participants are meant.
        eliminated: levels closed by decisions.
    """
    asked = tuple(designs)
    levels = min(design.terms.levels for design in asked)
    data = in_order_of_entry(standings, part, levels, eliminated)
    return tuple(
        OtherSaying(design=design, answer=recommend(design, data), dose_if_ended=conclude(design, data).level)
        for design in asked
    )


def in_order_of_entry(
    standings: Iterable[Standing], part: str, levels: int, eliminated: Collection[int] = ()
) -> Observations:
    """A part's participants as a design reads them.

    Participants come in the order of their first dose, those not dosed yet last; not evaluable ones count in
    nothing; neighbours at one level are a cohort. No answer is pending.
    """
    counting = [
        one
        for one in standings
        if one.place.part == part and one.place.level <= levels and one.verdict is not Verdict.NOT_EVALUABLE
    ]
    ordered = sorted(
        counting,
        key=lambda one: (
            one.first_dose_at is None,
            one.first_dose_at and one.first_dose_at.timestamp(),
            one.participant_id,
        ),
    )
    answers = {Verdict.DLT: True, Verdict.NO_DLT: False}
    people = [
        Participant(level=level, dlt=answers.get(one.verdict), cohort=cohort)
        for cohort, (level, group) in enumerate(groupby(ordered, key=lambda one: one.place.level))
        for one in group
    ]
    return observed(levels, people, min(eliminated, default=None))
