"""Data files of a dose-finding trial: outcomes in a line, participants, counts, or draws from a posterior."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from deploy.trialops.calculators.dose_design import DesignFile, whole_between
from deploy.trialops.calculators.dose_numbers import number_above_zero, number_list, number_within
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.design import DoseDesign
from services.sponsor.domain.escalation.observations import Observations, Participant, observed

MOST_PARTICIPANTS = 1_000
MOST_FOLLOW_UP = 1e6
MOST_DOSE = 1e12
KINDS_OF_DATA = ("outcomes", "participants", "counts", "posterior_samples")
_KEYS = (*KINDS_OF_DATA, "closed_levels", "dose_limit")
_COHORT = re.compile(r"([0-9]{1,3})([NTP]+)")
_ANSWERS = {"N": False, "T": True, "P": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A data file, read as far as it can be without the number of levels."""

    fields: Fields
    kind: str

    def levels_stated(self) -> dict[str, int]:
        """Number of levels by the field that fixes it."""
        if self.kind != "counts":
            return {}
        counts = _counts(self.fields)
        return {
            counts.path(name): len(counts.items(name)) for name in ("n", "dlt", "pending") if counts.has(name)
        }

    def observations(self, design: DoseDesign, cohort_size: int | None) -> Observations:
        """The data cut.

        Raises:
            InputInvalid: naming the field.
        """
        levels = design.terms.levels
        match self.kind:
            case "outcomes":
                data = observed(levels, _outcomes(self.fields, levels))
            case "participants":
                data = observed(levels, _participants(self.fields, levels, cohort_size))
            case "counts":
                data = _counted(_counts(self.fields), levels)
            case _:
                data = _sampled(self.fields, levels)
        closed = _closed_from(self.fields, levels)
        limit = (
            number_above_zero(self.fields, "dose_limit", MOST_DOSE) if self.fields.has("dose_limit") else None
        )
        return replace(data, closed_from=closed, dose_limit=limit)


def read_data_file(arguments: Fields, name: str) -> DataFile:
    """The data file of an argument.

    Raises:
        InputInvalid: not exactly one kind of data, or a field that is not known.
    """
    fields = arguments.document(name, _KEYS)
    given = [kind for kind in KINDS_OF_DATA if fields.has(kind)]
    if len(given) != 1:
        field = given[1] if given else "outcomes"
        raise InputInvalid(
            fields.path(field), "one_of_four", f"Exactly one of {', '.join(KINDS_OF_DATA)} is needed."
        )
    return DataFile(fields=fields, kind=given[0])


def read_together(design_file: DesignFile, *files: DataFile) -> tuple[DoseDesign, tuple[Observations, ...]]:
    """The design and the data of each file; all fix the same number of levels."""
    stated: dict[str, int] = {}
    for file in files:
        for field, levels in file.levels_stated().items():
            if stated.setdefault(field, levels) != levels:
                raise InputInvalid(
                    field, "levels_disagree", "The data files have different numbers of levels."
                )
    design = design_file.design(stated)
    found = []
    for file in files:
        data = file.observations(design, design_file.cohort_size)
        _require_usable(design, data)
        design_file.reading.check(design, data)
        found.append(data)
    return design, tuple(found)


def _require_usable(design: DoseDesign, data: Observations) -> None:
    """Draws and dose limits are read by the BLRM alone."""
    if design.name == "blrm":
        return
    for field, given in (("posterior_samples", data.samples), ("dose_limit", data.dose_limit)):
        if given is not None:
            raise InputInvalid(field, "not_for_this_design", "Only a BLRM reads this.")


def _outcomes(fields: Fields, levels: int) -> list[Participant]:
    people: list[Participant] = []
    for cohort, group in enumerate(fields.text("outcomes").split()):
        found = _COHORT.fullmatch(group)
        if found is None:
            message = "A cohort is its level and N, T or P for each participant, such as 1NNT."
            raise InputInvalid(fields.path("outcomes"), "not_outcomes", message)
        level = int(found[1])
        if not 1 <= level <= levels:
            raise InputInvalid(
                fields.path("outcomes"), "level_unknown", "A level is not one of the design's."
            )
        people += [Participant(level=level, dlt=_ANSWERS[one], cohort=cohort) for one in found[2]]
    _require_few(fields.path("outcomes"), len(people))
    return people


