"""Counts of a trial in one or few whole numbers, so that equal states are found by sorting."""

from dataclasses import dataclass

import numpy as np

from services.sponsor.domain.escalation.trial_course import Courses, Floats, Ints

_BITS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """S distinct states: their keys of shape (S, words) and the chance of each."""

    keys: Ints
    chance: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Mixed radix: level, closed level, then participants and DLTs of each level.

    Attributes:
        levels: number of levels.
        unit: every number of participants is a multiple of it.
        radices: number of values of each field.
        words: word of each field; a word holds less than 2 to the power 62.
    """

    levels: int
    unit: int
    radices: tuple[int, ...]
    words: tuple[int, ...]

    @classmethod
    def of(cls, *, levels: int, most: int, unit: int) -> "Packing":
        """A packing for at most so many participants on a level."""
        radices = (levels + 1, levels + 2, *(most // unit + 1, most + 1) * levels)
        words, word, held = [], 0, 1
        for radix in radices:
            if held * radix >= 2**_BITS:
                word, held = word + 1, 1
            held *= radix
            words.append(word)
        return cls(levels=levels, unit=unit, radices=radices, words=tuple(words))

    def start(self, level: int) -> Merged:
        """The one state before anybody."""
        nobody = np.zeros((1, self.levels), dtype=np.int64)
        courses = Courses(
            evaluated=nobody,
            dlts=nobody,
            level=np.array([level]),
            closed_from=np.array([self.levels + 1]),
        )
        return Merged(keys=self.keys(courses), chance=np.ones(1))

    def keys(self, courses: Courses) -> Ints:
        """Shape (S, words)."""
        packed = np.zeros((len(courses.level), self.words[-1] + 1), dtype=np.int64)
        fields = [courses.level, courses.closed_from]
        for place in range(self.levels):
            fields += [courses.evaluated[:, place] // self.unit, courses.dlts[:, place]]
        for values, radix, word in zip(fields, self.radices, self.words, strict=True):
            packed[:, word] = packed[:, word] * radix + values
        return packed

    def courses(self, states: Merged) -> Courses:
        """The counts behind the keys."""
        left = states.keys.copy()
        fields = []
        for radix, word in zip(reversed(self.radices), reversed(self.words), strict=True):
            left[:, word], values = np.divmod(left[:, word], radix)
            fields.append(values)
        fields.reverse()
        return Courses(
            evaluated=np.stack(fields[2::2], axis=1) * self.unit,
            dlts=np.stack(fields[3::2], axis=1),
            level=fields[0],
            closed_from=fields[1],
        )

    def merged(self, keys: Ints, chance: Floats) -> Merged:
        """Each key once, with the chances of equal ones added."""
        if not len(chance):
            return Merged(keys=keys, chance=chance)
        order = np.argsort(keys[:, 0], kind="stable") if keys.shape[1] == 1 else np.lexsort(keys.T)
        ordered = keys[order]
        starts = np.flatnonzero(np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)])
        return Merged(keys=ordered[starts], chance=np.add.reduceat(chance[order], starts))


def distinct_counts(evaluated: Ints, dlts: Ints) -> tuple[Ints, Ints]:
    """Equal final counts told from each other.

    Args:
        evaluated: shape (S, J).
        dlts: shape (S, J).

    Returns:
        Index of the first of each set of equal rows, and for each row its place among those sets.
    """
    packing = Packing.of(levels=evaluated.shape[1], most=int(evaluated.max(initial=0)), unit=1)
    nowhere = np.zeros(len(evaluated), dtype=np.int64)
    keys = packing.keys(Courses(evaluated=evaluated, dlts=dlts, level=nowhere, closed_from=nowhere))
    one_word = keys.shape[1] == 1
    _, first, rows = np.unique(
        keys[:, 0] if one_word else keys,
        axis=None if one_word else 0,
        return_index=True,
        return_inverse=True,
    )
    return first, rows.reshape(-1)
