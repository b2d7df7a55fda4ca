"""The designs that decisions are compared with, as a data file that comes with the service."""

import json
from fractions import Fraction
from functools import cache
from pathlib import Path

from services.sponsor.domain.escalation.comparison import ComparedBoin, ComparedCrm, ComparedDesigns
from services.sponsor.domain.escalation.crm import Estimator
from services.sponsor.domain.escalation.working_model import ModelKind

_FILE = Path(__file__).parents[1] / "rules" / "design-comparison.v1.json"


@cache
def compared_designs() -> ComparedDesigns:
    """The designs and their parameters, read once."""
    stated = json.loads(_FILE.read_text(encoding="utf-8"))
    boin, crm = stated["boin"], stated["crm"]
    return ComparedDesigns(
        version=stated["version"],
        target=Fraction(stated["target"]),
        boin=ComparedBoin(
            p1=Fraction(boin["p1"]),
            p2=Fraction(boin["p2"]),
            cutoff=Fraction(boin["elimination_cutoff"]),
            min_n=boin["elimination_min_n"],
        ),
        crm=ComparedCrm(
            kind=ModelKind(crm["model"]),
            estimator=Estimator(crm["estimator"]),
            prior_sd=crm["prior_sd"],
            halfwidth=crm["skeleton_halfwidth"],
        ),
    )
