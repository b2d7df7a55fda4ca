"""The enrolment service's rules, asked by hand: minimisation, lists, check digits, ages, intervals."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import services.enrolment.domain.country as countries
from deploy.trialops.calculators.calculator import Calculator, Result, plain_number, utc_text
from deploy.trialops.calculators.enrolment_shown import show_blocks, show_minimised
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.enrolment.domain.age import local_date
from services.enrolment.domain.ids import damm_check_digit
from services.enrolment.domain.minimisation import (
    Draws,
    Factor,
    Imbalance,
    MinimisationDesign,
    minimise,
)
from services.enrolment.domain.minimisation_schemes import (
    BestPRestEqual,
    GBased,
    Probability,
    RankLinear,
)
from services.enrolment.domain.nhs_number import is_nhs_number
from services.enrolment.domain.permuted_blocks import PermutedBlocks, rows_of_list
from services.enrolment.domain.randomisation_design import InvalidDesign
from services.enrolment.domain.stagger import interval_end

MOST_ROWS = 200_000
LONGEST_DIGITS = 1_000
_COUNTRIES = Path(countries.__file__).parents[1] / "rules" / "countries.v1.json"


@contextmanager
def _design_stated(renamed: Mapping[str, str] | None = None) -> Iterator[None]:
    """The domain's refusals as refusals of input, some of its fields under the name they have here."""
    try:
        yield
    except InvalidDesign as invalid:
        field = (renamed or {}).get(invalid.field, invalid.field)
        raise InputInvalid(field, invalid.code, invalid.message) from None


def _minimised(arguments: Fields) -> Result:
    config = arguments.document("config", ("arms", "ratio", "imbalance", "probability", "factors", "draws"))
    factors = config.objects("factors", ("name", "weight", "counts"))
    draws = config.object("draws", ("tie", "coin")) if config.has("draws") else None
    with _design_stated():
        design = MinimisationDesign(
            arms=config.texts("arms"),
            ratio=config.wholes("ratio"),
            imbalance=Imbalance(config.choice("imbalance", tuple(Imbalance))),
            probability=_scheme(config),
            factors=tuple(Factor(name=one.text("name"), weight=one.number("weight")) for one in factors),
        )
        found = minimise(
            design,
            {one.text("name"): one.wholes("counts") for one in factors},
            None if draws is None else Draws(tie=draws.number("tie"), coin=draws.number("coin")),
        )
    return {
        "arms": list(design.arms),
        "g": [plain_number(g) for g in found.g],
        "preferred": list(found.preferred),
        "probabilities": [plain_number(probability) for probability in found.probabilities],
        "order": list(found.order) or None,
        "arm": found.arm,
        "warnings": [str(warning) for warning in found.warnings],
    }


def _scheme(config: Fields) -> Probability:
    """The scheme with its one parameter; a parameter of another scheme is an unknown key."""
    schemes = ("best_p_rest_equal", "rank_linear", "g_based")
    scheme = config.object("probability", ("scheme", "p", "q", "t")).choice("scheme", schemes)
    name = {"best_p_rest_equal": "p", "rank_linear": "q", "g_based": "t"}[scheme]
    value = config.object("probability", ("scheme", name)).number(name)
    match name:
        case "p":
            return BestPRestEqual(p=value)
        case "q":
            return RankLinear(q=value)
        case _:
            return GBased(t=value)


