"""What no model-based recommendation may ever do, over random designs and data."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from services.sponsor.domain.escalation.blrm import BlrmPrior, Intervals
from services.sponsor.domain.escalation.blrm_design import BlrmDesign, Selection
from services.sponsor.domain.escalation.crm import CrmModel, Estimator
from services.sponsor.domain.escalation.crm_design import CrmDesign, TiteCrmDesign
from services.sponsor.domain.escalation.design import Answer, Coherence, DoseDesign, Guards, Terms
from services.sponsor.domain.escalation.observations import Observations, Participant, observed
from services.sponsor.domain.escalation.recommend import recommend
from services.sponsor.domain.escalation.result import RecommendationKind
from services.sponsor.domain.escalation.tite_crm import WeightScheme
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

LEVELS = 4
TRIES = settings(max_examples=150, deadline=None)

terms = st.builds(
    lambda size, coherence: Terms(
        levels=LEVELS, cohort_size=size, guards=Guards(no_skip=True, coherence=coherence)
    ),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from(list(Coherence)),
)
# Above the logistic curve at its intercept (0.953) a level's chance would fall with more DLTs.
skeletons = st.lists(st.integers(2, 95), min_size=LEVELS, max_size=LEVELS, unique=True).map(
    lambda guesses: tuple(guess / 100 for guess in sorted(guesses))
)
models = st.builds(
    lambda kind, skeleton, target, estimator, sd: CrmModel(
        curve=WorkingModel(kind=kind, skeleton=skeleton), target=target, estimator=estimator, prior_sd=sd
    ),
    st.sampled_from(list(ModelKind)),
    skeletons,
    st.sampled_from([0.1, 0.2, 0.25, 0.3, 0.33]),
    st.sampled_from(list(Estimator)),
    st.sampled_from([0.5, 1.157584, 2.0]),
)
crms = st.builds(lambda terms, model: CrmDesign(terms=terms, model=model), terms, models)
tites = st.builds(
    lambda terms, model, scheme: TiteCrmDesign(terms=terms, model=model, window=28.0, weights=scheme),
    terms,
    models,
    st.sampled_from(list(WeightScheme)),
)
blrms = st.builds(
    lambda terms, selection, overdose: BlrmDesign(
        terms=terms,
        doses=(10.0, 20.0, 40.0, 80.0),
        reference_dose=40.0,
        intervals=Intervals(target_from=0.2, target_to=0.35, unacceptable_from=0.6),
        selection=selection,
        prior=BlrmPrior(log_alpha=(-1.0, 1.0), log_beta=(0.3, 0.7)),
        target=0.3,
        max_overdose=overdose,
    ),
    terms,
    st.sampled_from([one for one in Selection if one is not Selection.MTD_QUANTILE]),
    st.sampled_from([0.25, 0.5]),
)


@st.composite
def cuts(draw: st.DrawFn) -> Observations:
    """A data cut of up to four cohorts of up to three, some pending, at any levels, some closed."""
    people = []
    for cohort in range(draw(st.integers(1, 4))):
        level = draw(st.integers(1, LEVELS))
        for _ in range(draw(st.integers(1, 3))):
            dlt = draw(st.sampled_from([False, False, True, None]))
            follow_up = draw(st.floats(1.0, 27.0))
            people.append(Participant(level=level, dlt=dlt, cohort=cohort, follow_up=follow_up))
    closed = draw(st.sampled_from([None, None, 1, 2, 3, 4]))
    return observed(LEVELS, people, closed)


def require_safe(design: DoseDesign, data: Observations, answer: Answer) -> None:
    """No untried level is skipped, no closed one entered, nothing poor is escalated from."""
    if answer.kind is RecommendationKind.COMPLETE or answer.level is None:
        return
    assert 1 <= answer.level <= LEVELS
    assert answer.level <= data.highest_tried + 1
    assert answer.level not in answer.closed_levels
    assert data.closed_from is None or answer.level < data.closed_from
    assert data.current is not None
    last = data.last_cohort
    poor = design.poor_rate
    assert poor is not None
    if design.terms.guards.coherence is Coherence.COHORT and last.evaluated and not last.pending:
        assert last.dlts <= poor * last.evaluated or answer.level <= data.current


@TRIES
@given(design=st.one_of(crms, tites), data=cuts())
def test_a_crm_never_skips_an_untried_level_and_never_enters_a_closed_one(
    design: CrmDesign | TiteCrmDesign, data: Observations
) -> None:
    require_safe(design, data, recommend(design, data))


@settings(max_examples=30, deadline=None)
@given(design=blrms, data=cuts())
def test_a_blrm_never_skips_an_untried_level_and_never_enters_a_closed_one(
    design: BlrmDesign, data: Observations
) -> None:
    require_safe(design, data, recommend(design, data))


@TRIES
@given(design=crms, data=cuts())
def test_a_crm_never_escalates_on_a_cohort_whose_open_outcomes_could_forbid_it(
    design: CrmDesign, data: Observations
) -> None:
    answer = recommend(design, data)

    if answer.kind is RecommendationKind.ESCALATE:
        for outcome in product(*(range(pending + 1) for pending in data.pending)):
            resolved = recommend(design, data.resolved(outcome))
            assert (resolved.kind, resolved.level) in {
                (answer.kind, answer.level),
                (RecommendationKind.WAIT, None),  # the cohort is still incomplete
            }


@TRIES
@given(design=st.one_of(crms, tites), data=cuts())
def test_the_same_data_give_the_same_recommendation_to_the_last_bit(
    design: CrmDesign | TiteCrmDesign, data: Observations
) -> None:
    assert repr(recommend(design, data)) == repr(recommend(design, data))


@TRIES
@given(model=models, data=cuts())
def test_more_dlts_never_lower_an_estimate(model: CrmModel, data: Observations) -> None:
    design = CrmDesign(terms=Terms(levels=LEVELS), model=model)
    nobody_more = data.resolved((0,) * LEVELS)
    everybody = data.resolved(data.pending)

    lower, higher = design.raw(nobody_more).model, design.raw(everybody).model

    assert lower is not None
    assert higher is not None
    if lower["probabilities"] is not None and higher["probabilities"] is not None:
        pairs = zip(lower["probabilities"], higher["probabilities"], strict=True)
        assert all(below <= above + 1e-9 for below, above in pairs)
