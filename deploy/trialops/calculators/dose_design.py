"""Design files, read strictly: a registry with one reading per design, and what all designs share.

A design's reading is imported only when a file names it, so that the operators' tool starts without numpy.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.design import Coherence, DoseDesign, Guards, PartialCohort, Terms
from services.sponsor.domain.escalation.observations import Observations

MOST_LEVELS = 50
MOST_COHORT = 100
COMMON_KEYS = frozenset({"design", "levels", "start_level", "cohort_size", "partial_cohort", "guards"})
READINGS: Mapping[str, str] = {
    "three_plus_three": "dose_tables_read:THREE_PLUS_THREE",
    "rolling_six": "dose_tables_read:ROLLING_SIX",
    "iq_rolling_six": "dose_tables_read:IQ_ROLLING_SIX",
    "boin": "dose_intervals_read:BOIN",
    "keyboard": "dose_intervals_read:KEYBOARD",
    "mtpi2": "dose_intervals_read:MTPI2",
    "mtpi": "dose_intervals_read:MTPI",
    "i3plus3": "dose_intervals_read:I3PLUS3",
    "crm": "dose_models_read:CRM",
    "tite_crm": "dose_models_read:TITE_CRM",
    "blrm": "dose_models_read:BLRM",
}
"""Design to the module of this package and the name in it that holds its `DesignReading`."""


class _Anything(Collection[str]):
    """Every name: for a file whose design must be known before its keys can be judged."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


ANYTHING = _Anything()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignReading:
    """How one design's file is read.

    Attributes:
        keys: its own keys, besides the common ones.
        build: the design from its fields and the common terms; raises InputInvalid naming the field.
        levels: number of levels that the design's own keys fix, with the name of that key; None where none does.
        coherence: the guard where the file says nothing.
        cohort_size: the size that is used where the file says nothing.
        check: raises InputInvalid, naming the data file's field, for data that the design cannot use.
        check_oc: raises InputInvalid for a design without operating characteristics.
    """

    keys: frozenset[str]
    build: Callable[[Fields, Terms], DoseDesign]
    levels: Callable[[Fields], tuple[str, int] | None] = lambda fields: None
    coherence: Coherence = Coherence.OFF
    cohort_size: int | None = None
    check: Callable[[DoseDesign, Observations], None] = lambda design, data: None
    check_oc: Callable[[DoseDesign], None] = lambda design: None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignFile:
    """A design file whose number of levels may still be open.

    Attributes:
        name: of the design.
        fields: its members, all known.
        reading: of the design.
        cohort_size: as stated, or the design's own.
    """

    name: str
    fields: Fields
    reading: DesignReading
    cohort_size: int | None

    def levels_stated(self) -> dict[str, int]:
        """Number of levels by each key of the file that fixes it."""
        stated = {}
        if self.fields.has("levels"):
            stated["levels"] = whole_between(self.fields, "levels", 1, MOST_LEVELS)
        own = self.reading.levels(self.fields)
        return stated | ({own[0]: own[1]} if own is not None else {})

    def design(self, elsewhere: Mapping[str, int] | None = None) -> DoseDesign:
        """The design, once the number of levels is known.

        Args:
            elsewhere: number of levels by further fields that fix it, such as `counts`.
        """
        levels = agreed_levels(self.levels_stated() | dict(elsewhere or {}))
        start = whole_between(self.fields, "start_level", 1, levels, 1)
        terms = Terms(
            levels=levels,
            start_level=start,
            cohort_size=self.cohort_size,
            partial_cohort=PartialCohort(
                self.fields.choice("partial_cohort", tuple(PartialCohort), PartialCohort.WAIT)
            ),
            guards=_guards(self.fields, self.reading.coherence),
        )
        return self.reading.build(self.fields, terms)


def read_design_file(arguments: Fields, name: str = "design") -> DesignFile:
    """The design file of an argument.

    Raises:
        InputInvalid: `out_of_scope` for `tite_boin`; the field of what cannot be used.
    """
    return design_file(arguments.document(name, ANYTHING))


def design_file(unchecked: Fields) -> DesignFile:
    """The design file from its members."""
    design = design_name(unchecked.text("design"), unchecked.path("design"))
    reading = reading_of(design)
    fields = unchecked.limited_to(COMMON_KEYS | reading.keys)
    if fields.has("cohort_size"):
        size: int | None = whole_between(fields, "cohort_size", 1, MOST_COHORT)
    else:
        size = reading.cohort_size
    return DesignFile(name=design, fields=fields, reading=reading, cohort_size=size)


def design_name(design: str, field: str) -> str:
    """The design's name if it is one.

    Raises:
        InputInvalid: `out_of_scope` for `tite_boin`, else `not_an_option`.
    """
    if design == "tite_boin":
        raise InputInvalid(
            field, "out_of_scope", "TITE-BOIN is out of scope until checked against its designers' own table."
        )
    if design not in READINGS:
        raise InputInvalid(field, "not_an_option", f"One of {', '.join(READINGS)} is needed.")
    return design


def reading_of(design: str) -> DesignReading:
    """The reading of a design that is one."""
    module, _, attribute = READINGS[design].partition(":")
    reading: DesignReading = getattr(import_module(f"deploy.trialops.calculators.{module}"), attribute)
    return reading


def agreed_levels(stated: Mapping[str, int]) -> int:
    """The one number of levels.

    Raises:
        InputInvalid: nothing fixes it, or two things differ; the later one is named.
    """
    if not stated:
        raise InputInvalid("levels", "missing", "The number of dose levels is needed.")
    first = next(iter(stated))
    for field, levels in stated.items():
        if not 1 <= levels <= MOST_LEVELS:
            raise InputInvalid(field, "levels_invalid", f"A design has 1 to {MOST_LEVELS} levels.")
        if levels != stated[first]:
            raise InputInvalid(field, "levels_disagree", f"This has another number of levels than {first}.")
    return stated[first]


def whole_between(fields: Fields, name: str, least: int, most: int, default: int | None = None) -> int:
    """A whole number within bounds, both allowed.

    Raises:
        InputInvalid: `out_of_range`, besides those of `Fields.whole`.
    """
    if default is not None and not fields.has(name):
        return default
    value = fields.whole(name)
    if not least <= value <= most:
        raise InputInvalid(
            fields.path(name), "out_of_range", f"A whole number from {least} to {most} is needed."
        )
    return value


def _guards(fields: Fields, coherence: Coherence) -> Guards:
    if fields.is_text("guards"):
        fields.choice("guards", ("none",))
        return Guards(no_skip=False, coherence=Coherence.OFF)
    if not fields.has("guards"):
        return Guards(no_skip=True, coherence=coherence)
    stated = fields.object("guards", ("no_skip", "coherence"))
    return Guards(
        no_skip=stated.flag("no_skip", default=True),
        coherence=Coherence(stated.choice("coherence", tuple(Coherence), coherence)),
    )
