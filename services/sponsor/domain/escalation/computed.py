"""Designs whose table follows from the parameters that a protocol file states."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from services.sponsor.domain.escalation.design import Terms
from services.sponsor.domain.escalation.interval_parameters import (
    IntervalParameters,
    ParameterInvalid,
    interval_design,
)
from services.sponsor.domain.escalation.level_design import COHORT_OF_THREE, LevelDesign
from services.sponsor.domain.escalation.level_table import ThreePlusThree
from services.sponsor.domain.escalation.part_design import TableDesign
from services.sponsor.domain.refusals import Refused

COMPUTED: Mapping[str, str] = {
    "three_plus_three": "1994.1",
    "boin": "2015.1",
    "keyboard": "2017.1",
    "mtpi2": "2017.1",
    "mtpi": "2010.1",
    "i3plus3": "2020.1",
}
"""Version of each; it rises when the same parameters would decide otherwise."""
_DECIMALS = frozenset({"target", "p1", "p2", "eps1", "eps2", "elimination_cutoff", "offset"})


def computed_design(name: str, terms: Terms, parameters: Mapping[str, Any]) -> TableDesign:
    """The design.

    Args:
        name: one of COMPUTED.
        terms: levels and start level.
        parameters: in the form of the protocol file, decimals as text; what is left out takes its default.

    Raises:
        Refused: `design_parameter_invalid`, with the parameter's name.
    """
    if name == "three_plus_three":
        table = ThreePlusThree(
            allow_deescalate=parameters.get("allow_deescalate", True),
            mtd_needs_six=parameters.get("mtd_needs_six", False),
        )
        return LevelDesign(name=name, terms=replace(terms, cohort_size=COHORT_OF_THREE), table=table)
    read: dict[str, Any] = {
        key: Fraction(value) if key in _DECIMALS and value is not None else value
        for key, value in parameters.items()
    }
    size: int | None = read.pop("cohort_size", None)
    try:
        return interval_design(name, replace(terms, cohort_size=size), IntervalParameters(**read))
    except ParameterInvalid as invalid:
        raise Refused("design_parameter_invalid", invalid.message, parameter=invalid.field) from None
