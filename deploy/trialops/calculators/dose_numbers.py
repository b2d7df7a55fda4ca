"""Numbers of model-based designs, read strictly: finite, within bounds, lists that increase."""

from itertools import pairwise

from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid

LARGEST_INTERCEPT = 20.0


def number_within(
    fields: Fields, name: str, least: float, most: float, default: float | None = None
) -> float:
    """A number within bounds, both allowed.

    Raises:
        InputInvalid: `out_of_range`, besides those of `Fields.number`.
    """
    if default is not None and not fields.has(name):
        return default
    value = float(fields.number(name))
    if not least <= value <= most:
        raise InputInvalid(
            fields.path(name), "out_of_range", f"A number from {least:g} to {most:g} is needed."
        )
    return value


def number_above_zero(fields: Fields, name: str, most: float, default: float | None = None) -> float:
    """A number above 0 and at most `most`.

    Raises:
        InputInvalid: `out_of_range`, besides those of `Fields.number`.
    """
    if default is not None and not fields.has(name):
        return default
    value = float(fields.number(name))
    if not 0 < value <= most:
        raise InputInvalid(
            fields.path(name), "out_of_range", f"A number above 0 and at most {most:g} is needed."
        )
    return value


def fraction_of_one(fields: Fields, name: str, default: float | None = None) -> float:
    """A number above 0 and below 1.

    Raises:
        InputInvalid: `out_of_range`, besides those of `Fields.number`.
    """
    if default is not None and not fields.has(name):
        return default
    value = float(fields.number(name))
    if not 0 < value < 1:
        raise InputInvalid(fields.path(name), "out_of_range", "A number above 0 and below 1 is needed.")
    return value


def number_list(fields: Fields, name: str) -> tuple[float, ...]:
    """A list of finite numbers."""
    items = {str(place): one for place, one in enumerate(fields.items(name))}
    members = Fields(items, items, fields.path(name))
    return tuple(float(members.number(place)) for place in items)


def increasing_list(fields: Fields, name: str, least: float, most: float) -> tuple[float, ...]:
    """A list of numbers, each larger than the one before, all between two bounds that are not allowed.

    Raises:
        InputInvalid: `empty`, `out_of_range` or `not_increasing`, besides those of `Fields.number`.
    """
    values = number_list(fields, name)
    if not values:
        raise InputInvalid(fields.path(name), "empty", "At least one number is needed.")
    for place, value in enumerate(values):
        if not least < value < most:
            raise InputInvalid(
                fields.path(f"{name}.{place}"),
                "out_of_range",
                f"A number above {least:g} and below {most:g} is needed.",
            )
    for place, (lower, upper) in enumerate(pairwise(values), start=1):
        if lower >= upper:
            raise InputInvalid(
                fields.path(f"{name}.{place}"), "not_increasing", "Each number is larger than the one before."
            )
    return values
