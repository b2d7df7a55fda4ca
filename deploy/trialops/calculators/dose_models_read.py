"""Design files of the CRM, the TITE-CRM and the BLRM."""

from deploy.trialops.calculators.dose_design import DesignReading
from deploy.trialops.calculators.dose_models_check import (
    refuse_in_time,
    require_follow_up,
    require_posterior,
    require_prior,
)
from deploy.trialops.calculators.dose_numbers import (
    LARGEST_INTERCEPT,
    fraction_of_one,
    increasing_list,
    number_above_zero,
    number_within,
)
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.blrm import BlrmPrior, Intervals
from services.sponsor.domain.escalation.blrm_design import BlrmDesign, Selection
from services.sponsor.domain.escalation.crm import PRIOR_SD, CrmModel, Estimator
from services.sponsor.domain.escalation.crm_design import CrmDesign, TiteCrmDesign
from services.sponsor.domain.escalation.design import Coherence, Terms
from services.sponsor.domain.escalation.tite_crm import WeightScheme
from services.sponsor.domain.escalation.working_model import ModelKind, WorkingModel

LARGEST_PRIOR_SD = 10.0
LARGEST_MEAN = 50.0
LARGEST_RHO = 0.99
LARGEST_WINDOW = 1e6
LARGEST_DOSE = 1e12
INTERVALS = (0.2, 0.35, 0.6)

_CRM_KEYS = frozenset({"target", "skeleton", "estimator", "model", "intercept", "prior_sd", "safety_cutoff"})
_BLRM_KEYS = frozenset(
    {
        *("doses", "reference_dose", "prior", "intervals", "max_overdose", "selection"),
        *("min_target_probability", "target", "quantile"),
    }
)


def _crm_model(fields: Fields) -> CrmModel:
    skeleton = increasing_list(fields, "skeleton", 0.0, 1.0)
    curve = WorkingModel(
        kind=ModelKind(fields.choice("model", tuple(ModelKind), ModelKind.EMPIRIC)),
        skeleton=skeleton,
        intercept=number_within(fields, "intercept", -LARGEST_INTERCEPT, LARGEST_INTERCEPT, 3.0),
    )
    if not curve.is_ordered:
        message = "The skeleton lies on both sides of the curve at its intercept."
        raise InputInvalid(fields.path("intercept"), "intercept_inside_skeleton", message)
    estimator = Estimator(fields.choice("estimator", tuple(Estimator)))
    cutoff = fraction_of_one(fields, "safety_cutoff") if fields.has("safety_cutoff") else None
    if cutoff is not None and estimator is Estimator.MLE:
        raise InputInvalid(
            fields.path("safety_cutoff"), "no_posterior", "A design by maximum likelihood has no posterior."
        )
    return CrmModel(
        curve=curve,
        target=fraction_of_one(fields, "target"),
        estimator=estimator,
        prior_sd=number_above_zero(fields, "prior_sd", LARGEST_PRIOR_SD, PRIOR_SD),
        safety_cutoff=cutoff,
    )


def _crm(fields: Fields, terms: Terms) -> CrmDesign:
    return CrmDesign(terms=terms, model=_crm_model(fields))


def _tite_crm(fields: Fields, terms: Terms) -> TiteCrmDesign:
    window = number_above_zero(fields, "window", LARGEST_WINDOW) if fields.has("window") else None
    scheme = WeightScheme(fields.choice("weights", tuple(WeightScheme))) if fields.has("weights") else None
    return TiteCrmDesign(terms=terms, model=_crm_model(fields), window=window, weights=scheme)


def _blrm(fields: Fields, terms: Terms) -> BlrmDesign:
    selection = Selection(fields.choice("selection", tuple(Selection)))
    needs_target = selection in (Selection.CLOSEST_MEAN, Selection.MTD_QUANTILE)
    needs_quantile = selection is Selection.MTD_QUANTILE
    return BlrmDesign(
        terms=terms,
        doses=increasing_list(fields, "doses", 0.0, LARGEST_DOSE),
        reference_dose=number_above_zero(fields, "reference_dose", LARGEST_DOSE),
        intervals=_intervals(fields),
        selection=selection,
        prior=_prior(fields) if fields.has("prior") else None,
        max_overdose=number_within(fields, "max_overdose", 0.0, 1.0, 0.25),
        min_target_probability=number_within(fields, "min_target_probability", 0.0, 1.0, 0.05),
        target=fraction_of_one(fields, "target") if needs_target or fields.has("target") else None,
        quantile=fraction_of_one(fields, "quantile") if needs_quantile or fields.has("quantile") else None,
    )


def _intervals(fields: Fields) -> Intervals:
    cuts = increasing_list(fields, "intervals", 0.0, 1.0) if fields.has("intervals") else INTERVALS
    if len(cuts) not in (2, 3):
        raise InputInvalid(fields.path("intervals"), "intervals_invalid", "Two or three bounds are needed.")
    return Intervals(
        target_from=cuts[0], target_to=cuts[1], unacceptable_from=cuts[2] if len(cuts) == 3 else None
    )


def _prior(fields: Fields) -> BlrmPrior:
    prior = fields.object("prior", ("log_alpha", "log_beta", "rho"))
    return BlrmPrior(
        log_alpha=_mean_and_sd(prior, "log_alpha"),
        log_beta=_mean_and_sd(prior, "log_beta"),
        rho=number_within(prior, "rho", -LARGEST_RHO, LARGEST_RHO, 0.0),
    )


def _mean_and_sd(prior: Fields, name: str) -> tuple[float, float]:
    """A list of a mean and a standard deviation."""
    items = prior.items(name)
    if len(items) != 2:
        raise InputInvalid(prior.path(name), "not_a_pair", "A mean and a standard deviation are needed.")
    pair = Fields(dict(zip(("0", "1"), items, strict=True)), ("0", "1"), prior.path(name))
    return (
        number_within(pair, "0", -LARGEST_MEAN, LARGEST_MEAN),
        number_above_zero(pair, "1", LARGEST_PRIOR_SD),
    )


def _list_length(name: str, fields: Fields) -> tuple[str, int] | None:
    return (name, len(fields.items(name))) if fields.has(name) else None


CRM = DesignReading(
    keys=_CRM_KEYS,
    build=_crm,
    levels=lambda fields: _list_length("skeleton", fields),
    coherence=Coherence.COHORT,
)
TITE_CRM = DesignReading(
    keys=_CRM_KEYS | {"window", "weights"},
    build=_tite_crm,
    check=require_follow_up,
    check_oc=refuse_in_time,
    levels=lambda fields: _list_length("skeleton", fields),
    coherence=Coherence.COHORT,
)
BLRM = DesignReading(
    keys=_BLRM_KEYS,
    build=_blrm,
    check=require_posterior,
    check_oc=require_prior,
    levels=lambda fields: _list_length("doses", fields),
    coherence=Coherence.COHORT,
)
