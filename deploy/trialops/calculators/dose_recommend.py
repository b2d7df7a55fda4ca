"""`trialops dose recommend`: what a design recommends for a data cut."""

from typing import Any

from deploy.trialops.calculators.calculator import Calculator, Result
from deploy.trialops.calculators.dose_data import read_data_file, read_together
from deploy.trialops.calculators.dose_design import read_design_file
from deploy.trialops.calculators.dose_shown import show_recommendation
from deploy.trialops.calculators.fields import Fields
from services.sponsor.domain.escalation.design import Answer


def _recommended(arguments: Fields) -> Result:
    from services.sponsor.domain.escalation.recommend import conclude, recommend
    from services.sponsor.domain.escalation.result import Reason
    from services.sponsor.domain.escalation.revision import is_revised

    design_file = read_design_file(arguments)
    names = ["data", *(["previous"] if arguments.has("previous") else [])]
    files = [read_data_file(arguments, name) for name in names]
    design, cuts = read_together(design_file, *files)
    ask = conclude if arguments.flag("final", default=False) else recommend
    result = shown_answer(ask(design, cuts[0]))
    if len(cuts) == 1:
        return result
    before, superseded = recommend(design, cuts[1]), is_revised(cuts[1], cuts[0])
    if superseded:
        result["reasons"] = [*result["reasons"], Reason.LATE_DLT.value]
    stated = {"kind": before.kind.value, "level": before.level, "superseded": superseded}
    return result | {"previous": stated}


def shown_answer(answer: Answer) -> dict[str, Any]:
    """An answer as JSON values."""
    return {
        "kind": answer.kind.value,
        "level": answer.level,
        "reasons": [reason.value for reason in answer.reasons],
        "closed_levels": list(answer.closed_levels),
        "cell": None if answer.cell is None else dict(answer.cell),
        "model": None if answer.model is None else dict(answer.model),
    }


RECOMMEND = Calculator(
    name="recommend",
    arguments=frozenset({"design", "data", "final", "previous"}),
    answer=_recommended,
    show=show_recommendation,
)
