"""`trialops dose pathways`: what would be recommended after every outcome of the cohorts to come."""

from deploy.trialops.calculators.calculator import Calculator, Result
from deploy.trialops.calculators.dose_data import read_data_file, read_together
from deploy.trialops.calculators.dose_design import read_design_file, whole_between
from deploy.trialops.calculators.dose_shown import show_paths
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid

MOST_DEPTH = 20
DEPTH = 2


def _paths(arguments: Fields) -> Result:
    from services.sponsor.domain.escalation.pathways import MOST_PATHS, TooManyPaths, pathways

    design_file = read_design_file(arguments)
    design, (data,) = read_together(design_file, read_data_file(arguments, "data"))
    if data.samples is not None:
        raise InputInvalid("posterior_samples", "no_participants", "Paths need participants or counts.")
    depth = whole_between(arguments, "depth", 0, MOST_DEPTH, DEPTH)
    try:
        found = pathways(design, data, depth)
    except TooManyPaths:
        raise InputInvalid("depth", "too_many_paths", f"There are more than {MOST_PATHS} paths.") from None
    return {
        "paths": [
            {
                "steps": [{"level": step.level, "n": step.n, "dlt": step.dlt} for step in path.steps],
                "kind": path.answer.kind.value,
                "level": path.answer.level,
                "reasons": [reason.value for reason in path.answer.reasons],
            }
            for path in found
        ]
    }


PATHWAYS = Calculator(
    name="pathways", arguments=frozenset({"design", "data", "depth"}), answer=_paths, show=show_paths
)
