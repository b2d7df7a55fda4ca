"""`trialops dose skeleton`: prior guesses of the CRM from an indifference interval."""

from deploy.trialops.calculators.calculator import Calculator, Result
from deploy.trialops.calculators.dose_design import MOST_LEVELS, whole_between
from deploy.trialops.calculators.dose_numbers import LARGEST_INTERCEPT, fraction_of_one, number_within
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid


def _skeleton(arguments: Fields) -> Result:
    from services.sponsor.domain.escalation.skeleton import SkeletonImpossible, indifference_skeleton
    from services.sponsor.domain.escalation.working_model import ModelKind

    levels = whole_between(arguments, "levels", 1, MOST_LEVELS)
    halfwidth = fraction_of_one(arguments, "halfwidth")
    target = fraction_of_one(arguments, "target")
    nu = whole_between(arguments, "nu", 1, levels)
    kind = ModelKind(arguments.choice("model", tuple(ModelKind), ModelKind.EMPIRIC))
    intercept = number_within(arguments, "intercept", -LARGEST_INTERCEPT, LARGEST_INTERCEPT, 3.0)
    try:
        skeleton = indifference_skeleton(
            halfwidth=halfwidth, target=target, nu=nu, levels=levels, kind=kind, intercept=intercept
        )
    except SkeletonImpossible as impossible:
        raise InputInvalid(impossible.field, impossible.code, impossible.message) from None
    return {"skeleton": list(skeleton)}


SKELETON = Calculator(
    name="skeleton",
    arguments=frozenset({"halfwidth", "target", "nu", "levels", "model", "intercept"}),
    answer=_skeleton,
)
