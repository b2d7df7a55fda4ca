"""Causality: two protected opinions per event and product, and the derived answer "suspected"."""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.safety.domain.ids import PersonId
from services.safety.domain.refusals import Refused


class Causality(StrEnum):
    """Attribution in ascending order; `NOT_ASSESSED` is the absence of an opinion and counts as suspected."""

    NOT_ASSESSED = "not_assessed"
    UNRELATED = "unrelated"
    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    PROBABLE = "probable"
    DEFINITE = "definite"


ASCENDING = tuple(Causality)
SUSPECTED_ALWAYS = frozenset({Causality.POSSIBLE, Causality.PROBABLE, Causality.DEFINITE})


class Party(StrEnum):
    INVESTIGATOR = "investigator"
    SPONSOR = "sponsor"


class Writer(StrEnum):
    """In which duty someone writes; the safety desk may only note what an investigator said by telephone."""

    INVESTIGATOR = "investigator"
    SAFETY_DESK = "safety_desk"
    SPONSOR = "sponsor"
    OTHER = "other"


class Standing(StrEnum):
    """`STATED` is provisional: noted by the safety desk, not yet confirmed by the investigator named."""

    OWN = "own"
    STATED = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One version of one party's opinion; versions count from 1 and are never overwritten."""

    party: Party
    value: Causality
    version: int
    standing: Standing
    opinion_of: PersonId
    recorded_by: PersonId
    recorded_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedCausality:
    """Both opinions taken together: the higher one counts, and no opinion counts as suspected."""

    value: Causality
    suspected: bool
    provisional: bool
    disagreement: bool


def read_causality(text: str | None) -> tuple[Causality, bool]:
    """Category named by `text`, and whether the word was understood; an unknown word is no opinion."""
    if text is None or not text.strip():
        return Causality.NOT_ASSESSED, True
    word = text.strip().casefold().replace(" ", "_")
    if word in set(Causality):
        return Causality(word), True
    return Causality.NOT_ASSESSED, False


def effective(opinion: Opinion | None) -> Causality:
    """What an opinion is worth now: a merely stated "not related" does not count until confirmed."""
    if opinion is None:
        return Causality.NOT_ASSESSED
    if opinion.standing is Standing.STATED and opinion.value not in SUSPECTED_ALWAYS:
        return Causality.NOT_ASSESSED
    return opinion.value


def derive_causality(
    investigator: Causality, sponsor: Causality, *, unlikely_is_suspected: bool = False
) -> DerivedCausality:
    """The opinion that counts, max(investigator, sponsor), so the sponsor may raise it and never lower it.

    Args:
        investigator: effective opinion; `NOT_ASSESSED` is suspected and makes the answer provisional.
        sponsor: effective opinion; `NOT_ASSESSED` means no view of its own and adds nothing.
        unlikely_is_suspected: whether the protocol counts "unlikely" as suspected.

    Returns:
        The derived value (`NOT_ASSESSED` while only the investigator's answer could lower it), whether it
        is suspected, whether it is provisional, and whether the parties disagree.
    Source: Regulation (EU) 536/2014 Annex III item 4; ICH E2A section II.
    """
    suspected = SUSPECTED_ALWAYS | ({Causality.UNLIKELY} if unlikely_is_suspected else set())
    missing = investigator is Causality.NOT_ASSESSED
    highest = max(investigator, sponsor, key=ASCENDING.index)
    value = Causality.NOT_ASSESSED if missing and highest not in suspected else highest
    both = Causality.NOT_ASSESSED not in (investigator, sponsor)
    return DerivedCausality(
        value=value,
        suspected=missing or highest in suspected,
        provisional=missing,
        disagreement=both and (investigator in suspected) != (sponsor in suspected),
    )


def decide_opinion(
    party: Party,
    value: Causality,
    *,
    previous: Opinion | None,
    writer: Writer,
    recorded_by: PersonId,
    stated_by: PersonId | None = None,
    reason: str = "",
    now: datetime,
) -> Opinion:
    """Next version of a party's opinion, written by that party or noted by the safety desk.

    Args:
        party: whose opinion it is.
        value: the opinion.
        previous: the version in force, if any; changing it needs a reason.
        writer: in which duty `recorded_by` writes.
        recorded_by: who writes.
        stated_by: for the safety desk, the investigator who said it by telephone.
        reason: why the opinion changes.
        now: server time, aware UTC.

    Raises:
        Refused: `investigator_causality_protected`, `sponsor_causality_protected`, `reason_required`.
    """
    standing = _standing(party, writer, stated_by)
    if standing is Standing.STATED and _lowers(previous, value):
        raise Refused("investigator_causality_protected", "A telephone note may not lower a suspicion.")
    if previous is not None and not reason.strip():
        raise Refused("reason_required", "An opinion on causality changes only with a reason.")
    return Opinion(
        party=party,
        value=value,
        version=1 if previous is None else previous.version + 1,
        standing=standing,
        opinion_of=stated_by if standing is Standing.STATED and stated_by is not None else recorded_by,
        recorded_by=recorded_by,
        recorded_at=now,
        reason=reason.strip(),
    )


def _standing(party: Party, writer: Writer, stated_by: PersonId | None) -> Standing:
    if party is Party.SPONSOR:
        if writer is not Writer.SPONSOR:
            raise Refused("sponsor_causality_protected", f"Written by {writer.value}.")
        return Standing.OWN
    if writer is Writer.INVESTIGATOR:
        return Standing.OWN
    if writer is Writer.SAFETY_DESK and stated_by is not None:
        return Standing.STATED
    raise Refused("investigator_causality_protected", f"Written by {writer.value}.")


def _lowers(previous: Opinion | None, value: Causality) -> bool:
    if previous is None or previous.value not in SUSPECTED_ALWAYS:
        return False
    return ASCENDING.index(value) < ASCENDING.index(previous.value)


def confirm_opinion(
    opinion: Opinion, *, by: PersonId, now: datetime, investigators: Set[PersonId] = frozenset()
) -> Opinion:
    """The stated opinion as the investigator's own, confirmed by the person who was named.

    Args:
        opinion: the stated version.
        by: who confirms.
        now: server time, aware UTC.
        investigators: others at the site who hold the investigator's duty and may confirm instead.

    Raises:
        Refused: `opinion_not_stated`, `investigator_causality_protected`.
    """
    if opinion.standing is not Standing.STATED:
        raise Refused("opinion_not_stated", "The opinion is the investigator's own already.")
    if by != opinion.opinion_of and by not in investigators:
        raise Refused("investigator_causality_protected", "Only the investigator named confirms the opinion.")
    return replace(
        opinion,
        version=opinion.version + 1,
        standing=Standing.OWN,
        opinion_of=by,
        recorded_by=by,
        recorded_at=now,
        reason="confirmed by the investigator",
    )
