"""Design files of BOIN, keyboard, mTPI-2, mTPI and i3+3. Numbers are read as decimals and kept exact."""

from fractions import Fraction
from functools import partial

from deploy.trialops.calculators.dose_design import DesignReading, whole_between
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.design import Terms
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.interval_parameters import (
    IntervalParameters,
    ParameterInvalid,
    interval_design,
)

MOST_PARTICIPANTS = 1_000
_KEYS = frozenset({"target", "elimination_cutoff", "elimination_min_n"})


def _build(name: str, fields: Fields, terms: Terms) -> IntervalDesign:
    early = fields.has("n_earlystop")
    stated = IntervalParameters(
        target=Fraction(fields.number("target")),
        p1=_exact(fields, "p1"),
        p2=_exact(fields, "p2"),
        eps1=_exact(fields, "eps1"),
        eps2=_exact(fields, "eps2"),
        elimination_cutoff=_exact(fields, "elimination_cutoff"),
        elimination_min_n=whole_between(fields, "elimination_min_n", 1, MOST_PARTICIPANTS, 3),
        extrasafe=fields.flag("extrasafe", default=False),
        offset=_exact(fields, "offset"),
        n_earlystop=whole_between(fields, "n_earlystop", 1, MOST_PARTICIPANTS) if early else None,
        bound_mtd=fields.flag("bound_mtd", default=False),
    )
    try:
        return interval_design(name, terms, stated)
    except ParameterInvalid as invalid:
        raise InputInvalid(fields.path(invalid.field), invalid.code, invalid.message) from None


def _exact(fields: Fields, name: str) -> Fraction | None:
    return Fraction(fields.number(name)) if fields.has(name) else None


def _around_target(name: str) -> DesignReading:
    return DesignReading(keys=_KEYS | {"eps1", "eps2"}, build=partial(_build, name))


BOIN = DesignReading(
    keys=_KEYS | {"p1", "p2", "extrasafe", "offset", "n_earlystop", "bound_mtd"},
    build=partial(_build, "boin"),
)
KEYBOARD = _around_target("keyboard")
MTPI2 = _around_target("mtpi2")
MTPI = _around_target("mtpi")
I3PLUS3 = _around_target("i3plus3")