def _participants(fields: Fields, levels: int, cohort_size: int | None) -> list[Participant]:
    stated = fields.objects("participants", ("level", "dlt", "follow_up", "weight", "cohort"))
    _require_few(fields.path("participants"), len(stated))
    people = []
    for one, cohort in zip(stated, _cohorts(stated, cohort_size or 1), strict=True):
        if one.has("follow_up") and one.has("weight"):
            raise InputInvalid(
                one.path("weight"), "one_of_two", "A follow-up or a weight is given, not both."
            )
        people.append(
            Participant(
                level=whole_between(one, "level", 1, levels),
                dlt=one.flag("dlt", default=False) if one.has("dlt") else None,
                cohort=cohort,
                follow_up=number_within(one, "follow_up", 0.0, MOST_FOLLOW_UP)
                if one.has("follow_up")
                else None,
                weight=number_within(one, "weight", 0.0, 1.0) if one.has("weight") else None,
            )
        )
    return people


def _cohorts(stated: Iterable[Fields], size: int) -> list[int]:
    """Number of the cohort of each participant: as stated, else neighbours at one level fill cohorts."""
    numbers: dict[str, int] = {}
    found: list[int] = []
    levels: list[int] = []
    filling = 0
    for one in stated:
        level = one.whole("level")
        if one.has("cohort"):
            number = numbers.setdefault(one.text_or_whole("cohort"), len(levels))
            filling = 0
        elif filling and filling < size and levels[found[-1]] == level:
            number, filling = found[-1], filling + 1
        else:
            number, filling = len(levels), 1
        if number == len(levels):
            levels.append(level)
        elif levels[number] != level:
            raise InputInvalid(
                one.path("cohort"), "levels_differ", "The participants of a cohort have one level."
            )
        found.append(number)
    return found


def _counts(fields: Fields) -> Fields:
    return fields.object("counts", ("n", "dlt", "pending", "current_level"))


def _counted(counts: Fields, levels: int) -> Observations:
    evaluated = _whole_list(counts, "n", MOST_PARTICIPANTS)
    dlts = _whole_list(counts, "dlt", MOST_PARTICIPANTS)
    pending = _whole_list(counts, "pending", MOST_PARTICIPANTS) if counts.has("pending") else (0,) * levels
    for place, (n, y) in enumerate(zip(evaluated, dlts, strict=True)):
        if y > n:
            raise InputInvalid(
                counts.path(f"dlt.{place}"), "more_than_evaluated", "There are more DLTs than evaluated."
            )
    _require_few(counts.path("n"), sum(evaluated) + sum(pending))
    data = Observations(evaluated=evaluated, dlts=dlts, pending=pending)
    highest = data.highest_tried or None
    current = whole_between(counts, "current_level", 1, levels) if counts.has("current_level") else highest
    return replace(data, current=current)


def _whole_list(fields: Fields, name: str, most: int) -> tuple[int, ...]:
    values = fields.wholes(name)
    for place, value in enumerate(values):
        if not 0 <= value <= most:
            field = fields.path(f"{name}.{place}")
            raise InputInvalid(field, "out_of_range", f"A whole number from 0 to {most} is needed.")
    return values


def _sampled(fields: Fields, levels: int) -> Observations:
    from services.sponsor.domain.escalation.blrm_samples import PosteriorSamples

    samples = fields.object("posterior_samples", ("log_alpha", "beta"))
    log_alpha, beta = number_list(samples, "log_alpha"), number_list(samples, "beta")
    for name, values in (("log_alpha", log_alpha), ("beta", beta)):
        if not values:
            raise InputInvalid(samples.path(name), "empty", "At least one draw is needed.")
        _require_moderate(samples.path(name), values)
    if len(log_alpha) != len(beta):
        raise InputInvalid(samples.path("beta"), "lengths_differ", "Both lists have a number for each draw.")
    nobody = (0,) * levels
    drawn = PosteriorSamples(log_alpha=log_alpha, beta=beta)
    return Observations(evaluated=nobody, dlts=nobody, pending=nobody, samples=drawn)


def _require_moderate(field: str, values: Sequence[float]) -> None:
    if any(abs(value) > MOST_FOLLOW_UP for value in values):
        raise InputInvalid(field, "out_of_range", "A draw is too large.")


def _closed_from(fields: Fields, levels: int) -> int | None:
    if not fields.has("closed_levels"):
        return None
    closed = fields.wholes("closed_levels")
    for place, level in enumerate(closed):
        if not 1 <= level <= levels:
            field = fields.path(f"closed_levels.{place}")
            raise InputInvalid(field, "level_unknown", "A level is not one of the design's.")
    return min(closed, default=None)


def _require_few(field: str, participants: int) -> None:
    if participants > MOST_PARTICIPANTS:
        raise InputInvalid(field, "too_many", f"At most {MOST_PARTICIPANTS} participants are read.")
