"""The planned dose of one child: dose per unit times weight or body surface, in exact decimal arithmetic."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum

from services.enrolment.domain.refusals import Refused

_EXACT = Context(prec=200)
_THREE = -3
_ZONES_DIFFER = timedelta(days=1)
_OLDEST = timedelta(days=366)
"""A child grows: what was measured longer ago computes no dose."""


class DoseBasis(StrEnum):
    """What the protocol's dose is multiplied by; `flat` by nothing, `none` where no dose is planned."""

    NONE = "none"
    FLAT = "flat"
    WEIGHT = "weight"
    BODY_SURFACE = "body_surface"

    @property
    def per_unit(self) -> bool:
        return self in (DoseBasis.WEIGHT, DoseBasis.BODY_SURFACE)


_CONCEIVABLE = {
    DoseBasis.WEIGHT: (Decimal("0.2"), Decimal(400)),
    DoseBasis.BODY_SURFACE: (Decimal("0.05"), Decimal(5)),
}
"""Kilograms and square metres of any human being, both bounds included: outside lies a slip of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A child's weight in kg or body surface in m², as measured on a day."""

    basis: DoseBasis
    value: Decimal
    measured_on: date


def check_measure(basis: DoseBasis, measure: Measure | None, now: datetime) -> None:
    """Accepts a measure of the kind that the protocol doses by, not of a day to come; zones differ by a day.

    Raises:
        Refused: `measure_unsuitable` or `time_in_future`.
    """
    if measure is None:
        return
    if measure.basis is not basis:
        raise Refused("measure_unsuitable", f"The protocol doses by {basis.value}.", dose_basis=basis.value)
    least, most = _CONCEIVABLE[measure.basis]
    if not least <= measure.value <= most:
        detail = f"A {measure.basis.value.replace('_', ' ')} lies between {least} and {most}."
        raise Refused("measure_unsuitable", detail)
    if measure.measured_on < (now - _OLDEST).date():
        raise Refused("measure_unsuitable", "The measurement is more than a year old.")
    if measure.measured_on > (now + _ZONES_DIFFER).date():
        raise Refused("time_in_future", "The day of the measurement lies in the future.")


def planned_dose(dose: str, basis: DoseBasis, measure: Measure | None) -> Decimal | None:
    """The planned amount, not rounded: no protocol file states a rounding.

    Args:
        dose: as the protocol prints it, per kg or m² where `basis` says so; empty where there is none.
        basis: what the protocol doses by.
        measure: of the kind of `basis`.

    Returns:
        None where nothing is planned, or the measure is not known.
    """
    if not dose or basis is DoseBasis.NONE:
        return None
    if not basis.per_unit:
        return Decimal(dose)
    return None if measure is None else _EXACT.multiply(Decimal(dose), measure.value)


def shown(amount: Decimal) -> str:
    """An amount for people: three decimals, below 0.1 three significant figures; zeros at the end left out."""
    exponent = min(_THREE, amount.adjusted() - 2) if amount else _THREE
    rounded = amount.quantize(Decimal(1).scaleb(exponent), context=_EXACT)
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".")


def planned_unit(unit: str, basis: DoseBasis) -> str:
    """The unit of the planned amount: `mg/m2` by body surface is `mg` for this child."""
    return unit.partition("/")[0] if basis.per_unit else unit