def _listed(arguments: Fields) -> Result:
    config = arguments.document(
        "config", ("arms", "ratio", "block_sizes", "strata", "rows_per_stratum", "seed")
    )
    with _design_stated():
        design = PermutedBlocks(
            arms=config.texts("arms"), ratio=config.wholes("ratio"), block_sizes=config.wholes("block_sizes")
        )
    strata, rows = config.texts("strata"), config.whole("rows_per_stratum")
    seed = config.text_or_whole("seed")
    if not strata or not all(stratum.strip() for stratum in strata) or len(set(strata)) != len(strata):
        raise InputInvalid("strata", "strata_invalid", "Strata are a list of names, each once and not empty.")
    if len(strata) * max(rows, 1) > MOST_ROWS:
        raise InputInvalid(
            "rows_per_stratum", "too_many_rows", f"All lists together have at most {MOST_ROWS} rows."
        )
    lists = []
    for place, stratum in enumerate(strata):
        with _design_stated({"rows": "rows_per_stratum", "stratum": f"strata.{place}"}):
            found = rows_of_list(design, stratum, seed, rows)
        lists.append(
            {
                "stratum": stratum,
                "rows": [
                    {"row": row.row, "block": row.block, "block_size": row.block_size, "arm": row.arm}
                    for row in found
                ],
            }
        )
    return {"strata": lists}


def _check_digit(arguments: Fields) -> Result:
    digits = arguments.text_or_whole("digits")
    if len(digits) > LONGEST_DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise InputInvalid("digits", "not_digits", f"1 to {LONGEST_DIGITS} decimal digits are needed.")
    return {"check": damm_check_digit(digits)}


def _nhs_number(arguments: Fields) -> Result:
    return {"valid": is_nhs_number(arguments.text_or_whole("number").strip())}


def _age(arguments: Fields) -> Result:
    born, zone = arguments.day("born"), arguments.zone("zone")
    if arguments.has("on") == arguments.has("at"):
        raise InputInvalid("on", "one_of_two", "Either a date (on) or an instant (at) is needed, not both.")
    with _in_calendar("at"):
        on = arguments.day("on") if arguments.has("on") else local_date(arguments.instant("at"), zone)
    if born > on:
        raise InputInvalid("born", "born_later", "The date of birth lies after the date asked about.")
    profile = _profiles().get(_country(arguments), countries.UNKNOWN_COUNTRY)
    age = countries.age_in_country(profile, born, on)
    return {
        "local_date": on.isoformat(),
        "years": age.years,
        "days_since_birthday": age.days_since_birthday,
        "may_consent_ctimp": age.may_consent_ctimp,
    }


def _country(arguments: Fields) -> str:
    country = arguments.text("country", "GB").upper()
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise InputInvalid("country", "not_a_country", "A country is two letters of ISO 3166, such as GB.")
    return country


@cache
def _profiles() -> dict[str, countries.CountryProfile]:
    document: dict[str, Any] = json.loads(_COUNTRIES.read_text(encoding="utf-8"))
    return countries.profiles_from(document)


def _stagger(arguments: Fields) -> Result:
    first, zone = arguments.instant("first_dose"), arguments.zone("zone")
    hours = Fraction(arguments.number("hours"))
    if hours < 0:
        raise InputInvalid("hours", "negative", "An interval is 0 hours or more.")
    with _in_calendar("hours"):
        earliest = interval_end(first, hours)
        local: datetime = earliest.astimezone(zone)
    return {"earliest": local.isoformat(), "earliest_utc": utc_text(earliest)}


@contextmanager
def _in_calendar(field: str) -> Iterator[None]:
    try:
        yield
    except OverflowError:
        raise InputInvalid(field, "beyond_calendar", "This leads beyond the years 1 to 9999.") from None


MINIMISE = Calculator(
    name="minimise", arguments=frozenset({"config"}), answer=_minimised, show=show_minimised
)
BLOCKS = Calculator(name="blocks", arguments=frozenset({"config"}), answer=_listed, show=show_blocks)
CHECK_DIGIT = Calculator(name="check-digit", arguments=frozenset({"digits"}), answer=_check_digit)
NHS_NUMBER = Calculator(name="nhs-number", arguments=frozenset({"number"}), answer=_nhs_number)
AGE = Calculator(name="age", arguments=frozenset({"born", "on", "at", "zone", "country"}), answer=_age)
STAGGER = Calculator(name="stagger", arguments=frozenset({"first_dose", "hours", "zone"}), answer=_stagger)

CALCULATORS = {one.name: one for one in (MINIMISE, BLOCKS, CHECK_DIGIT, NHS_NUMBER, AGE, STAGGER)}
