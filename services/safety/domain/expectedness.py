"""Expectedness of an event, per product: against the reference safety information in force at its onset.

Source: MHRA inspection findings on reference safety information (the version approved by the authority and in
force at onset); Regulation (EU) 536/2014 Annex III item 5 (more severe, specific or frequent is unexpected).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Expectedness(StrEnum):
    """A person's judgement."""

    EXPECTED = "expected"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReaction:
    """One entry of a reference safety information.

    Attributes:
        term: compared without letter case, and with no synonyms.
        max_grade: the highest grade that is expected; None states no limit.
        fatal_expected: whether it lists the reaction as fatal.
        life_threatening_expected: whether it lists the reaction as life-threatening.
        authorised_in_eu: whether the product is authorised there and the entry is of its SmPC 4.8.
    """

    term: str
    max_grade: int | None = None
    fatal_expected: bool = False
    life_threatening_expected: bool = False
    authorised_in_eu: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceVersion:
    """One version of a product's reference safety information; without an approval it is ignored."""

    version: str | int
    approved_on: date | None
    entries: tuple[ListedReaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedReaction:
    """What bears on expectedness: None where not known."""

    term: str | None
    grade: int | None
    fatal: bool
    life_threatening: bool
    onset_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedExpectedness:
    """Whether the event is expected, None while nobody can say, which counts as unexpected.

    Attributes:
        expected: derived, or a person's judgement.
        needs_confirmation: "expected" is proposed and counts only once a person has confirmed it.
        version: of the reference safety information in force at onset, None if there was none.
        sentence: why.
    """

    expected: bool | None
    needs_confirmation: bool
    version: str | int | None
    sentence: str


def in_force_at(versions: Sequence[ReferenceVersion], onset_on: date | None) -> ReferenceVersion | None:
    """The version approved last on or before the onset; not the one at receipt, never an unapproved one."""
    if onset_on is None:
        return None
    approved = [
        (version.approved_on, place, version)
        for place, version in enumerate(versions)
        if version.approved_on is not None and version.approved_on <= onset_on
    ]
    return max(approved, key=lambda one: one[:2])[2] if approved else None


def derive_expectedness(
    reaction: JudgedReaction, versions: Sequence[ReferenceVersion], judged: Expectedness | None
) -> DerivedExpectedness:
    """Expectedness by a person's judgement, else by the version in force at onset.

    A listed term is expected up to the grade listed. A fatal or life-threatening event is not, unless the entry
    says so; a fatal one never by the machine alone: an entry of a product authorised in the EU proposes it.

    Args:
        reaction: the event.
        versions: all versions of the product's reference safety information, in any order of approval.
        judged: what a person judged, None if nobody has.
    """
    version = in_force_at(versions, reaction.onset_on)
    number = None if version is None else version.version
    if judged is not None:
        return _found(judged is Expectedness.EXPECTED, number, f"Judged {judged.value} by a person.")
    if version is None:
        return _found(None, None, _without_version(versions, reaction))
    if reaction.term is None:
        return _found(None, number, "The event has no term to look up.")
    entry = _entry(version, reaction.term)
    if entry is None:
        return _found(False, number, f"Version {number} does not list the term.")
    return _compared(reaction, entry, number)


def _compared(
    reaction: JudgedReaction, entry: ListedReaction, number: str | int | None
) -> DerivedExpectedness:
    if reaction.fatal:
        if entry.fatal_expected and entry.authorised_in_eu:
            return DerivedExpectedness(
                expected=None,
                needs_confirmation=True,
                version=number,
                sentence=f"Version {number} lists the reaction as fatal for an authorised product: a person confirms.",
            )
        return _found(False, number, "A fatal reaction is unexpected.")
    if reaction.life_threatening and not entry.life_threatening_expected:
        return _found(False, number, f"Version {number} does not list the reaction as life-threatening.")
    if entry.max_grade is None:
        return _found(True, number, f"Version {number} lists the term without a highest grade.")
    if reaction.grade is None:
        return _found(None, number, "The grade is not known, so it may be more severe than listed.")
    if reaction.grade > entry.max_grade:
        return _found(
            False, number, f"Grade {reaction.grade} is more severe than grade {entry.max_grade}, as listed."
        )
    return _found(True, number, f"Version {number} lists the term up to grade {entry.max_grade}.")


def _entry(version: ReferenceVersion, term: str) -> ListedReaction | None:
    """The entry of a term; of several, the one that says the most severe."""
    same = [entry for entry in version.entries if entry.term.strip().casefold() == term.strip().casefold()]
    return max(same, key=_severity, default=None)


def _severity(entry: ListedReaction) -> tuple[bool, bool, int]:
    highest = 5 if entry.max_grade is None else entry.max_grade
    return (entry.fatal_expected and entry.authorised_in_eu, entry.life_threatening_expected, highest)


def _without_version(versions: Sequence[ReferenceVersion], reaction: JudgedReaction) -> str:
    if not versions:
        return "There is no reference safety information."
    if reaction.onset_on is None:
        return "The onset is not known, so no version of the reference safety information can be chosen."
    return "No version of the reference safety information was approved by the onset."


def _found(expected: bool | None, version: str | int | None, sentence: str) -> DerivedExpectedness:
    return DerivedExpectedness(
        expected=expected, needs_confirmation=False, version=version, sentence=sentence
    )
