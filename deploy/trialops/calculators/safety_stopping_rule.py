"""`trialops safety stopping-rule`: a sequential boundary, what it does at given rates, and whether it is crossed."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from typing import Any

from deploy.trialops.calculators.calculator import Calculator, Result, in_words
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.output import print_result
from services.safety.domain.refusals import Refused
from services.safety.domain.stopping_rule import BoundaryDesign, BoundaryKind, boundary_of, first_crossing
from services.safety.domain.stopping_rule_characteristics import Boundary, characteristics

MOST_OBSERVED = 10_000
MOST_RATES = 1_000
_NAMES = {"participants": "n"}


@contextmanager
def _parameters_stated() -> Iterator[None]:
    """The domain's refusal as a refusal of input, by the name that the parameter has here."""
    try:
        yield
    except Refused as refused:
        field = str(refused.facts.get("field", "arguments"))
        raise InputInvalid(_NAMES.get(field, field), refused.code, refused.detail) from None


def _stopping_rule(arguments: Fields) -> Result:
    design = _design(arguments)
    rates = _rates(arguments)
    observed = _observed(arguments, design.participants) if arguments.has("observed") else None
    with _parameters_stated():
        boundary = boundary_of(design)
    crossing = None if observed is None else first_crossing(boundary, observed)
    verdict = "crossed" if crossing is not None else "continue"
    return {
        "boundary": list(boundary),
        "size": characteristics(boundary, float(design.p0)).stop_probability,
        "oc": [_at_rate(boundary, rate) for rate in rates],
        "verdict": None if observed is None else verdict,
        "first_crossing_n": crossing,
    }


def _design(arguments: Fields) -> BoundaryDesign:
    kinds = tuple(kind.value for kind in BoundaryKind)
    return BoundaryDesign(
        kind=BoundaryKind(arguments.choice("kind", kinds, BoundaryKind.BETA_BINOMIAL.value)),
        participants=arguments.whole("n"),
        p0=arguments.number("p0"),
        alpha=arguments.number("alpha") if arguments.has("alpha") else None,
        cutoff=arguments.number("cutoff") if arguments.has("cutoff") else None,
        prior=_prior(arguments) if arguments.has("prior") else None,
        first_look=arguments.whole("first_look") if arguments.has("first_look") else None,
    )


def _prior(arguments: Fields) -> tuple[Decimal, Decimal]:
    numbers = _numbers("prior", arguments.parts("prior"))
    if len(numbers) != 2:
        raise InputInvalid("prior", "not_two_numbers", "Two numbers are needed, as 0.6,2.4.")
    return numbers[0], numbers[1]


def _rates(arguments: Fields) -> list[Decimal]:
    parts = arguments.parts("p") if arguments.has("p") else []
    if len(parts) > MOST_RATES:
        raise InputInvalid("p", "too_many", f"At most {MOST_RATES} rates are answered at once.")
    rates = _numbers("p", parts)
    for place, rate in enumerate(rates):
        if not 0 <= rate <= 1:
            raise InputInvalid(f"p.{place}", "not_a_rate", "This is not a rate from 0 to 1.")
    return rates


def _observed(arguments: Fields, participants: int) -> list[tuple[int, int]]:
    """Pairs of participants and events, as `4:3`, or as lists of two."""
    parts = arguments.parts("observed")
    if len(parts) > MOST_OBSERVED:
        raise InputInvalid("observed", "too_many", f"At most {MOST_OBSERVED} counts are read.")
    found = []
    for place, part in enumerate(parts):
        field = f"observed.{place}"
        pair = part.split(":") if isinstance(part, str) else part
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputInvalid(field, "not_a_count", "Participants and events are needed, as 4:3.")
        members = Fields({"n": pair[0], "events": pair[1]}, ("n", "events"), field)
        n, events = members.whole("n"), members.whole("events")
        if not (1 <= n <= participants and 0 <= events <= n):
            raise InputInvalid(
                field, "count_impossible", "From 1 participant to the last, and no more events than that."
            )
        found.append((n, events))
    return found


def _numbers(name: str, parts: list[Any]) -> list[Decimal]:
    members = Fields(
        {str(place): part for place, part in enumerate(parts)},
        [str(place) for place in range(len(parts))],
        name,
    )
    return [members.number(str(place)) for place in range(len(parts))]


def _at_rate(boundary: Boundary, rate: Decimal) -> Result:
    found = characteristics(boundary, float(rate))
    return {
        "p": found.p,
        "stop_probability": found.stop_probability,
        "expected_events": found.expected_events,
        "expected_n": found.expected_n,
    }


def _show(result: Result) -> None:
    """Steps of the boundary, its characteristics, and the verdict, in lines."""
    lines: Result = {}
    numbered = list(enumerate(result["boundary"], start=1))
    for limit, steps in groupby(numbered, key=lambda step: step[1]):
        ns = [n for n, _ in steps]
        at = f"n = {ns[0]}" if len(ns) == 1 else f"n = {ns[0]} to {ns[-1]}"
        lines[at] = "no count stops" if limit is None else f"stop at {limit} events or more"
    lines["size"] = result["size"]
    for row in result["oc"]:
        lines[f"at p = {row['p']}"] = (
            f"stops with probability {row['stop_probability']:.6f},"
            f" {row['expected_events']:.6f} events and {row['expected_n']:.6f} participants expected"
        )
    if result["verdict"] is not None:
        lines["verdict"] = result["verdict"]
        lines["first crossing n"] = in_words(result["first_crossing_n"] or "none")
    print_result(lines, as_json=False)


STOPPING_RULE = Calculator(
    name="stopping-rule",
    arguments=frozenset({"kind", "n", "p0", "alpha", "prior", "cutoff", "first_look", "p", "observed"}),
    answer=_stopping_rule,
    show=_show,
)
